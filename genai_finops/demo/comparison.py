"""The warehouse beside the simulator's truth."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genai_finops.schemas.meters import METERS
from genai_finops.warehouse.base import ReadOnlyWarehouse

#: Capacity and its load are compared by commitment (reserved_capacity.py).
_COMPARED = ", ".join(
    f"'{meter.name}'"
    for meter in METERS.values()
    if meter.name == "request" or (meter.is_billable and meter.kind != "capacity")
)
#: Usage by organisation, model, tier, day and meter, with its cost.
_BY_KEY = """
    select x_org_slug, provider, coalesce(provider_model_id, ''), service_tier, cast(usage_date as varchar), meter,
        sum(quantity), {cost}
    from {table}
    where usage_date >= ? and usage_date <= ? and meter in ({meters})
    group by all
"""

_COUNT_ROWS = f"""
    select provider, count(*) from genai_usage_daily_unified
    where usage_date >= ? and usage_date <= ? and meter in ({_COMPARED}) group by provider
"""  # noqa: S608 - names of meters
_COUNT_UNPRICED = f"""
    select provider, count(*) from genai_costs_daily_unified
    where usage_date >= ? and usage_date <= ? and pricing_status = 'unpriced' and meter in ({_COMPARED})
    group by provider
"""  # noqa: S608 - names of meters


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number of the warehouse and the truth about it."""

    name: str
    found: Decimal
    truth: Decimal

    @property
    def difference(self) -> Decimal:
        return self.found - self.truth


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderComparison:
    """One provider: its totals, and the keys (org, model, tier, day, meter) on which quantity or cost differ."""

    provider: str
    measures: tuple[Measure, ...]
    keys: int
    differing_keys: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        return not self.differing_keys and all(measure.difference == 0 for measure in self.measures)


_Key = tuple[str, str, str, str, str, str]
_Keyed = dict[_Key, tuple[Decimal, Decimal]]


def compare(warehouse: ReadOnlyWarehouse, truth: Mapping[str, Any]) -> Iterator[ProviderComparison]:
    """Compare each provider of the truth, over the days of the truth."""
    days = (truth["from"], truth["to"])
    found = _found(warehouse, days)
    machines = truth["infrastructure"]
    expected = _expected([*truth["rows"], *machines])
    rows = dict(warehouse.rows(_COUNT_ROWS, days))
    unpriced = dict(warehouse.rows(_COUNT_UNPRICED, days))
    for provider in sorted({key[1] for key in (*found, *expected)}):
        mine, theirs = _of(found, provider), _of(expected, provider)
        yield ProviderComparison(
            provider=provider,
            measures=(
                _counted("rows", rows, provider, truth["totals"], "rows", machines=machines),
                *_measures(mine, theirs),
                _counted(
                    "unpriced rows",
                    unpriced,
                    provider,
                    truth["totals"],
                    "rows_without_cost",
                    machines=[row for row in machines if row["cost"] is None],
                ),
            ),
            keys=len(mine),
            differing_keys=tuple("/".join(key) for key in sorted({*mine, *theirs}) if mine.get(key) != theirs.get(key)),
        )


def _found(warehouse: ReadOnlyWarehouse, days: Sequence[str]) -> _Keyed:
    usage = warehouse.rows(_BY_KEY.format(table="genai_usage_daily_unified", meters=_COMPARED, cost="null"), days)
    costs = warehouse.rows(
        _BY_KEY.format(table="genai_costs_daily_unified", meters=_COMPARED, cost="sum(coalesce(list_cost, 0))"), days
    )
    cost_of = {row[:6]: row[7] for row in costs}
    return {row[:6]: (row[6], cost_of.get(row[:6], Decimal(0))) for row in usage}


def _expected(rows: Sequence[Mapping[str, Any]]) -> _Keyed:
    expected: _Keyed = {}
    for row in rows:
        key = (row["org"], row["provider"], row["model"] or "", row["service_tier"], row["date"], row["meter"])
        quantity, cost = expected.get(key, (Decimal(0), Decimal(0)))
        expected[key] = (quantity + Decimal(row["quantity"]), cost + Decimal(row["cost"] or 0))
    return expected


def _of(keyed: _Keyed, provider: str) -> _Keyed:
    return {key: value for key, value in keyed.items() if key[1] == provider}


def _counted(
    name: str,
    found: Mapping[str, int],
    provider: str,
    totals: Sequence[Mapping[str, Any]],
    field: str,
    *,
    machines: Sequence[Mapping[str, Any]],
) -> Measure:
    truth = sum(total[field] for total in totals if total["provider"] == provider)
    truth += sum(row["provider"] == provider for row in machines)
    return Measure(name=name, found=Decimal(found.get(provider, 0)), truth=Decimal(truth))


def _measures(found: _Keyed, truth: _Keyed) -> Iterator[Measure]:
    measured: list[tuple[str, Callable[[str], bool], int]] = [
        ("tokens", _is_token_meter, 0),
        ("cost USD", lambda _: True, 1),
    ]
    # A provider that does not count requests has an unknown number of them, not none.
    if any(key[5] == "request" for key in truth):
        measured.insert(0, ("requests", lambda meter: meter == "request", 0))
    for name, wanted, column in measured:
        yield Measure(
            name=name,
            found=sum((value[column] for key, value in found.items() if wanted(key[5])), Decimal(0)),
            truth=sum((value[column] for key, value in truth.items() if wanted(key[5])), Decimal(0)),
        )


def _is_token_meter(meter: str) -> bool:
    return METERS[meter].kind == "tokens"
