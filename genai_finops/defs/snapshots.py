"""What the providers list, kept every hour between the extractions."""

import dagster as dg

from genai_finops.defs.column_schema import column_schema
from genai_finops.defs.resources import PlatformResource
from genai_finops.ingest.resource_snapshots import SnapshotReport
from genai_finops.schemas.tables.resources import PROVIDER_RESOURCES

SNAPSHOT_KEY = dg.AssetKey(["resources", PROVIDER_RESOURCES.name])
_RETRY = dg.RetryPolicy(max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)


@dg.asset(
    key=SNAPSHOT_KEY,
    group_name="resources",
    kinds={"python", "parquet"},
    owners=["team:data-platform"],
    retry_policy=_RETRY,
    description=PROVIDER_RESOURCES.description,
    metadata={"dagster/column_schema": column_schema(PROVIDER_RESOURCES)},
)
def resource_states(platform: PlatformResource) -> dg.MaterializeResult:
    """Keep what every credential's lists say now; fails, after all of them, when one could not be read."""
    report = platform.snapshot_resources()
    if report.failed:
        raise dg.Failure(
            description="\n".join(map(str, report.failed)),
            metadata=snapshot_metadata(report),
            allow_retries=report.is_worth_retrying,
        )
    return dg.MaterializeResult(metadata=snapshot_metadata(report))


def snapshot_metadata(report: SnapshotReport) -> dict[str, int]:
    """How much was listed, as numbers that the Dagster UI plots."""
    return {
        "resources": report.resources,
        "credentials": len(report.outcomes),
        "failed_credentials": len(report.failed),
    }


snapshot_job = dg.define_asset_job(
    "snapshot_resources",
    selection=dg.AssetSelection.assets(resource_states),
    description="What the providers list now: deployments, provisioned models, reservations.",
)


# Hourly, because reserved capacity is billed by the hour and a deleted resource is in no list.
@dg.schedule(job=snapshot_job, cron_schedule="0 * * * *", execution_timezone="UTC")
def snapshot_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run for each hour."""
    return dg.RunRequest(run_key=f"snapshot-{context.scheduled_execution_time.isoformat()}")


def definitions() -> dg.Definitions:
    """The asset, its job and its schedule."""
    return dg.Definitions(assets=[resource_states], jobs=[snapshot_job], schedules=[snapshot_schedule])
