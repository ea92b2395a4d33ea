"""One asset for each provider and flow, with its checks. The list comes from configs/providers."""

import datetime as dt
import warnings

import dagster as dg
from pydantic import Field

from genai_finops.defs.column_schema import column_schema
from genai_finops.defs.partitions import DAILY, window_of
from genai_finops.defs.resources import PlatformResource
from genai_finops.ingest.outcome import IngestReport, failure_summary
from genai_finops.ingest.plan import provider_configs, provider_flows
from genai_finops.ingest.stored import stored_totals
from genai_finops.ingest.usage import LANDING_TABLES
from genai_finops.providers.config import ProviderConfig
from genai_finops.settings import load_settings

#: Seconds before the first repeat; the HTTP layer has already repeated single requests within its own bounds.
_RETRY = dg.RetryPolicy(max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)
#: A day is closed at midnight and extracted at 02:00.
_DEADLINE = "0 5 * * *"


class UsageConfig(dg.Config):
    """What a run may limit itself to."""

    orgs: list[str] = Field(default=[], description="Organisations to read; none named means all of them.")


def landing_key(provider: str, flow: str) -> dg.AssetKey:
    """Key of the landing asset of a provider and flow."""
    return dg.AssetKey(["landing", provider, f"{flow}_usage"])


def build_usage_asset(provider: str, flow: str, config: ProviderConfig) -> dg.AssetsDefinition:
    """The landing asset of one provider and flow."""
    values = config.flows[flow]  # type: ignore[index]

    @dg.asset(
        key=landing_key(provider, flow),
        group_name=f"ingest_{flow}",
        kinds={"python", "parquet"},
        tags={"provider": provider, "flow": flow},
        owners=["team:data-platform"],
        partitions_def=DAILY,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=_RETRY,
        pool=f"provider_{provider}",
        description=(
            f"{config.name} {flow} usage as the provider reports it, landed as one Parquet file per replace key. "
            f"{LANDING_TABLES[flow].description} {config.finality}"
        ),
        metadata={
            "refresh_days": values.refresh_days,
            "start_date": values.start_date.isoformat(),
            "dagster/column_schema": column_schema(LANDING_TABLES[flow]),
        },
    )
    def usage(
        context: dg.AssetExecutionContext, config: UsageConfig, platform: PlatformResource
    ) -> dg.MaterializeResult:
        window = window_of(context)
        report = platform.ingest(provider, flow, window, config.orgs, context.op_execution_context.run_id)
        raise_failures(context, report)
        for day in window.days:
            context.add_asset_metadata(day_metadata(report.of_day(day)), partition_key=day.isoformat())
        return dg.MaterializeResult(
            metadata={
                "window": f"[{window.start.isoformat()}, {window.end.isoformat()})",
                **traffic_metadata(report),
                "rows_in_window": report.rows,
                "tokens_in_window": str(report.tokens),
            }
        )

    return usage


def raise_failures(context: dg.AssetExecutionContext, report: IngestReport) -> None:
    """Record the days that did go well, then fail the run when any credential failed.

    A permanent reason (a refused key, a page of an unknown shape) stops Dagster's retries.
    """
    if not report.failed:
        return
    failed_days = {outcome.day for outcome in report.failed}
    for day in sorted({outcome.day for outcome in report.outcomes} - failed_days):
        context.log_event(
            dg.AssetMaterialization(
                asset_key=context.asset_key, partition=day.isoformat(), metadata=day_metadata(report.of_day(day))
            )
        )
    raise dg.Failure(
        description=failure_summary(report),
        metadata={
            "failed_partitions": len(report.failed),
            "landed_partitions": len(report.outcomes) - len(report.failed),
            **traffic_metadata(report),
        },
        allow_retries=report.is_worth_retrying,
    )


def traffic_metadata(report: IngestReport) -> dict[str, int | float]:
    """What reading took, as numbers that the Dagster UI plots."""
    return {
        "http_requests": report.http_requests,
        "http_retries": report.http_retries,
        "seconds": round(report.seconds, 3),
    }


def day_metadata(report: IngestReport) -> dict[str, dg.MetadataValue]:
    """What the Dagster UI shows of one day."""
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(report.rows),
        "requests": dg.MetadataValue.text(str(report.requests)),
        "tokens": dg.MetadataValue.text(str(report.tokens)),
        "credentials": dg.MetadataValue.json([f"{outcome.org}.{outcome.credential}" for outcome in report.outcomes]),
        "empty_credentials": dg.MetadataValue.int(report.count("empty")),
    }


def build_landing_check(provider: str, flow: str) -> dg.AssetChecksDefinition:
    """What lies in the lake is what the run said it landed."""

    @dg.asset_check(
        asset=landing_key(provider, flow),
        name="stored_rows_match_metadata",
        description="Rows and tokens in the landing files of the newest partition equal what the run reported.",
    )
    def stored_rows_match_metadata(
        context: dg.AssetCheckExecutionContext, platform: PlatformResource
    ) -> dg.AssetCheckResult:
        event = context.instance.get_latest_materialization_event(landing_key(provider, flow))
        materialization = event.asset_materialization if event else None
        if materialization is None or materialization.partition is None:
            return dg.AssetCheckResult(passed=True, description="Nothing has been materialised yet.")
        stored = stored_totals(
            platform.lake(),
            provider,
            flow,
            dt.date.fromisoformat(materialization.partition),
            [tuple(name.split(".", 1)) for name in materialization.metadata["credentials"].value],
        )
        reported = {
            "rows": materialization.metadata["dagster/partition_row_count"].value,
            "tokens": materialization.metadata["tokens"].value,
        }
        found = {"rows": stored.rows, "tokens": str(stored.tokens)}
        return dg.AssetCheckResult(
            passed=found == reported,
            metadata={"partition": materialization.partition, "stored": found, "reported": reported},
        )

    return stored_rows_match_metadata


def freshness_checks() -> list[dg.AssetChecksDefinition]:
    """Whether yesterday was extracted by the deadline. It looks at the newest partition, not at the newest run: reading
    an old day again does not make the data fresh."""
    keys = [landing_key(provider, flow) for provider, flow in provider_flows(provider_configs(load_settings()))]
    with warnings.catch_warnings():
        # Superseded by FreshnessPolicy, which knows no partitions.
        warnings.simplefilter("ignore", dg.SupersessionWarning)
        return list(dg.build_time_partition_freshness_checks(assets=keys, deadline_cron=_DEADLINE))


def definitions() -> dg.Definitions:
    """Assets and checks of every provider and flow."""
    configs = provider_configs(load_settings())
    targets = provider_flows(configs)
    return dg.Definitions(
        assets=[build_usage_asset(provider, flow, configs[provider]) for provider, flow in targets],
        asset_checks=[*(build_landing_check(*target) for target in targets), *freshness_checks()],
    )
