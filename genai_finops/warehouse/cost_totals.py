"""Cost of a range of days: the control total that a run shows."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.warehouse.base import ReadOnlyWarehouse

_TOTALS = """
    select provider, currency, sum(list_cost), count(*)
    from genai_costs_daily_unified
    where usage_date >= ? and usage_date <= ? and list_cost is not null
    group by provider, currency
    order by provider, currency
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTotal:
    """Sum over one provider; currencies are never added together."""

    provider: str
    currency: str
    list_cost: Decimal
    rows: int


def cost_totals(warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date) -> tuple[CostTotal, ...]:
    """Totals of the days first to last, both inclusive, without what could not be priced."""
    return tuple(
        CostTotal(provider=provider, currency=currency, list_cost=cost, rows=rows)
        for provider, currency, cost, rows in warehouse.rows(_TOTALS, [first, last])
    )
