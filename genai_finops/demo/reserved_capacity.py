"""Commitments and what exceeded them in the warehouse beside the simulator's truth."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genai_finops.demo.comparison import Measure
from genai_finops.warehouse.base import ReadOnlyWarehouse

#: The truth's amounts are exact fractions, those of a row are whole numbers of 10^-18: a sum over 840 hours may miss
#: the last digits.
_COMPARED_DECIMALS = Decimal("0.000000000001")

#: The simulated providers restate a day for two days after its end.
_LATE = dt.timedelta(days=2)

_BY_COMMITMENT = """
    select x_org_slug, provider, commitment_id,
        sum(case when commitment_status is not null then quantity else 0 end),
        sum(case commitment_status when 'Used' then quantity else 0 end),
        sum(case commitment_status when 'Unused' then quantity else 0 end),
        sum(case commitment_status when 'Used' then effective_cost else 0 end),
        sum(case commitment_status when 'Unused' then effective_cost else 0 end),
        sum(billed_cost)
    from genai_commitment_costs_daily
    where commitment_id is not null and usage_date >= ? and usage_date <= ?
    group by all
"""
_OVERAGE = """
    select x_org_slug, provider, resource_id, meter, sum(quantity),
        case when count(*) = count(effective_cost) then sum(effective_cost) end
    from genai_commitment_costs_daily
    where commitment_id is null and usage_date >= ? and usage_date <= ?
    group by all
"""
_SPILLOVER = """
    select x_org_slug, provider, lower(resource_id), sum(quantity)
    from genai_usage_daily_unified
    where meter = 'spillover_request' and usage_date >= ? and usage_date < ?
    group by all
"""
_OF_COMMITMENT = ("committed", "used", "unused", "effective_used", "effective_unused", "billed")
_NAMES = {
    "committed": "unit-hours committed",
    "used": "unit-hours used",
    "unused": "unit-hours idle",
    "effective_used": "cost of used",
    "effective_unused": "cost of idle",
    "billed": "billed",
}

_Amounts = dict[tuple[str, ...], Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityComparison:
    """One provider: totals, and the commitments and resources whose figures differ."""

    provider: str
    commitments: int
    measures: tuple[Measure, ...]
    figures: int
    differing: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        return not self.differing


def compare_capacity(warehouse: ReadOnlyWarehouse, truth: Mapping[str, Any]) -> tuple[CapacityComparison, ...]:
    """Compare each figure of each commitment, overage and spill-over, over the days of the truth."""
    settled = _settled(truth)
    found, expected = _found(warehouse, (truth["from"], truth["to"]), settled), _expected(truth, settled)
    providers = sorted({key[1] for key in (*found, *expected)})
    return tuple(_of_provider(provider, found, expected) for provider in providers)


def _settled(truth: Mapping[str, Any]) -> str:
    """First day whose requests may not all have arrived: the truth has them all."""
    return (dt.datetime.fromisoformat(truth["now"]).date() - _LATE).isoformat()


def _found(warehouse: ReadOnlyWarehouse, days: Sequence[str], settled: str) -> _Amounts:
    amounts: _Amounts = {}
    for org, provider, commitment, *figures in warehouse.rows(_BY_COMMITMENT, days):
        for name, figure in zip(_OF_COMMITMENT, figures, strict=True):
            amounts[org, provider, commitment, name] = figure
    for org, provider, resource, meter, quantity, cost in warehouse.rows(_OVERAGE, days):
        amounts[org, provider, f"{resource} {meter}", "unit-hours beyond"] = quantity
        amounts[org, provider, f"{resource} {meter}", "cost beyond"] = cost
    for org, provider, resource, requests in warehouse.rows(_SPILLOVER, (days[0], settled)):
        amounts[org, provider, resource, "spilled-over requests"] = requests
    return amounts


def _expected(truth: Mapping[str, Any], settled: str) -> _Amounts:
    amounts: _Amounts = {}
    for row in truth["commitments"]:
        for name in _OF_COMMITMENT:
            amounts[row["org"], row["provider"], row["id"].lower(), name] = Decimal(row[name])
    for row in truth["overage"]:
        key = (row["org"], row["provider"], f"{row['resource_id']} {row['meter']}")
        amounts[*key, "unit-hours beyond"] = Decimal(row["unit_hours"])
        amounts[*key, "cost beyond"] = None if row["cost"] is None else Decimal(row["cost"])
    for row in truth["spillover"]:
        if row["hour"] >= settled:
            continue
        spilled = (row["org"], row["provider"], row["resource_id"].lower(), "spilled-over requests")
        amounts[spilled] = (amounts.get(spilled) or Decimal(0)) + row["requests"]
    return amounts


def _of_provider(provider: str, found: _Amounts, expected: _Amounts) -> CapacityComparison:
    keys = sorted(key for key in {*found, *expected} if key[1] == provider)
    measures = []
    for name in dict.fromkeys([*_OF_COMMITMENT, "unit-hours beyond", "cost beyond", "spilled-over requests"]):
        of_name = [key for key in keys if key[3] == name]
        if of_name:
            measures.append(
                Measure(name=_NAMES.get(name, name), found=_rounded(found, of_name), truth=_rounded(expected, of_name))
            )
    return CapacityComparison(
        provider=provider,
        commitments=len({key for key in keys if key[3] == "committed"}),
        measures=tuple(measures),
        figures=len(keys),
        differing=tuple("/".join(key) for key in keys if not _is_equal(found.get(key), expected.get(key))),
    )


def _rounded(amounts: _Amounts, keys: Sequence[tuple[str, ...]]) -> Decimal:
    return sum((amounts.get(key) or Decimal(0) for key in keys), Decimal(0)).quantize(_COMPARED_DECIMALS)


def _is_equal(found: Decimal | None, expected: Decimal | None) -> bool:
    # A commitment or resource without any figure in the days is none.
    if found is None or expected is None:
        return not found and not expected
    return found.quantize(_COMPARED_DECIMALS) == expected.quantize(_COMPARED_DECIMALS)
