"""When things run: extraction at 02:00 UTC, consolidation from 06:00 UTC on, as soon as the extractions have ended.

The price book is read from all its sources on Mondays at 04:00 UTC, and from what is packaged in every consolidation.
"""

import datetime as dt
import warnings
from collections.abc import Iterator

import dagster as dg

from genai_finops.defs.advice import ADVICE_GROUP
from genai_finops.defs.attribution import open_findings
from genai_finops.defs.budgets import kept_budgets
from genai_finops.defs.export import ALLOCATED_EXPORT_KEY
from genai_finops.defs.ingestion import freshness_checks, landing_key
from genai_finops.defs.open_day import OPEN_DAY_GROUP
from genai_finops.defs.partitions import range_tags
from genai_finops.defs.prices import price_book
from genai_finops.defs.request_logs import REQUEST_LOGS_GROUP, logs_are_recent
from genai_finops.defs.snapshots import resource_states
from genai_finops.ingest.plan import provider_configs, provider_flows
from genai_finops.ingest.usage import LANDING_TABLES
from genai_finops.providers.config import ProviderConfig
from genai_finops.settings import load_settings

EXTRACTION_TAG = "genai_finops/extraction"
#: UTC hour from which on the consolidation no longer waits for extractions that never started.
_LATEST_WAIT_HOUR = 9
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

# The freshness checks are about the clock, not about a run: their own sensor evaluates them.
_freshness_checks = freshness_checks()
_extracted = dg.AssetSelection.groups(*(f"ingest_{flow}" for flow in LANDING_TABLES))

extraction_job = dg.define_asset_job(
    "extract_usage",
    selection=_extracted - dg.AssetSelection.checks(*_freshness_checks),
    description="Read usage of a range of days from the providers into the lake.",
)
consolidation_job = dg.define_asset_job(
    "consolidate",
    selection=dg.AssetSelection.all()
    - _extracted
    - dg.AssetSelection.assets(resource_states, ALLOCATED_EXPORT_KEY)
    # Logs are read when they come; what is found in the attribution, and advice, is found after this run.
    - dg.AssetSelection.groups(ADVICE_GROUP, REQUEST_LOGS_GROUP, OPEN_DAY_GROUP)
    - dg.AssetSelection.checks(open_findings, kept_budgets, *_freshness_checks)
    | dg.AssetSelection.checks(logs_are_recent),
    description="Reference snapshots, prices, unified usage and costs, FOCUS 1.3 and its export, for a range of days.",
)
price_job = dg.define_asset_job(
    "refresh_prices",
    selection=dg.AssetSelection.assets(price_book),
    description="The price book from all sources: what is packaged and entered, the clouds' price lists, LiteLLM.",
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.SupersessionWarning)  # as in freshness_checks
    freshness_sensor = dg.build_sensor_for_freshness_checks(
        freshness_checks=_freshness_checks, default_status=dg.DefaultSensorStatus.RUNNING
    )


def refresh_range(today: dt.date, refresh_days: int) -> tuple[dt.date, dt.date]:
    """The closed days to read again: the last refresh_days of them, at least yesterday."""
    return today - dt.timedelta(days=max(refresh_days, 1)), today - dt.timedelta(days=1)


def _refresh_days(configs: dict[str, ProviderConfig], provider: str, flow: str) -> int:
    return configs[provider].flows[flow].refresh_days  # type: ignore[index]


@dg.schedule(job=extraction_job, cron_schedule="0 2 * * *", execution_timezone="UTC")
def extraction_schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """One run per provider and flow: its last refresh_days closed days, because providers restate them."""
    configs = dict(provider_configs(load_settings()))
    today = context.scheduled_execution_time.astimezone(dt.UTC).date()
    for provider, flow in provider_flows(configs):
        first, last = refresh_range(today, _refresh_days(configs, provider, flow))
        yield dg.RunRequest(
            run_key=f"extract-{provider}-{flow}-{today.isoformat()}",
            asset_selection=[landing_key(provider, flow)],
            tags={**range_tags(first, last), EXTRACTION_TAG: today.isoformat()},
        )


# After the extraction, before the consolidation: a price that changed reprices the days that are consolidated then.
@dg.schedule(job=price_job, cron_schedule="0 4 * * 1", execution_timezone="UTC")
def price_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """All sources once a week, because the price lists of the clouds are long and change rarely."""
    monday = context.scheduled_execution_time.astimezone(dt.UTC).date()
    all_sources = {"ops": {price_book.op.name: {"config": {"all_sources": True}}}}
    return dg.RunRequest(run_key=f"prices-{monday.isoformat()}", run_config=all_sources)


# Every quarter of an hour, so that a long extraction delays the consolidation instead of losing it; the run key
# makes it once a day.
@dg.schedule(job=consolidation_job, cron_schedule="*/15 6-11 * * *", execution_timezone="UTC")
def consolidation_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """The days that any provider re-reads, once all extractions of the day have ended."""
    configs = dict(provider_configs(load_settings()))
    moment = context.scheduled_execution_time.astimezone(dt.UTC)
    targets = provider_flows(configs)
    waiting = _waiting_for(context.instance, moment, len(targets))
    if waiting is not None:
        return dg.SkipReason(waiting)
    longest = max(_refresh_days(configs, provider, flow) for provider, flow in targets)
    return dg.RunRequest(
        run_key=f"consolidate-{moment.date().isoformat()}", tags=range_tags(*refresh_range(moment.date(), longest))
    )


def _waiting_for(instance: dg.DagsterInstance, moment: dt.datetime, expected: int) -> str | None:
    """Why the consolidation has to wait; None when it may start."""
    running = [
        run.run_id for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)) if EXTRACTION_TAG in run.tags
    ]
    if running:
        return f"extraction still running: {', '.join(running)}"
    started = instance.get_runs_count(dg.RunsFilter(tags={EXTRACTION_TAG: moment.date().isoformat()}))
    # A daemon that was down at 02:00 starts them late. After some hours stale days are better consolidated than not.
    if started < expected and moment.hour < _LATEST_WAIT_HOUR:
        return f"{expected - started} of {expected} extractions of the day have not started"
    return None


def definitions() -> dg.Definitions:
    """Jobs, schedules and the sensor of the freshness checks."""
    return dg.Definitions(
        jobs=[extraction_job, price_job, consolidation_job],
        schedules=[extraction_schedule, price_schedule, consolidation_schedule],
        sensors=[freshness_sensor],
    )
