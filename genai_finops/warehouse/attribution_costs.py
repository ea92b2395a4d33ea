"""Cost by who caused it, within one organisation or tenant, and what has no consumer."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from genai_finops.errors import FinopsError
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.tenant_scope import TenantScope

ConsumerDimension = Literal["tenant", "user", "task", "conversation"]

_COLUMNS: Mapping[ConsumerDimension, str] = {
    "tenant": "tenant_id",
    "user": "user_id",
    "task": "task",
    "conversation": "conversation_id",
}
DIMENSIONS: tuple[ConsumerDimension, ...] = tuple(_COLUMNS)
_SUMS = (
    *("list_cost", "contracted_cost", "effective_cost", "billed_cost", "measured_cost"),
    *("input_cost", "output_cost", "other_cost", "input_tokens", "output_tokens", "requests"),
)
_DAYS = "x_ingestion_date >= ? and x_ingestion_date <= ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerCost:
    """Cost of one tenant, or of one user, task or conversation of a tenant; the tenant may be unknown.

    measured_cost is the part of effective_cost that was measured rather than allocated.
    """

    tenant: str | None
    consumer: str
    currency: str
    list_cost: Decimal
    contracted_cost: Decimal
    effective_cost: Decimal
    billed_cost: Decimal
    measured_cost: Decimal
    input_cost: Decimal
    output_cost: Decimal
    other_cost: Decimal
    input_tokens: Decimal
    output_tokens: Decimal
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnattributedCost:
    """Effective cost without a consumer. The reason is None where a log or rule names others, but not this consumer."""

    reason: str | None
    currency: str
    effective_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyTotal:
    """Effective cost of one currency with and without a consumer, and how many consumers there are."""

    currency: str
    attributed: Decimal
    unattributed: Decimal
    consumers: int


def costs_by(
    warehouse: ReadOnlyWarehouse,
    scope: TenantScope,
    dimension: ConsumerDimension,
    first: dt.date,
    last: dt.date,
    *,
    limit: int | None = None,
) -> tuple[ConsumerCost, ...]:
    """The scope's cost of the days first to last, both inclusive, by currency, the dearest first.

    limit is how many rows at most of each currency. Raises FinopsError where the tables were never built.
    """
    table, column = _place(warehouse, dimension)
    sums = ", ".join(f"sum({name}) as {name}" for name in _SUMS)
    most = "" if limit is None else "where place <= ?"
    sql = f"""
        with summed as (
            select tenant_id, {column} as consumer, currency, {sums}
            from {table}
            where {scope.condition} and {_DAYS} and {column} is not null
            group by 1, 2, 3
        ),

        placed as (
            select
                *, row_number() over (partition by currency order by effective_cost desc, consumer, tenant_id) as place
            from summed
        )

        select tenant_id, consumer, currency, {", ".join(_SUMS)}
        from placed
        {most}
        order by currency, place
    """  # noqa: S608 - names of this file; values are parameters
    parameters = [*scope.parameters, first, last, *([] if limit is None else [limit])]
    names = ("tenant", "consumer", "currency", *_SUMS)
    return tuple(ConsumerCost(**dict(zip(names, row, strict=True))) for row in warehouse.rows(sql, parameters))


def unattributed_costs(
    warehouse: ReadOnlyWarehouse, scope: TenantScope, dimension: ConsumerDimension, first: dt.date, last: dt.date
) -> tuple[UnattributedCost, ...]:
    """The scope's cost of these days, both inclusive, of which the consumer is unknown, by currency and reason.

    With the rows of `costs_by` it is all of the scope's cost. Raises FinopsError where the tables were never built.
    """
    _place(warehouse, dimension)
    sql = f"""
        select unattributed_reason, currency, sum(effective_cost) as effective_cost
        from genai_cost_attribution_daily
        where {scope.condition} and {_DAYS} and {_COLUMNS[dimension]} is null
        group by 1, 2
        order by currency, effective_cost desc, unattributed_reason
    """  # noqa: S608 - names of this file; values are parameters
    return tuple(
        UnattributedCost(reason=reason, currency=currency, effective_cost=cost)
        for reason, currency, cost in warehouse.rows(sql, [*scope.parameters, first, last])
    )


def currency_totals(
    warehouse: ReadOnlyWarehouse, scope: TenantScope, dimension: ConsumerDimension, first: dt.date, last: dt.date
) -> tuple[CurrencyTotal, ...]:
    """The scope's cost of these days, both inclusive; currencies are never added together.

    Raises FinopsError where the tables were never built.
    """
    table, column = _place(warehouse, dimension)
    sql = f"""
        with summed as (
            select tenant_id, {column} as consumer, currency, sum(effective_cost) as effective_cost
            from {table}
            where {scope.condition} and {_DAYS}
            group by 1, 2, 3
        )

        select
            currency,
            coalesce(sum(case when consumer is not null then effective_cost end), 0) as attributed,
            coalesce(sum(case when consumer is null then effective_cost end), 0) as unattributed,
            count(consumer) as consumers
        from summed
        group by currency
        order by currency
    """  # noqa: S608 - names of this file; values are parameters
    return tuple(
        CurrencyTotal(currency=currency, attributed=attributed, unattributed=unattributed, consumers=consumers)
        for currency, attributed, unattributed, consumers in warehouse.rows(sql, [*scope.parameters, first, last])
    )


def _place(warehouse: ReadOnlyWarehouse, dimension: ConsumerDimension) -> tuple[str, str]:
    table = f"genai_{dimension}_costs_daily"
    if not warehouse.has_table(table):
        raise FinopsError(
            f"The warehouse has no table {table}",
            remedy="Ingest usage and request logs, and run `genai-finops transform` first",
        )
    return table, _COLUMNS[dimension]
