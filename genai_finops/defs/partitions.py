"""The one partitioning of the platform: UTC days."""

import datetime as dt
from typing import Any

import dagster as dg

from genai_finops.providers.base import Window

#: Before the first day that any provider's configuration starts at, so that every asset shares one definition.
FIRST_DAY = "2024-12-01"

DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_DAY, timezone="UTC", end_offset=0)


def window_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Window:
    """The days that a run is for."""
    first, last = context.partition_time_window
    return Window(start=first.astimezone(dt.UTC), end=last.astimezone(dt.UTC))


def range_tags(first: dt.date, last: dt.date) -> dict[str, Any]:
    """Tags of a run over the days first to last, both inclusive, as one run."""
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }
