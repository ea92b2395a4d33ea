"""Takes events that are no longer hot out of the warehouse, once the lake is known to have them."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping

from genai_finops.attribution.retention import RetentionLimits, class_of, first_hot_day
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings
from genai_finops.transform.operation import run_operation
from genai_finops.warehouse.event_days import events_before
from genai_finops.warehouse.open import open_warehouse

_MAX_NAMED = 5


def drop_cold_events(
    settings: Settings,
    *,
    limits: RetentionLimits,
    today: dt.date,
    count_stored: Callable[[Collection[dt.date]], Mapping[tuple[dt.date, str], int]],
    dry_run: bool = False,
) -> dict[dt.date, int]:
    """Delete them, or with dry_run only count them; gives the events by day.

    count_stored tells how many rows the lake holds of some days, by day and organisation. Raises FinopsError, and
    deletes nothing, where a day that is to be kept has fewer rows there than events here; also as warehouse and dbt do.
    """
    if settings.target == "duckdb" and not settings.warehouse_path.exists():
        return {}
    first_day = first_hot_day(today=today, limits=limits)
    with open_warehouse(settings) as warehouse:
        held = events_before(warehouse, first_day)
    stored = count_stored({day for day, _ in held})
    lost = sorted(
        (day, org)
        for (day, org), events in held.items()
        if class_of(day, today=today, limits=limits) != "expired" and stored.get((day, org), 0) < events
    )
    if lost:
        named = ", ".join(f"{org} {day.isoformat()}" for day, org in lost[:_MAX_NAMED])
        raise FinopsError(
            f"the warehouse holds events that the lake does not have: {named}"
            + (f" and {len(lost) - _MAX_NAMED} more" if len(lost) > _MAX_NAMED else ""),
            remedy="Nothing was deleted. Read the logs of these days again, or build the days anew",
        )
    if held and not dry_run:
        run_operation(settings, "drop_usage_events", {"first_day": first_day.isoformat()})
    by_day: dict[dt.date, int] = {}
    for (day, _), events in sorted(held.items()):
        by_day[day] = by_day.get(day, 0) + events
    return by_day
