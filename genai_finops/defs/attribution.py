"""Attribution after the fact: days that late logs touched are built again, and every new state of days is evaluated."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from genai_finops.attribution.evaluation import Evaluation, OrganisationEvaluation
from genai_finops.attribution.touched_days import few_ranges, with_neighbours
from genai_finops.control.attribution_findings import list_findings
from genai_finops.control.database import open_database, reading
from genai_finops.defs.partitions import FIRST_DAY, range_tags
from genai_finops.defs.request_logs import DAYS_METADATA, REQUEST_LOGS_KEY
from genai_finops.defs.resources import PlatformResource
from genai_finops.defs.transform import warehouse_key
from genai_finops.schemas.tables.attribution import COST_ATTRIBUTION_DAILY, TENANT_COSTS_DAILY
from genai_finops.schemas.tables.focus_allocated import COST_DATA_STANDARD_1_3_ALLOCATED

#: A backlog of logs touches many days: they become no more runs than this, over some days that nothing touched.
MAX_RANGES = 4
CHECK = "attribution_is_as_expected"
_EVALUATED_KEY = warehouse_key(TENANT_COSTS_DAILY.name)
_STATE_KEY = warehouse_key(COST_ATTRIBUTION_DAILY.name)
_MAX_EVENTS = 1000
_MAX_SHOWN = 100
_WRITING = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]

attribute_job = dg.define_asset_job(
    "attribute",
    selection=dg.AssetSelection.groups("attribution")
    | dg.AssetSelection.assets(warehouse_key(COST_DATA_STANDARD_1_3_ALLOCATED.name)),
    description="Who caused the cost, for a range of days: after request logs came late, or rules were entered.",
)


def _events_since(context: dg.SensorEvaluationContext, key: dg.AssetKey) -> list[dg.EventLogRecord]:
    after = int(context.cursor) if context.cursor else None
    found = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, after_storage_id=after), limit=_MAX_EVENTS, ascending=True
    )
    return list(found.records)


@dg.sensor(job=attribute_job, minimum_interval_seconds=60)
def touched_days_sensor(
    context: dg.SensorEvaluationContext, platform: PlatformResource
) -> dg.SensorResult | dg.SkipReason:
    """The days that newly landed logs tell of, as few ranges. Days that are not over are left to the consolidation."""
    records = _events_since(context, REQUEST_LOGS_KEY)
    if not records:
        return dg.SkipReason("no logs were landed since")
    days = {day for record in records for day in _days_of(record)}
    today = platform.today()
    closed = {day for day in with_neighbours(days) if dt.date.fromisoformat(FIRST_DAY) <= day < today}
    state = str(records[-1].storage_id)
    requests = [
        dg.RunRequest(run_key=f"attribute-{state}-{first}-{last}", tags=range_tags(first, last))
        for first, last in few_ranges(closed, at_most=MAX_RANGES)
    ]
    return dg.SensorResult(run_requests=requests, cursor=state)


def _days_of(record: dg.EventLogRecord) -> list[dt.date]:
    materialization = record.asset_materialization
    value = materialization.metadata.get(DAYS_METADATA) if materialization else None
    return [dt.date.fromisoformat(day) for day in value.value] if isinstance(value, dg.JsonMetadataValue) else []  # type: ignore[union-attr]


# Running from the start, like the sensor of the freshness checks: it starts no run.
@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def attribution_sensor(
    context: dg.SensorEvaluationContext, platform: PlatformResource
) -> dg.SensorResult | dg.SkipReason:
    """Evaluates coverage and cost per tenant of the days that were attributed since, once for each state of them."""
    if context.instance.get_runs(dg.RunsFilter(statuses=_WRITING), limit=1):
        return dg.SkipReason("a run is writing; the days are evaluated when it has ended")
    records = _events_since(context, _STATE_KEY)
    if not records:
        return dg.SkipReason("no day was attributed since")
    days = {dt.date.fromisoformat(record.partition_key) for record in records if record.partition_key}
    evaluation = platform.evaluate_attribution(days)
    return dg.SensorResult(asset_events=list(_asset_events(evaluation)), cursor=str(records[-1].storage_id))


def _asset_events(evaluation: Evaluation) -> Iterator[dg.AssetObservation | dg.AssetCheckEvaluation]:
    if not evaluation.days:
        return
    for organisation in evaluation.organisations:
        yield dg.AssetObservation(
            asset_key=_EVALUATED_KEY,
            description=f"{organisation.org}: {len(organisation.findings)} findings",
            metadata=_metadata(evaluation, organisation),
        )
    yield dg.AssetCheckEvaluation(
        asset_key=_EVALUATED_KEY,
        check_name=CHECK,
        passed=not evaluation.findings,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "days": [day.isoformat() for day in evaluation.days],
            "findings": _table([(found.org, found.kind, found.message) for found in evaluation.findings]),
        },
    )


def _metadata(evaluation: Evaluation, organisation: OrganisationEvaluation) -> dict[str, dg.MetadataValue]:
    return {
        "organisation": dg.MetadataValue.text(organisation.org),
        "first_day": dg.MetadataValue.text(evaluation.days[0].isoformat()),
        "last_day": dg.MetadataValue.text(evaluation.days[-1].isoformat()),
        "tenants": dg.MetadataValue.int(organisation.tenants),
        "raised": dg.MetadataValue.int(organisation.raised),
        "resolved": dg.MetadataValue.int(organisation.resolved),
        **{kind: dg.MetadataValue.int(count) for kind, count in organisation.by_kind.items()},
    }


def _table(findings: list[tuple[str, str, str]]) -> dg.MetadataValue:
    rows = [dg.TableRecord({"organisation": org, "kind": kind, "message": message}) for org, kind, message in findings]
    columns = [dg.TableColumn(name) for name in ("organisation", "kind", "message")]
    return dg.MetadataValue.table(rows[:_MAX_SHOWN], schema=dg.TableSchema(columns=columns))


@dg.asset_check(
    asset=_EVALUATED_KEY,
    name=CHECK,
    description="No finding is open: coverage is above its threshold, tenants come and go as before, no tenant is "
    "off its pattern, no conversation above its mark. The attribution sensor evaluates it after every consolidation.",
)
def open_findings(platform: PlatformResource) -> dg.AssetCheckResult:
    """What is open now, without looking again."""
    engine = open_database(platform.settings())
    with reading(engine) as session:
        found = [(row.org_slug, row.kind, row.message) for row in list_findings(session)]
    engine.dispose()
    return dg.AssetCheckResult(
        passed=not found, severity=dg.AssetCheckSeverity.WARN, metadata={"findings": _table(found)}
    )


def definitions() -> dg.Definitions:
    """The job, the sensors and the check of the findings."""
    return dg.Definitions(
        jobs=[attribute_job], sensors=[touched_days_sensor, attribution_sensor], asset_checks=[open_findings]
    )
