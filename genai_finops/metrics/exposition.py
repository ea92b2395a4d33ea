"""Figures as Prometheus text.

Amounts leave as binary numbers, because Prometheus knows no others: totals for a bill come from the tables.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from decimal import Decimal
from typing import TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from genai_finops.metrics.figures import BudgetFigure, PlatformFigures, WarehouseFigures
from genai_finops.warehouse.metric_totals import ProviderCost

#: Values of one label: a series for each budget of a large platform would be dearer than the budgets are worth.
MAX_ORGS, MAX_BUDGETS = 200, 1000
#: Stands for the organisations beyond.
OTHER = "_other"

_Key = TypeVar("_Key", bound=Hashable)


def prometheus_text(figures: PlatformFigures) -> bytes:
    """The figures in the text format of Prometheus, version 0.0.4."""
    registry = CollectorRegistry()
    registry.register(_Figures(figures))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, figures: PlatformFigures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        yield from _of_control(self._figures)
        yield from _of_lake(self._figures)
        yield _gauge(
            "finops_warehouse_readable",
            "1 where the warehouse was ever readable. finops_warehouse_age_seconds says how long ago.",
            [((), float(self._figures.warehouse is not None))],
        )
        if self._figures.warehouse is not None:
            yield from _of_warehouse(self._figures.warehouse, self._figures.now)


def _of_warehouse(found: WarehouseFigures, now: dt.datetime) -> Iterator[Metric]:
    shown = _shown_orgs(found)
    yield _gauge(
        "finops_warehouse_age_seconds",
        "Since the figures of the warehouse were read.",
        [((), (now - found.read_at).total_seconds())],
    )
    yield from _costs(found, shown)
    tokens = _summed(((shown(row.org), row.provider), row.tokens) for row in found.tokens)
    counter = CounterMetricFamily(
        "finops_tokens", "Input and output tokens of all stored days.", labels=("org", "provider")
    )
    for labels, amount in tokens:
        counter.add_metric(labels, float(amount))
    yield counter
    rows = [(pricing.provider, pricing.rows or 1, pricing) for pricing in found.pricing]
    yield _gauge(
        "finops_unpriced_share",
        "Part of the rows of billable usage of the last 35 days that has no price.",
        [((provider,), pricing.unpriced_rows / count) for provider, count, pricing in rows],
        labels=("provider",),
    )
    yield _gauge(
        "finops_estimated_share",
        "Part of the rows of billable usage of the last 35 days whose price is an estimate.",
        [((provider,), pricing.estimated_rows / count) for provider, count, pricing in rows],
        labels=("provider",),
    )
    yield _gauge(
        "finops_unexplained_difference_usd",
        "Priced usage without what FOCUS charges, effective cost of 35 days in USD; 0 unless something was lost.",
        [((row.provider,), float(row.difference)) for row in found.differences if row.currency == "USD"],
        labels=("provider",),
    )
    ages = [
        ((shown(org), provider), (now - moment).total_seconds()) for (org, provider), moment in found.data_times.items()
    ]
    yield _gauge(
        "finops_data_age_seconds",
        "Since the moment before which the spend of an organisation at a provider is known; the oldest of _other.",
        _largest(ages),
        labels=("org", "provider"),
    )


def _costs(found: WarehouseFigures, shown: Callable[[str], str]) -> Iterator[Metric]:
    of_usd = [(period, row) for period, rows in found.costs.items() for row in rows if row.currency == "USD"]
    yield _gauge(
        "finops_total_cost_usd",
        "Effective cost in USD. period: today, or month_to_date (UTC). Other currencies are in finops_cost.",
        _floats(_summed(((shown(row.org), period), row.cost) for period, row in of_usd)),
        labels=("org", "period"),
    )
    yield _gauge(
        "finops_cost_by_provider_usd",
        "Effective cost in USD by provider, as finops_total_cost_usd.",
        _floats(_summed(((shown(row.org), row.provider, period), row.cost) for period, row in of_usd)),
        labels=("org", "provider", "period"),
    )
    every = ((period, row) for period, rows in found.costs.items() for row in rows)
    yield _gauge(
        "finops_cost",
        "Effective cost by currency, which are never added.",
        _floats(_summed(((shown(row.org), row.currency, period), row.cost) for period, row in every)),
        labels=("org", "currency", "period"),
    )


def _of_control(figures: PlatformFigures) -> Iterator[Metric]:
    found = figures.control
    by_share = sorted(found.budgets, key=lambda budget: (-(budget.share or Decimal()), budget.owner, budget.name))
    yield _gauge(
        "finops_budget_percentage_used",
        f"Spent part of what a budget has in its period, in percent; of the {MAX_BUDGETS} that are used most.",
        [
            ((budget.owner, budget.name), float(budget.share * 100))
            for budget in by_share[:MAX_BUDGETS]
            if budget.share is not None
        ],
        labels=("owner", "budget"),
    )
    yield _gauge(
        "finops_budgets_not_shown",
        "Budgets beyond those in finops_budget_percentage_used.",
        [((), float(max(len(by_share) - MAX_BUDGETS, 0)))],
    )
    owner = _bounded(Counter(budget.owner for budget in found.budgets))
    yield _gauge(
        "finops_budget_alerts_active",
        "Budgets of which a threshold is crossed now, by the highest severity.",
        _floats(_summed(((owner(budget.owner), severity), Decimal(1)) for budget, severity in _crossed(found.budgets))),
        labels=("owner", "severity"),
    )
    yield _gauge(
        "finops_budgets_blocked",
        "Budgets that block now.",
        [((), float(sum(budget.is_blocked for budget in found.budgets)))],
    )
    yield _gauge(
        "finops_budgets",
        "Budgets by status of their last evaluation; new: not evaluated yet.",
        _floats(_summed(((budget.status,), Decimal(1)) for budget in found.budgets)),
        labels=("status",),
    )
    # Without any tick ever the lag is left out, and the alert on its absence tells of it.
    lag = [] if found.ticked_at is None else [((), (figures.now - found.ticked_at).total_seconds())]
    yield _gauge("finops_sensor_lag_seconds", "Since the budgets were last evaluated on readable data.", lag)
    yield _gauge(
        "finops_alert_deliveries",
        "Deliveries of alerts by channel and state; dead ones are given up until they are retried by hand.",
        [(key, float(count)) for key, count in sorted(found.deliveries.items())],
        labels=("channel", "state"),
    )
    failures = CounterMetricFamily(
        "finops_alert_failures", "Attempts to deliver an alert that failed, by channel.", labels=("channel",)
    )
    for channel, count in sorted(found.failures.items()):
        failures.add_metric((channel,), float(count))
    yield failures
    yield _gauge(
        "finops_alerts_unrouted",
        "Alerts that were to be sent and that no route asked for.",
        [((), float(found.unrouted))],
    )


def _of_lake(figures: PlatformFigures) -> Iterator[Metric]:
    yield _gauge(
        "finops_partition_days",
        "Closed days of the last 35 by provider, flow and state (landed, missing), summed over credentials.",
        [(key, float(count)) for key, count in sorted(figures.partitions.items())],
        labels=("provider", "flow", "state"),
    )


def _crossed(budgets: Iterable[BudgetFigure]) -> Iterator[tuple[BudgetFigure, str]]:
    for budget in budgets:
        if budget.severity is not None:
            yield budget, budget.severity


def _shown_orgs(found: WarehouseFigures) -> Callable[[str], str]:
    """Gives the label of an organisation: its slug for those that cost most, OTHER for the rest."""
    costs: Counter[str] = Counter()
    for org in {*(row.org for row in found.tokens), *(org for org, _ in found.data_times)}:
        costs[org] = 0
    rows: tuple[ProviderCost, ...] = found.costs.get("month_to_date", ())
    for row in rows:
        costs[row.org] += int(row.cost)
    return _bounded(costs)


def _bounded(weights: Counter[str]) -> Callable[[str], str]:
    heaviest = sorted(weights, key=lambda name: (-weights[name], name))[:MAX_ORGS]
    known = frozenset(heaviest)
    return lambda name: name if name in known else OTHER


def _summed(amounts: Iterable[tuple[_Key, Decimal]]) -> list[tuple[_Key, Decimal]]:
    sums: defaultdict[_Key, Decimal] = defaultdict(Decimal)
    for key, amount in amounts:
        sums[key] += amount
    return sorted(sums.items(), key=lambda item: str(item[0]))


def _largest(values: Iterable[tuple[_Key, float]]) -> list[tuple[_Key, float]]:
    found: dict[_Key, float] = {}
    for key, value in values:
        found[key] = max(value, found.get(key, value))
    return sorted(found.items(), key=lambda item: str(item[0]))


def _floats(amounts: Iterable[tuple[_Key, Decimal]]) -> list[tuple[_Key, float]]:
    return [(key, float(amount)) for key, amount in amounts]


def _gauge(
    name: str, text: str, values: Iterable[tuple[tuple[str, ...], float]], *, labels: tuple[str, ...] = ()
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, text, labels=labels)
    for label_values, value in values:
        gauge.add_metric(label_values, value)
    return gauge
