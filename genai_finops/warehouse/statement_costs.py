"""What statements are made of: cost of one organisation's month by tenant, provider and model."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from genai_finops.errors import FinopsError
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.tenant_scope import TenantScope

CostBasis = Literal["effective", "billed", "list"]
BASES: tuple[CostBasis, ...] = ("effective", "billed", "list")

_TABLE = "genai_cost_attribution_daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementCost:
    """Cost of one model to one tenant, or to nobody, over the days from first_day to the next part's first day.

    cost and measured_cost, the part that was measured rather than allocated, are of the basis; input, output and other
    cost are parts of the effective cost. Tokens are billed ones, requests those of the logs.
    """

    #: As the logs have it; None where nobody is named.
    tenant: str | None
    #: Why nobody is named; None too where a log or rule names a user or task, but no tenant.
    unattributed_reason: str | None
    first_day: dt.date
    provider: str
    model: str | None
    currency: str
    cost: Decimal
    measured_cost: Decimal
    input_cost: Decimal
    output_cost: Decimal
    other_cost: Decimal
    input_tokens: Decimal
    output_tokens: Decimal
    requests: int


def statement_costs(
    warehouse: ReadOnlyWarehouse,
    scope: TenantScope,
    *,
    first_days: Sequence[dt.date],
    end: dt.date,
    basis: CostBasis,
) -> tuple[StatementCost, ...]:
    """The scope's cost from the first of `first_days`, which rise, until before `end`, parted at each of them.

    Raises FinopsError where the table was never built.
    """
    if not warehouse.has_table(_TABLE):
        raise FinopsError(
            f"The warehouse has no table {_TABLE}",
            remedy="Ingest usage and request logs, and run `genai-finops transform` first",
        )
    parts = "".join(f" when x_ingestion_date >= ? then {part}" for part in reversed(range(1, len(first_days))))
    part = f"case{parts} else 0 end" if parts else "0"
    sql = f"""
        with parted as (
            select *, {part} as part, {basis}_cost as cost
            from {_TABLE}
            where {scope.condition} and x_ingestion_date >= ? and x_ingestion_date < ?
        )

        select
            tenant_id, unattributed_reason, part, provider, model_id, currency,
            sum(cost) as cost,
            sum(case when is_measured then cost else 0 end) as measured_cost,
            sum(input_cost) as input_cost,
            sum(output_cost) as output_cost,
            sum(other_cost) as other_cost,
            sum(input_tokens) as input_tokens,
            sum(output_tokens) as output_tokens,
            sum(requests) as requests
        from parted
        group by tenant_id, unattributed_reason, part, provider, model_id, currency
        order by tenant_id, unattributed_reason, part, provider, model_id, currency
    """  # noqa: S608 - names of this file; values are parameters
    parameters = [*reversed(first_days[1:]), *scope.parameters, first_days[0], end]
    return tuple(
        StatementCost(
            tenant=tenant,
            unattributed_reason=reason,
            first_day=first_days[part],
            provider=provider,
            model=model,
            currency=currency,
            cost=cost,
            measured_cost=measured,
            input_cost=input_cost,
            output_cost=output_cost,
            other_cost=other_cost,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            requests=requests,
        )
        for (
            tenant,
            reason,
            part,
            provider,
            model,
            currency,
            cost,
            measured,
            input_cost,
            output_cost,
            other_cost,
            input_tokens,
            output_tokens,
            requests,
        ) in warehouse.rows(sql, parameters)
    )
