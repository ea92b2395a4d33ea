"""Until when the spend of each organisation and provider is known."""

import datetime as dt
from collections.abc import Mapping

from genai_finops.schemas.tables.events import USAGE_EVENTS
from genai_finops.schemas.tables.unified import USAGE_DAILY_UNIFIED
from genai_finops.warehouse.base import ReadOnlyWarehouse

#: Sessions are in UTC: a row that was read on a later day than its own was read after the end of its day.
_READ = """
    select
        x_org_slug,
        provider,
        max(case when cast(x_ingested_at as date) > usage_date then usage_date end) as closed_day
    from genai_usage_daily_unified
    group by x_org_slug, provider
"""
_READ_WHILE_OPEN = """
    select x_org_slug, provider, usage_date, max(x_ingested_at) as read_at
    from genai_usage_daily_unified
    where cast(x_ingested_at as date) <= usage_date
    group by x_org_slug, provider, usage_date
"""
_REQUESTS = """
    select x_org_slug, provider, max(started_at) as newest
    from genai_usage_events
    where x_ingestion_date >= ?
    group by x_org_slug, provider
"""
_DAY = dt.timedelta(days=1)
#: Days of requests that are looked at, which may be very many.
_RECENT = dt.timedelta(days=3)


def data_times(
    warehouse: ReadOnlyWarehouse,
    landed: Mapping[tuple[str, str], dt.date] | None = None,
    *,
    with_requests: bool = True,
) -> Mapping[tuple[str, str], dt.datetime]:
    """Moment before which the spend of each (organisation, provider) is known, UTC; without entry nothing is.

    The end of the last day whose rows were read after its end, or the moment at which rows of the day after it were
    read. `landed` is the last day that was landed with every credential, as `lake.landed_days` gives it: a credential
    that is late holds the time back, and days of which a provider told nothing move it on. With requests, the newest
    one in the logs moves it on too, where it is not older than the newest of all by days; whether the provider itself
    is late is told without. Empty before the tables were built.
    """
    found = _provider_times(warehouse, landed or {}) if warehouse.has_table(USAGE_DAILY_UNIFIED.name) else {}
    return moved_by_requests(warehouse, found) if with_requests else found


def moved_by_requests(
    warehouse: ReadOnlyWarehouse, provider_times: Mapping[tuple[str, str], dt.datetime]
) -> Mapping[tuple[str, str], dt.datetime]:
    """What `data_times` gives with requests, of what it gave without them."""
    found = dict(provider_times)
    if warehouse.has_table(USAGE_EVENTS.name):
        newest_day = warehouse.rows("select max(x_ingestion_date) from genai_usage_events")[0][0]
        since = [newest_day - _RECENT] if newest_day else []
        for org, provider, newest in warehouse.rows(_REQUESTS, since) if since else ():
            at = newest.astimezone(dt.UTC)
            found[org, provider] = max(found.get((org, provider), at), at)
    return found


def _provider_times(
    warehouse: ReadOnlyWarehouse, landed: Mapping[tuple[str, str], dt.date]
) -> dict[tuple[str, str], dt.datetime]:
    closed: dict[tuple[str, str], dt.date] = {
        (org, provider): day for org, provider, day in warehouse.rows(_READ) if day is not None
    }
    read: dict[tuple[str, str], dict[dt.date, dt.datetime]] = {}
    for org, provider, day, at in warehouse.rows(_READ_WHILE_OPEN):
        read.setdefault((org, provider), {})[day] = at.astimezone(dt.UTC)
    found = {}
    for key in {*closed, *read, *landed}:
        open_days = {day: at for day, at in read.get(key, {}).items() if key not in closed or day > closed[key]}
        last = closed.get(key)
        if key in landed:
            # What was landed while its day was open is not the whole day.
            whole = min([landed[key], *(day - _DAY for day in open_days)])
            last = whole if last is None or whole > last else min(last, landed[key])
        if last is None:
            continue
        end = dt.datetime.combine(last + _DAY, dt.time(), dt.UTC)
        found[key] = max(end, open_days.get(last + _DAY, end))
    return found
