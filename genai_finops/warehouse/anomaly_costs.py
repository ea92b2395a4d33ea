"""Cost by day of everything that anomalies are looked for in."""

import datetime as dt

from genai_finops.errors import FinopsError
from genai_finops.warehouse.base import ReadOnlyWarehouse

DayCostRow = tuple[dt.date, str, str, str | None, str | None, str | None, str, object]


def day_costs(warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date) -> list[DayCostRow]:
    """Day, organisation, provider, model, tenant, task, currency and effective cost, of the days first to last.

    Raises FinopsError where the table was never built.
    """
    if not warehouse.has_table("genai_cost_attribution_daily"):
        raise FinopsError(
            "The warehouse has no table genai_cost_attribution_daily",
            remedy="Ingest usage, and run `genai-finops transform` first",
        )
    sql = """
        select
            usage_date, x_org_slug, provider, model_id, tenant_id, task, currency, sum(effective_cost) as effective_cost
        from genai_cost_attribution_daily
        where x_ingestion_date >= ? and x_ingestion_date <= ?
        group by 1, 2, 3, 4, 5, 6, 7
    """
    return [tuple(row) for row in warehouse.rows(sql, [first, last])]
