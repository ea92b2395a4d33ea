"""Whether anything was ever spent by a scope: what a new budget is checked against."""

from genai_finops.schemas.tables.budgets import BUDGET_SPEND_DAILY
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.spend_scope import COLUMNS, SpendScope

#: Kept otherwise than as one value in one column.
_OTHERWISE = ("hierarchy", "tag")


def seen_currencies(warehouse: ReadOnlyWarehouse, scope: SpendScope) -> frozenset[str | None] | None:
    """Currencies of all spend of the scope, None for usage without a price; empty where nothing was ever spent.

    Hierarchy and tag are left out of account. None where the table was never built.
    """
    if not warehouse.has_table(BUDGET_SPEND_DAILY.name):
        return None
    told = [(COLUMNS[dimension], value) for dimension, value in scope.values if dimension not in _OTHERWISE]
    conditions = " and ".join(["1 = 1", *(f"{column} = ?" for column, _ in told)])
    rows = warehouse.rows(
        f"select distinct currency from {BUDGET_SPEND_DAILY.name} where {conditions}",  # noqa: S608 - names of ours
        [value for _, value in told],
    )
    return frozenset(currency for (currency,) in rows)
