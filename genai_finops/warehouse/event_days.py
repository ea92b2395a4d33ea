"""Which days of events the warehouse holds."""

import datetime as dt

from genai_finops.schemas.tables.events import USAGE_EVENTS
from genai_finops.warehouse.base import ReadOnlyWarehouse

_EVENTS = """
    select x_ingestion_date, x_org_slug, count(*)
    from genai_usage_events
    where x_ingestion_date < ?
    group by x_ingestion_date, x_org_slug
"""


def events_before(warehouse: ReadOnlyWarehouse, day: dt.date) -> dict[tuple[dt.date, str], int]:
    """Events of every earlier day and organisation; none before the table was built."""
    if not warehouse.has_table(USAGE_EVENTS.name):
        return {}
    return {(found, org): count for found, org, count in warehouse.rows(_EVENTS, [day])}
