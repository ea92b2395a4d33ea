"""Old events move to colder places once a week: first in the lake, which keeps them, then out of the warehouse."""

from typing import Any

import dagster as dg

from genai_finops.attribution.retention import RetentionClass
from genai_finops.defs.request_logs import REQUEST_LOGS_GROUP, REQUEST_LOGS_KEY, REQUEST_LOGS_POOL
from genai_finops.defs.resources import PlatformResource
from genai_finops.defs.transform import WRITER_POOL, warehouse_key
from genai_finops.ingest.event_retention import RetentionReport
from genai_finops.schemas.tables.events import USAGE_EVENTS

LAKE_KEY = dg.AssetKey(["retention", "events_in_lake"])
WAREHOUSE_KEY = dg.AssetKey(["retention", "events_in_warehouse"])
_MOVES: tuple[RetentionClass, ...] = ("cold", "archive", "expired")


# In the pool of the readers, so that no log is landed while its day moves.
@dg.asset(
    key=LAKE_KEY,
    deps=[REQUEST_LOGS_KEY],
    group_name=REQUEST_LOGS_GROUP,
    kinds={"python", "parquet"},
    owners=["team:data-platform"],
    pool=REQUEST_LOGS_POOL,
    description="Events by age: cold days joined to one landing file per organisation, older ones moved to the "
    "archive, expired ones deleted. Every copy is read back and compared before what it was made of is deleted.",
)
def events_in_lake(platform: PlatformResource) -> dg.MaterializeResult:
    """Bring every day to where its class has it; fails, after all of them, when one could not be moved."""
    report = platform.retain_events()
    if report.failed:
        raise dg.Failure(description="\n".join(map(str, report.failed)), metadata=retention_metadata(report))
    return dg.MaterializeResult(metadata=retention_metadata(report))


@dg.asset(
    key=WAREHOUSE_KEY,
    deps=[LAKE_KEY, warehouse_key(USAGE_EVENTS.name)],
    group_name=REQUEST_LOGS_GROUP,
    kinds={"python", "dbt"},
    owners=["team:data-platform"],
    pool=WRITER_POOL,
    description="genai_usage_events without the days that are no longer hot, which the lake is seen to have before.",
)
def events_in_warehouse(platform: PlatformResource) -> dg.MaterializeResult:
    """Drop what is no longer hot."""
    dropped = platform.drop_cold_events()
    days = {day.isoformat(): events for day, events in dropped.items()}
    return dg.MaterializeResult(metadata={"dropped_events": sum(days.values()), "days": dg.MetadataValue.json(days)})


def retention_metadata(report: RetentionReport) -> dict[str, Any]:
    """Days, events and bytes of each kind of move, as numbers that the Dagster UI plots."""
    by_class = {name: report.of_class(name) for name in _MOVES}
    return {
        "failed_days": len(report.failed),
        **{f"{name}_days": len(part.outcomes) for name, part in by_class.items()},
        **{f"{name}_events": part.rows for name, part in by_class.items() if name != "expired"},
        "bytes_before": report.bytes_before,
        "bytes_after": report.bytes_after,
    }


retention_job = dg.define_asset_job(
    "retain_events",
    selection=dg.AssetSelection.assets(events_in_lake, events_in_warehouse),
    description="Events of request logs by age: hot, cold, archive, deleted.",
)


# Before the extraction of Sunday, when least is read.
@dg.schedule(job=retention_job, cron_schedule="0 1 * * 0", execution_timezone="UTC")
def retention_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run for each week."""
    return dg.RunRequest(run_key=f"retention-{context.scheduled_execution_time.date().isoformat()}")


def definitions() -> dg.Definitions:
    """The assets, their job and its schedule."""
    return dg.Definitions(
        assets=[events_in_lake, events_in_warehouse], jobs=[retention_job], schedules=[retention_schedule]
    )
