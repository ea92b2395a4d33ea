"""The day that is not over: what is known of it is read and built every quarter of an hour, for budgets.

Neither asset has partitions: today's partition is made by tomorrow's extraction and consolidation, as always.
"""

from typing import Any

import dagster as dg

from genai_finops.defs.request_logs import DAYS_METADATA, REQUEST_LOGS_KEY, REQUEST_LOGS_POOL, log_metadata
from genai_finops.defs.resources import PlatformResource
from genai_finops.defs.transform import WRITER_POOL
from genai_finops.ingest.open_day import OpenDayReport
from genai_finops.transform.result import TransformError

OPEN_DAY_GROUP = "open_day"
USAGE_KEY = dg.AssetKey([OPEN_DAY_GROUP, "usage"])
SPEND_KEY = dg.AssetKey([OPEN_DAY_GROUP, "spend"])
_CHECK = "everything_was_read"
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.asset(
    key=USAGE_KEY,
    group_name=OPEN_DAY_GROUP,
    kinds={"python", "parquet"},
    owners=["team:data-platform"],
    pool=REQUEST_LOGS_POOL,
    description="Request logs that are new, and today's usage so far of every provider; "
    "the extraction of the day replaces it.",
    check_specs=[
        dg.AssetCheckSpec(
            name=_CHECK,
            asset=USAGE_KEY,
            description="Every log and every provider could be read; what could not keeps what was stored before.",
        )
    ],
)
def usage(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:
    """Read all of it; what cannot be read is a warning, so that the rest is built."""
    report = platform.read_open_day(context.op_execution_context.run_id)
    if report.logs.read:
        context.log_event(dg.AssetMaterialization(asset_key=REQUEST_LOGS_KEY, metadata=_log_metadata(report)))
    problems = dg.AssetCheckResult(
        asset_key=USAGE_KEY,
        check_name=_CHECK,
        passed=not report.problems,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"problems": dg.MetadataValue.json(list(report.problems))},
    )
    metadata: dict[str, Any] = {"day": report.day.isoformat(), "rows": report.usage.rows, "events": report.logs.events}
    return dg.MaterializeResult(metadata=metadata, check_results=[problems])


def _log_metadata(report: OpenDayReport) -> dict[str, Any]:
    # Late events of closed days are attributed by who follows the logs; those of today would have yesterday built
    # again, every quarter of an hour.
    closed = [day.isoformat() for day in report.logs.days if day < report.day]
    return {**log_metadata(report.logs), DAYS_METADATA: dg.MetadataValue.json(closed)}


@dg.asset(
    key=SPEND_KEY,
    deps=[USAGE_KEY],
    group_name=OPEN_DAY_GROUP,
    kinds={"python", "dbt"},
    owners=["team:data-platform"],
    pool=WRITER_POOL,
    description="Today in genai_budget_spend_daily, and in the tables that it is made of.",
)
def spend(platform: PlatformResource) -> dg.MaterializeResult:
    """Build it."""
    try:
        result = platform.build_open_day()
    except TransformError as failure:
        raise dg.Failure(str(failure), allow_retries=False) from failure
    rows = {node.name: node.rows for node in result.nodes if node.rows is not None}
    return dg.MaterializeResult(metadata={"rows": dg.MetadataValue.json(rows), "seconds": round(result.seconds, 3)})


open_day_job = dg.define_asset_job(
    "open_day",
    selection=dg.AssetSelection.assets(usage, spend),
    description="Request logs and usage of the day that is not over, and what budgets are held against.",
)


@dg.schedule(job=open_day_job, cron_schedule="*/15 * * * *", execution_timezone="UTC")
def open_day_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run for each quarter of an hour, unless the last one is still at work."""
    unfinished = dg.RunsFilter(job_name=open_day_job.name, statuses=_UNFINISHED)
    if context.instance.get_runs(unfinished, limit=1):
        return dg.SkipReason("the last run has not ended")
    return dg.RunRequest(run_key=f"open-day-{context.scheduled_execution_time.isoformat()}")


def definitions() -> dg.Definitions:
    """The assets, their job and its schedule."""
    return dg.Definitions(assets=[usage, spend], jobs=[open_day_job], schedules=[open_day_schedule])
