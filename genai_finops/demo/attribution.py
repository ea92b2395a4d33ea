"""Who caused the cost: the warehouse beside the simulator's truth."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from genai_finops.schemas.meters import METERS
from genai_finops.simulator.request_logs.truth import AttributionTruth, BilledUsage, Reason
from genai_finops.warehouse.base import ReadOnlyWarehouse

DIMENSIONS = ("tenant", "user", "task", "conversation")
#: A part that the logs tell too much of is divided in whole tokens: by so much a consumer's cost may be off, in USD.
_OF_A_DIVIDED_PART = Fraction(1, 5000)
_EXACT = Fraction(1, 10**12)
_TOP = 5

_MODELS = """
    select distinct provider, provider_model_id, model_id from genai_usage_daily_unified
    where usage_date >= ? and usage_date <= ? and model_id is not null
"""
_PARTS = """
    select parts.x_org_slug, parts.provider, cast(parts.usage_date as varchar), charges.ResourceId, charges.x_ApiKeyId,
        charges.x_ModelId, charges.x_ServiceTier, charges.RegionId, charges.x_Geography, charges.x_ContextBand,
        charges.x_Variant, parts.meter,
        parts.tenant_id, parts.user_id, parts.task, parts.conversation_id, parts.unattributed_reason,
        sum(parts.list_cost)
    from int_attribution__allocated_charges as parts
    inner join cost_data_standard_1_3 as charges on charges.x_ChargeId = parts.charge_id
    where parts.usage_date >= ? and parts.usage_date <= ? and parts.flow = 'payg'
    group by all
"""
_REQUESTS = """
    select source_id, count(*) from genai_usage_events where usage_date >= ? and usage_date <= ? group by source_id
"""
_BY_DIMENSION = """
    select x_org_slug, {column}, sum(effective_cost), sum(sum(effective_cost)) over ()
    from genai_{dimension}_costs_daily
    where usage_date >= ? and usage_date <= ?
    group by x_org_slug, {column}
    order by 3 desc, 1, 2
"""
_BY_PLATFORM = """
    select x_org_slug, provider, sum(effective_cost), sum(sum(effective_cost)) over ()
    from genai_tenant_costs_daily
    where usage_date >= ? and usage_date <= ?
    group by x_org_slug, provider
    order by 3 desc, 1, 2
"""
_REASONS = """
    select unattributed_reason, sum(effective_cost) from genai_cost_attribution_daily
    where usage_date >= ? and usage_date <= ? and unattributed_reason is not null
    group by unattributed_reason
    order by 2 desc
"""
_FOCUS_COST = (
    "select sum(EffectiveCost) from cost_data_standard_1_3 where x_IngestionDate >= ? and x_IngestionDate <= ?"
)
_COLUMNS = {"tenant": "tenant_id", "user": "user_id", "task": "task", "conversation": "conversation_id"}
#: What the platform calls the reasons of the truth that are planted.
_REASON_NAMES: Mapping[Reason, str] = {
    "account without log": "no_log_of_account",
    "key without log": "no_log_of_key",
    "incomplete log": "incomplete_log",
}
_OTHER_REASON = "no log of meter or model"
_EVERYWHERE = "global"


class _Charge(NamedTuple):
    """What is billed apart, by the platform's name of the model."""

    org: str
    provider: str
    day: str
    resource_id: str | None
    api_key_id: str | None
    model_id: str | None
    service_tier: str
    region_id: str | None
    geography: str | None
    context_band: str | None
    variant: str | None
    meter: str


#: Organisation, provider, dimension and whom the cost belongs to; None is nobody.
_Owned = tuple[str, str, str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionCosts:
    """Cost by one dimension: the dearest, as organisation, name and amount."""

    name: str
    dearest: tuple[tuple[str, str, Decimal], ...]
    #: Part of all cost that somebody is named for.
    coverage: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionComparison:
    """Amounts of consumers beside the truth."""

    amounts: int
    differing: tuple[str, ...]
    #: Charges whose logs can be told apart, and their cost; what is billed together with others is not compared.
    charges: int
    compared_cost: Decimal
    requests: int
    #: Logs of which the warehouse has another number of requests.
    differing_logs: tuple[str, ...]
    dimensions: tuple[DimensionCosts, ...]
    unattributed: tuple[tuple[str, Decimal], ...]
    focus_cost: Decimal

    @property
    def is_exact(self) -> bool:
        sums = {found.total for found in self.dimensions}
        return not self.differing and not self.differing_logs and sums == {self.focus_cost}


def compare_attribution(
    warehouse: ReadOnlyWarehouse, truth: AttributionTruth, days: Sequence[str], *, final_until: str
) -> AttributionComparison:
    """Compare the costs of each tenant, user, task and conversation, and the unattributed rest by reason.

    Consumers are compared on the days before final_until: later ones the providers have not reported whole, so that
    the logs tell of requests whose charge is yet to come and which count for the closest charge there is.
    """
    models = {(provider, spelled): model for provider, spelled, model in warehouse.rows(_MODELS, days)}
    usages: defaultdict[_Charge, list[BilledUsage]] = defaultdict(list)
    for usage in truth.usages:
        if usage.key.flow == "payg" and usage.unit_price:
            usages[_charge(usage, models)].append(usage)
    comparable = {charge for charge in _comparable(usages) if charge.day < final_until}
    expected, slack = _expected(usages, comparable)
    found, cost = _found(warehouse, days, comparable)
    keys = {*expected, *found}
    differing = [
        key for key in keys if abs(found.get(key, Fraction(0)) - expected.get(key, Fraction(0))) > slack[key] + _EXACT
    ]
    requests = dict(warehouse.rows(_REQUESTS, days))
    logs = {*truth.requests, *requests}
    return AttributionComparison(
        amounts=len(keys),
        differing=tuple(sorted("/".join(map(str, key)) for key in differing)),
        charges=len(comparable),
        compared_cost=cost,
        requests=sum(requests.values()),
        differing_logs=tuple(sorted(log for log in logs if requests.get(log, 0) != truth.requests.get(log, 0))),
        dimensions=tuple(_dimensions(warehouse, days)),
        unattributed=tuple((reason, amount) for reason, amount in warehouse.rows(_REASONS, days)),
        focus_cost=warehouse.rows(_FOCUS_COST, days)[0][0],
    )


def _charge(usage: BilledUsage, models: Mapping[tuple[str, str], str]) -> _Charge:
    key = usage.key
    return _Charge(
        key.org,
        key.provider,
        key.day.isoformat(),
        key.resource_id,
        key.api_key_id,
        models.get((key.provider, key.model or "")),
        key.service_tier,
        # FOCUS has no region for it.
        None if key.region_id == _EVERYWHERE else key.region_id,
        key.geography,
        key.context_band,
        key.variant,
        key.meter,
    )


def _comparable(usages: Mapping[_Charge, Sequence[BilledUsage]]) -> set[_Charge]:
    """Charges that are alone in what the logs can tell apart: all that a charge is billed by, but for its variant.

    Input that is billed whatever it consists of is compared where it is the only input of its modality. What no log
    counts (tools, storage) follows other costs.
    """
    sharing: defaultdict[tuple[Any, ...], set[_Charge]] = defaultdict(set)
    for charge in usages:
        for key in (_told_apart(charge), _input_told_apart(charge)):
            sharing[key].add(charge)
    found = set()
    for charge, parts in usages.items():
        if METERS[charge.meter].kind != "tokens" or charge.model_id is None:
            continue
        key = _input_told_apart(charge) if charge.meter.startswith("input") else _told_apart(charge)
        if len(sharing[key]) == 1 and len(parts) == 1:
            found.add(charge)
    return found


def _told_apart(charge: _Charge) -> tuple[Any, ...]:
    return ("meter", *charge[:10], charge.meter)


def _input_told_apart(charge: _Charge) -> tuple[Any, ...]:
    meter = METERS[charge.meter]
    return ("input", *charge[:10], meter.modality) if meter.token_direction == "Input" else ("other", charge)


def _expected(
    usages: Mapping[_Charge, Sequence[BilledUsage]], comparable: set[_Charge]
) -> tuple[dict[_Owned, Fraction], defaultdict[_Owned, Fraction]]:
    """Costs, and by how much each may be off."""
    costs: defaultdict[_Owned, Fraction] = defaultdict(Fraction)
    slack: defaultdict[_Owned, Fraction] = defaultdict(Fraction)
    for charge in comparable:
        for usage in usages[charge]:
            parts = [(consumer, usage.cost_of(usage.quantity_of(consumer))) for consumer in usage.logged]
            for consumer, cost in parts:
                for dimension, value in zip(DIMENSIONS, consumer, strict=True):
                    key = (charge.org, charge.provider, dimension, value)
                    costs[key] += cost
                    slack[key] += _OF_A_DIVIDED_PART if usage.is_scaled else 0
            rest = usage.cost_of(usage.unattributed_quantity)
            if rest and usage.reason:
                for dimension in DIMENSIONS:
                    costs[charge.org, charge.provider, dimension, None] += rest
                reason = _REASON_NAMES.get(usage.reason, _OTHER_REASON)
                costs[charge.org, charge.provider, "reason", reason] += rest
    return dict(costs), slack


def _found(
    warehouse: ReadOnlyWarehouse, days: Sequence[str], comparable: set[_Charge]
) -> tuple[dict[_Owned, Fraction], Decimal]:
    """Costs, and their sum."""
    costs: defaultdict[_Owned, Decimal] = defaultdict(Decimal)
    total = Decimal(0)
    for row in warehouse.rows(_PARTS, days):
        charge = _Charge(*row[:12])
        cost = row[17]
        if charge not in comparable or not cost:
            continue
        total += cost
        for dimension, value in zip(DIMENSIONS, row[12:16], strict=True):
            costs[charge.org, charge.provider, dimension, value] += cost
        if row[16]:
            reason = row[16] if row[16] in _REASON_NAMES.values() else _OTHER_REASON
            costs[charge.org, charge.provider, "reason", reason] += cost
    return {key: Fraction(cost) for key, cost in costs.items()}, total


def _dimensions(warehouse: ReadOnlyWarehouse, days: Sequence[str]) -> Iterator[DimensionCosts]:
    yield _dimension("platform", warehouse.rows(_BY_PLATFORM, days))
    for dimension in DIMENSIONS:
        sql = _BY_DIMENSION.format(column=_COLUMNS[dimension], dimension=dimension)
        yield _dimension(dimension, warehouse.rows(sql, days))


def _dimension(name: str, rows: Sequence[tuple[Any, ...]]) -> DimensionCosts:
    total = rows[0][3] if rows else Decimal(0)
    named = [(org, value, cost) for org, value, cost, _ in rows if value is not None]
    return DimensionCosts(
        name=name,
        dearest=tuple(named[:_TOP]),
        coverage=sum((cost for _, _, cost in named), Decimal(0)) / total if total else Decimal(0),
        total=total,
    )
