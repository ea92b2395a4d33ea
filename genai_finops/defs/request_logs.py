"""Request logs as an asset, read when there are new or grown files, with checks on rejects and on their age."""

import datetime as dt
from typing import Any

import dagster as dg

from genai_finops.defs.column_schema import column_schema
from genai_finops.defs.resources import PlatformResource
from genai_finops.ingest.request_logs import LogReadReport
from genai_finops.schemas.tables.events import EVENTS_RAW

REQUEST_LOGS_KEY = dg.AssetKey(["landing", "request_logs"])
REQUEST_LOGS_GROUP = "request_logs"
#: One reader at a time, and none while old events move.
REQUEST_LOGS_POOL = "request_logs"
#: UTC days that a run landed events of, as ISO dates.
DAYS_METADATA = "days"
_REJECTS = "every_line_is_read"
_RETRY = dg.RetryPolicy(max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.asset(
    key=REQUEST_LOGS_KEY,
    group_name=REQUEST_LOGS_GROUP,
    kinds={"python", "parquet"},
    owners=["team:data-platform"],
    retry_policy=_RETRY,
    pool=REQUEST_LOGS_POOL,
    description=f"Requests as logs tell of them, landed by day, organisation and log file. {EVENTS_RAW.description}",
    metadata={"dagster/column_schema": column_schema(EVENTS_RAW)},
    check_specs=[
        dg.AssetCheckSpec(
            name=_REJECTS,
            asset=REQUEST_LOGS_KEY,
            description="No line of a log was refused; those that were are in rejects/ of the lake, with their reason.",
        )
    ],
)
def request_logs(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:
    """Land all files that are new or have changed since they were read."""
    report = platform.read_request_logs(context.op_execution_context.run_id)
    raise_log_failures(context, report)
    return dg.MaterializeResult(metadata=log_metadata(report), check_results=[rejects_check(report)])


def raise_log_failures(context: dg.AssetExecutionContext, report: LogReadReport) -> None:
    """Record the files that did go well, then fail the run when any file or source could not be read."""
    if not report.has_failures:
        return
    context.log_event(dg.AssetMaterialization(asset_key=REQUEST_LOGS_KEY, metadata=log_metadata(report)))
    reasons = [f"source {source}: {reason}" for source, reason in report.failed_sources.items()]
    raise dg.Failure(
        description="\n".join([*reasons, *map(str, report.failed)]),
        metadata=log_metadata(report),
        # A file that cannot be read stays so until someone mends it; a source may answer again.
        allow_retries=bool(report.failed_sources),
    )


def log_metadata(report: LogReadReport) -> dict[str, Any]:
    """What a run read, and the days that it touched."""
    return {
        "files_read": len(report.read),
        "files_unchanged": sum(outcome.status == "unchanged" for outcome in report.outcomes),
        "files_failed": len(report.failed),
        "events": report.events,
        "rejects": report.rejects,
        DAYS_METADATA: dg.MetadataValue.json([day.isoformat() for day in report.days]),
        "seconds": round(report.seconds, 3),
    }


def rejects_check(report: LogReadReport) -> dg.AssetCheckResult:
    """A warning while any file that is there has lines that were refused, with how many of each source."""
    rejects: dict[str, int] = {}
    for outcome in report.outcomes:
        if outcome.rejects:
            rejects[outcome.source] = rejects.get(outcome.source, 0) + outcome.rejects
    return dg.AssetCheckResult(
        asset_key=REQUEST_LOGS_KEY,
        check_name=_REJECTS,
        passed=not rejects,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rejects_by_source": dg.MetadataValue.json(rejects)},
    )


@dg.asset_check(
    asset=REQUEST_LOGS_KEY,
    name="logs_are_recent",
    description="The newest event of every source is younger than logs.late_after_hours of configs/attribution.yml.",
)
def logs_are_recent(platform: PlatformResource) -> dg.AssetCheckResult:
    """A warning that names the sources which are late or never told of an event."""
    ages = platform.log_ages()
    allowed = platform.attribution_config().logs.late_after_hours
    late = {source: age for source, age in ages.items() if age is None or age > dt.timedelta(hours=allowed)}
    return dg.AssetCheckResult(
        passed=not late,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "late": dg.MetadataValue.json({source: _hours(age) for source, age in late.items()}),
            "hours_by_source": dg.MetadataValue.json({source: _hours(age) for source, age in ages.items()}),
            "late_after_hours": allowed,
        },
    )


def _hours(age: dt.timedelta | None) -> float | None:
    return None if age is None else round(age / dt.timedelta(hours=1), 1)


read_job = dg.define_asset_job(
    "read_request_logs",
    selection=dg.AssetSelection.assets(request_logs).without_checks()
    | dg.AssetSelection.checks(dg.AssetCheckKey(REQUEST_LOGS_KEY, _REJECTS)),
    description="Request logs that are new or have changed.",
)


@dg.sensor(job=read_job, minimum_interval_seconds=300)
def request_logs_sensor(
    context: dg.SensorEvaluationContext, platform: PlatformResource
) -> dg.SensorResult | dg.SkipReason:
    """One run for each state of the files that are to be read; files that could not be read are tried once a day."""
    if context.instance.get_runs(dg.RunsFilter(job_name=read_job.name, statuses=_UNFINISHED), limit=1):
        return dg.SkipReason("the logs are being read")
    unread = platform.unread_logs()
    for source, reason in unread.failed_sources.items():
        context.log.warning("source %s: %s", source, reason)
    if not unread.files:
        return dg.SkipReason("; ".join(["no log is new or has changed", *unread.failed_sources.values()]))
    state = f"{unread.fingerprint}-{platform.now().date().isoformat()}"
    if state == context.cursor:
        return dg.SkipReason("these files have been read as they are, and something failed")
    request = dg.RunRequest(run_key=f"logs-{state}", tags={"genai_finops/log_files": str(sum(unread.files.values()))})
    return dg.SensorResult(run_requests=[request], cursor=state)


def definitions() -> dg.Definitions:
    """The asset, its checks, job and sensor."""
    return dg.Definitions(
        assets=[request_logs], asset_checks=[logs_are_recent], jobs=[read_job], sensors=[request_logs_sensor]
    )
