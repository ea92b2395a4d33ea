"""Cost with the quantities behind it, so finely that a change of it can be explained."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from genai_finops.errors import FinopsError
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.spend_scope import SpendScope

CostBasis = Literal["effective", "billed", "list"]
ChargeRole = Literal["usage", "used", "unused", "purchase", "other", "unpriced"]

_CHARGES = "cost_data_standard_1_3_allocated"
_CHARGE_COLUMNS = {
    "org": "x_OrgSlug",
    "hierarchy": "x_HierarchyPath",
    "provider": "lower(x_GenaiProvider)",
    "account": "x_GenaiAccountId",
    "sub_account": "SubAccountId",
    "flow": "x_Flow",
    "model": "x_ModelId",
    "tenant": "x_TenantId",
    "user": "x_UserId",
    "task": "x_TaskId",
    "conversation": "x_ConversationId",
}
_USAGE_COLUMNS = {
    "org": "x_org_slug",
    "provider": "provider",
    "account": "x_genai_account_id",
    "sub_account": "sub_account_id",
    "flow": "flow",
    "model": "model_id",
    "tenant": "tenant_id",
    "user": "user_id",
    "task": "task",
    "conversation": "conversation_id",
}
_CONSUMERS = frozenset({"tenant", "user", "task", "conversation"})
_COST = {"effective": "EffectiveCost", "billed": "BilledCost", "list": "ListCost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """Cost and quantity of what has one price; of `unpriced` usage the quantity alone."""

    role: ChargeRole
    flow: str
    provider: str
    model: str | None
    meter: str | None
    tier: str | None
    #: What else decides the price: organisation, account, context band, geography, variant.
    place: tuple[str | None, ...]
    currency: str
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodCosts:
    """What a scope cost over some days, and how many requests there were by provider and model, where it is known."""

    lines: tuple[CostLine, ...]
    requests: dict[tuple[str, str], Decimal]


def period_costs(
    warehouse: ReadOnlyWarehouse, scope: SpendScope, days: Collection[dt.date], basis: CostBasis
) -> PeriodCosts:
    """Cost of the scope over these UTC days, in every currency it has.

    Requests are the provider's count, or those in the logs where the scope names a consumer; below an entity of the
    hierarchy they are not known. Unpriced usage is read where no consumer and no entity is named: it has none. Raises
    FinopsError for a tag, which no charge has, and where the tables were never built.
    """
    if "tag" in scope.shape:
        raise FinopsError(
            f"Scope {scope} has a tag, and charges have none",
            remedy="Leave the tag out: requests in logs alone have tags.",
        )
    if not warehouse.has_table(_CHARGES):
        raise FinopsError(
            f"The warehouse has no table {_CHARGES}",
            remedy="Ingest usage and request logs, and run `genai-finops transform` first",
        )
    wanted = sorted(days)
    if not wanted:
        return PeriodCosts(lines=(), requests={})
    lines = _charges(warehouse, scope, wanted, basis)
    if not _CONSUMERS & set(scope.shape) and "hierarchy" not in scope.shape:
        lines += _unpriced(warehouse, scope, wanted)
    return PeriodCosts(lines=tuple(lines), requests=_requests(warehouse, scope, wanted))


def tenant_changes(
    warehouse: ReadOnlyWarehouse,
    scope: SpendScope,
    before: Collection[dt.date],
    after: Collection[dt.date],
    basis: CostBasis,
) -> dict[str, list[tuple[str | None, Decimal]]]:
    """By currency, how the cost of each tenant changed, the largest change first; None is cost without a tenant."""
    condition, parameters = _condition(scope, _CHARGE_COLUMNS)
    was, since_was = _days("x_IngestionDate", sorted(before))
    is_now, since_now = _days("x_IngestionDate", sorted(after))
    # The days stand in the select list, before those of the condition.
    sql = f"""
        select
            BillingCurrency, x_TenantId,
            coalesce(sum(case when {is_now} then {_COST[basis]} end), 0)
            - coalesce(sum(case when {was} then {_COST[basis]} end), 0) as change
        from {_CHARGES}
        where {condition} and (({was}) or ({is_now}))
        group by 1, 2
    """  # noqa: S608 - names of this file; values are parameters
    found: dict[str, list[tuple[str | None, Decimal]]] = {}
    rows = warehouse.rows(sql, [*since_now, *since_was, *parameters, *since_was, *since_now])
    for currency, tenant, change in sorted(rows, key=lambda row: (-abs(row[2]), row[1] or "")):
        found.setdefault(currency, []).append((tenant, change))
    return found


def _charges(warehouse: ReadOnlyWarehouse, scope: SpendScope, days: list[dt.date], basis: CostBasis) -> list[CostLine]:
    condition, parameters = _condition(scope, _CHARGE_COLUMNS)
    on_days, values = _days("x_IngestionDate", days)
    sql = f"""
        select
            case
                when ChargeCategory = 'Purchase' then 'purchase'
                when ChargeCategory <> 'Usage' or ChargeClass is not null then 'other'
                when CommitmentDiscountStatus = 'Used' then 'used'
                when CommitmentDiscountStatus = 'Unused' then 'unused'
                else 'usage'
            end as role,
            x_Flow, lower(x_GenaiProvider) as provider, x_ModelId, x_Meter, x_ServiceTier,
            x_OrgSlug, x_GenaiAccountId, x_ContextBand, x_Geography, x_Variant, BillingCurrency,
            coalesce(sum(ConsumedQuantity), 0) as quantity, sum({_COST[basis]}) as cost
        from {_CHARGES}
        where {condition} and {on_days}
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    """  # noqa: S608 - names of this file; values are parameters
    return [_line(row) for row in warehouse.rows(sql, [*parameters, *values])]


def _unpriced(warehouse: ReadOnlyWarehouse, scope: SpendScope, days: list[dt.date]) -> list[CostLine]:
    condition, parameters = _condition(scope, _USAGE_COLUMNS)
    on_days, values = _days("x_ingestion_date", days)
    sql = f"""
        select
            'unpriced' as role, flow, provider, coalesce(model_id, provider_model_id) as model, meter, service_tier,
            x_org_slug, x_genai_account_id, context_band, geography, variant, currency,
            sum(quantity) as quantity, 0 as cost
        from genai_costs_daily_unified
        where pricing_status = 'unpriced' and effective_cost is null and {condition} and {on_days}
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    """  # noqa: S608 - as above
    return [_line(row) for row in warehouse.rows(sql, [*parameters, *values])]


def _line(row: tuple[object, ...]) -> CostLine:
    role, flow, provider, model, meter, tier, *place, currency, quantity, cost = row
    return CostLine(
        role=role,  # type: ignore[arg-type]
        flow=str(flow),
        provider=str(provider),
        model=_text(model),
        meter=_text(meter),
        tier=_text(tier),
        place=tuple(map(_text, place)),
        currency=str(currency),
        quantity=Decimal(str(quantity)),
        cost=Decimal(str(cost)),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _requests(warehouse: ReadOnlyWarehouse, scope: SpendScope, days: list[dt.date]) -> dict[tuple[str, str], Decimal]:
    is_logged = bool(_CONSUMERS & set(scope.shape))
    table = "genai_usage_events" if is_logged else "genai_usage_daily_unified"
    if "hierarchy" in scope.shape or not warehouse.has_table(table):
        return {}
    # Requests in logs are pay-as-you-go, and have no column that says so.
    columns = {**_USAGE_COLUMNS, **({"flow": "'payg'"} if is_logged else {})}
    condition, parameters = _condition(scope, columns)
    on_days, values = _days("x_ingestion_date", days)
    count = "count(*)" if is_logged else "sum(quantity)"
    # What no provider charges for is no part of what the cost is divided by.
    counted = "pricing_status not in ('cache_hit', 'empty')" if is_logged else "flow = 'payg' and meter = 'request'"
    sql = f"""
        select provider, model_id, {count} as requests
        from {table}
        where model_id is not null and {counted} and {condition} and {on_days}
        group by 1, 2
    """  # noqa: S608 - as above
    rows = warehouse.rows(sql, [*parameters, *values])
    return {(provider, model): Decimal(str(count)) for provider, model, count in rows if count}


def _condition(scope: SpendScope, columns: dict[str, str]) -> tuple[str, list[object]]:
    conditions, parameters = ["1 = 1"], list[object]()
    for dimension, value in scope.values:
        if dimension == "hierarchy":
            # An entity's cost is that of everything below it.
            conditions.append(f"strpos(concat({columns[dimension]}, '/'), ?) > 0")
            parameters.append(f"/{value}/")
        else:
            conditions.append(f"{columns[dimension]} = ?")
            parameters.append(value)
    return " and ".join(conditions), parameters


def _days(column: str, days: list[dt.date]) -> tuple[str, list[object]]:
    """Days that follow each other as a range: partitions are found by it."""
    if (days[-1] - days[0]).days == len(days) - 1:
        return f"{column} >= ? and {column} <= ?", [days[0], days[-1]]
    return f"{column} in ({', '.join('?' for _ in days)})", list(days)
