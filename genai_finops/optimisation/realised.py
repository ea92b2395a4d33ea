"""What advice that was followed has saved: what things since would have cost the old way, less what they cost."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.control.advice_models import AdviceRow
from genai_finops.errors import FinopsError
from genai_finops.optimisation.advice import FORMULA_VERSION
from genai_finops.optimisation.load_words import load_of
from genai_finops.warehouse.advice_actuals import capacity_cost, unused_cost
from genai_finops.warehouse.advice_cache import INPUTS
from genai_finops.warehouse.advice_loads import LineKey, LoadKey, last_charged_day, lines_of
from genai_finops.warehouse.advice_requests import requests_of
from genai_finops.warehouse.base import ReadOnlyWarehouse

_ONE_DAY = dt.timedelta(days=1)
_MONTH = 30
#: Baseline classes that stand for a class of tokens of which the baseline had none, the nearest first.
_STAND_INS: Mapping[str, tuple[str, ...]] = {
    "uncached_input": ("input", "cache_write", "cache_write_5m"),
    "input": ("uncached_input",),
    "cache_read": ("uncached_input", "input"),
    "cache_write": ("cache_write_5m", "uncached_input", "input"),
    "cache_write_5m": ("cache_write", "uncached_input", "input"),
    "cache_write_1h": ("cache_write_5m", "uncached_input", "input"),
    "output_reasoning": ("output",),
}
_INPUTS = frozenset({*INPUTS, "input"})

Line = tuple[LineKey, Decimal, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedSaving:
    """Of the days first to last, both inclusive, in the advice's currency.

    `unpriced_cost` was paid for quantities that the baseline has no price for; it is in neither of the others.
    """

    first_day: dt.date
    last_day: dt.date
    counterfactual_cost: Decimal
    actual_cost: Decimal
    unpriced_cost: Decimal = Decimal()

    @property
    def saving(self) -> Decimal:
        return self.counterfactual_cost - self.actual_cost


def realised_saving(warehouse: ReadOnlyWarehouse, row: AdviceRow, *, today: dt.date) -> RealisedSaving:
    """What the advice has saved since it was done, up to the last day with charges.

    Raises FinopsError for advice that is not done, whose first day is not over yet, or that other formulas gave.
    """
    if row.done_on is None:
        raise FinopsError(
            f"Advice {row.advice_id} of {row.org_slug} is {row.state}, not done",
            remedy=f"Say since when it is: genai-finops advice done {row.org_slug} {row.advice_id} --since DAY.",
        )
    if row.formula_version != FORMULA_VERSION:
        raise FinopsError(
            f"Advice {row.advice_id} was reckoned by formulas {row.formula_version}, these are {FORMULA_VERSION}",
            remedy="Measure it with the version of genai-finops that gave it.",
        )
    first, last = row.done_on, last_charged_day(warehouse, before=today)
    if last is None or last < first:
        raise FinopsError(
            f"Advice {row.advice_id} is in effect since {first}, and no day since has charges",
            remedy="Ask again when the day is over and consolidated.",
        )
    measures = {
        "unit_prices": _moved,
        "input_per_token": _input_by_token,
        "input_per_request": _input_by_request,
        "unused_cost": _unused,
        "capacity_cost": _capacity,
        "plan": _plan,
    }
    return measures[row.baseline_method](warehouse, row, first, last)


def _moved(warehouse: ReadOnlyWarehouse, row: AdviceRow, first: dt.date, last: dt.date) -> RealisedSaving:
    """What now goes to the target, at the prices of the baseline; less what went there before, by the day."""
    subject = load_of(row.org_slug, row.subject)
    target = LoadKey(
        row.org_slug,
        row.target["provider"],
        row.target["account"],
        subject.task,
        row.target["model"],
        row.target["tier"],
        row.currency,
    )
    then, cost, unpriced = _at_baseline(row, lines_of(warehouse, [target], first, last))
    then_before, cost_before, unpriced_before = _at_baseline(
        row, lines_of(warehouse, [target], row.first_day, row.last_day)
    )
    share = Decimal(_days(first, last)) / _days(row.first_day, row.last_day)
    return RealisedSaving(
        first_day=first,
        last_day=last,
        counterfactual_cost=then - then_before * share,
        actual_cost=cost - cost_before * share,
        unpriced_cost=max(unpriced - unpriced_before * share, Decimal()),
    )


def _at_baseline(row: AdviceRow, lines: Iterable[Line]) -> tuple[Decimal, Decimal, Decimal]:
    """Cost of these lines at baseline prices, what they cost, and what lines cost that have no such price."""
    prices = _prices(row.baseline_lines)
    counterfactual = actual = unpriced = Decimal()
    for key, quantity, cost in lines:
        price = prices.get((key.meter, key.band, key.geography, key.variant))
        for meter in (key.meter, *_STAND_INS.get(key.meter, ())):
            price = prices.get((meter,)) if price is None else price
        if price is None:
            unpriced += cost
        else:
            counterfactual += quantity * price
            actual += cost
    return counterfactual, actual, unpriced


def _prices(lines: Iterable[Mapping[str, str]]) -> dict[tuple[str, ...], Decimal]:
    """Baseline prices by the whole key of a line, and by meter alone as the mean of its lines."""
    prices: dict[tuple[str, ...], Decimal] = {}
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for line in lines:
        key = (line["meter"], line["context_band"], line["geography"], line["variant"])
        prices[key] = Decimal(line["unit_price"])
        quantity, cost = sums.get(line["meter"], (Decimal(), Decimal()))
        sums[line["meter"]] = (quantity + Decimal(line["quantity"]), cost + Decimal(line["cost"]))
    return {**prices, **{(meter,): cost / quantity for meter, (quantity, cost) in sums.items() if quantity}}


def _input_by_token(warehouse: ReadOnlyWarehouse, row: AdviceRow, first: dt.date, last: dt.date) -> RealisedSaving:
    """The input since at what a token of input cost before, however it was cached."""
    quantity, cost = _sums(_baseline_input(row))
    tokens, actual = _sums(_actual_input(warehouse, row, first, last))
    return RealisedSaving(
        first_day=first,
        last_day=last,
        counterfactual_cost=(tokens * cost / quantity if quantity else Decimal()),
        actual_cost=actual,
    )


def _input_by_request(warehouse: ReadOnlyWarehouse, row: AdviceRow, first: dt.date, last: dt.date) -> RealisedSaving:
    """The requests since at what the input of a request of this task cost before."""
    _, cost = _sums(_baseline_input(row))
    _, actual = _sums(_actual_input(warehouse, row, first, last))
    requests = requests_of(warehouse, load_of(row.org_slug, row.subject), first, last)
    before = row.baseline_requests or 0
    return RealisedSaving(
        first_day=first,
        last_day=last,
        counterfactual_cost=requests * cost / before if before else Decimal(),
        actual_cost=actual,
    )


def _baseline_input(row: AdviceRow) -> list[tuple[Decimal, Decimal]]:
    return [
        (Decimal(line["quantity"]), Decimal(line["cost"])) for line in row.baseline_lines if line["meter"] in _INPUTS
    ]


def _actual_input(
    warehouse: ReadOnlyWarehouse, row: AdviceRow, first: dt.date, last: dt.date
) -> list[tuple[Decimal, Decimal]]:
    lines = lines_of(warehouse, [load_of(row.org_slug, row.subject)], first, last)
    return [(quantity, cost) for key, quantity, cost in lines if key.meter in _INPUTS]


def _sums(pairs: Iterable[tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    listed = list(pairs)
    return sum((one for one, _ in listed), Decimal()), sum((other for _, other in listed), Decimal())


def _unused(warehouse: ReadOnlyWarehouse, row: AdviceRow, first: dt.date, last: dt.date) -> RealisedSaving:
    """What unused hours of the commitment cost a day before, and since."""
    subject = row.subject
    actual = unused_cost(
        warehouse,
        org=row.org_slug,
        provider=subject["provider"],
        commitment=subject["commitment"],
        first=first,
        last=last,
    )
    return _by_day(row, Decimal(row.baseline_lines[0]["unused_cost"]), actual, first, last)


def _capacity(warehouse: ReadOnlyWarehouse, row: AdviceRow, first: dt.date, last: dt.date) -> RealisedSaving:
    """What all capacity of the account's meter cost a day before, and since."""
    subject = row.subject
    actual = capacity_cost(
        warehouse,
        org=row.org_slug,
        provider=subject["provider"],
        account=subject["account"],
        meter=subject["meter"],
        first=first,
        last=last,
    )
    return _by_day(row, Decimal(row.baseline_lines[0]["cost"]), actual, first, last)


def _by_day(row: AdviceRow, before: Decimal, actual: Decimal, first: dt.date, last: dt.date) -> RealisedSaving:
    counterfactual = before * _days(first, last) / _days(row.first_day, row.last_day)
    return RealisedSaving(first_day=first, last_day=last, counterfactual_cost=counterfactual, actual_cost=actual)


def _plan(warehouse: ReadOnlyWarehouse, row: AdviceRow, first: dt.date, last: dt.date) -> RealisedSaving:  # noqa: ARG001 - as the others
    """The seats as they were, and without those that were unused, a thirtieth of a month a day."""
    (line,) = row.baseline_lines
    month = Decimal(line["unit_price"]) * Decimal(_days(first, last)) / _MONTH
    seats, unused = Decimal(line["seats"]), Decimal(row.target["unused_seats"])
    return RealisedSaving(
        first_day=first, last_day=last, counterfactual_cost=seats * month, actual_cost=(seats - unused) * month
    )


def _days(first: dt.date, last: dt.date) -> int:
    return (last - first) // _ONE_DAY + 1
