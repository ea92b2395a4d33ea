"""Builds what budgets are held against for the day that is not over."""

import datetime as dt

from genai_finops.schemas.tables.budgets import BUDGET_SPEND_DAILY
from genai_finops.schemas.tables.pricing import PAYG_PRICING
from genai_finops.settings import Settings
from genai_finops.transform.build import dbt_build
from genai_finops.transform.result import TransformResult
from genai_finops.transform.selection import WITHOUT_DAYS
from genai_finops.warehouse.open import open_warehouse

#: Until then yesterday is built too, of whose last hour requests may be in the logs by now; then it is consolidated.
_CONSOLIDATED_HOUR = 9
_DAY = dt.timedelta(days=1)


def build_open_day(settings: Settings, *, now: dt.datetime) -> TransformResult:
    """Spend of the UTC day of `now`, with all that it is made of, tests included; prices are taken as they are.

    In a warehouse that was never built everything without days is built first. Raises as dbt_build does.
    """
    first = (now - dt.timedelta(hours=_CONSOLIDATED_HOUR)).date()
    return dbt_build(
        settings,
        window=(first, now.date() + _DAY),
        select=(f"+{BUDGET_SPEND_DAILY.name}",),
        exclude=WITHOUT_DAYS if _has_prices(settings) else (),
    )


def _has_prices(settings: Settings) -> bool:
    if settings.target == "duckdb" and not settings.warehouse_path.exists():
        return False
    with open_warehouse(settings) as warehouse:
        return warehouse.has_table(PAYG_PRICING.name)
