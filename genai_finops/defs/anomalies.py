"""Anomalies: looked for whenever the attribution of days was evaluated, with alerts of them and of open findings."""

import datetime as dt

import dagster as dg

from genai_finops.defs.resources import PlatformResource
from genai_finops.defs.transform import warehouse_key
from genai_finops.schemas.tables.attribution import COST_ATTRIBUTION_DAILY, TENANT_COSTS_DAILY

_STATE_KEY = warehouse_key(COST_ATTRIBUTION_DAILY.name)
_EVALUATED_KEY = warehouse_key(TENANT_COSTS_DAILY.name)
_MAX_EVENTS = 1000
_LONGEST_WAIT = dt.timedelta(minutes=15)
_WRITING = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


# Running from the start, like the sensor that evaluates the attribution: it starts no run.
@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def anomaly_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult | dg.SkipReason:
    """Looks at the days that were attributed since, once for each state of them, after attribution_sensor."""
    if context.instance.get_runs(dg.RunsFilter(statuses=_WRITING), limit=1):
        return dg.SkipReason("a run is writing; the days are looked at when it has ended")
    found = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=_STATE_KEY, after_storage_id=int(context.cursor) if context.cursor else None),
        limit=_MAX_EVENTS,
        ascending=True,
    )
    if not found.records:
        return dg.SkipReason("no day was attributed since")
    last = found.records[-1].storage_id
    # Findings of the attribution are raised with the anomalies: its evaluation goes first. Of days that it does not
    # look at it tells nothing, and these are not waited for.
    evaluated = context.instance.fetch_observations(_EVALUATED_KEY, limit=1).records
    is_evaluated = bool(evaluated) and evaluated[0].storage_id > last
    age = platform.now() - dt.datetime.fromtimestamp(found.records[-1].timestamp, dt.UTC)
    if not is_evaluated and age < _LONGEST_WAIT:
        return dg.SkipReason("the attribution of the days is not evaluated yet")
    days = {dt.date.fromisoformat(record.partition_key) for record in found.records if record.partition_key}
    platform.scan_anomalies(days)
    return dg.SensorResult(cursor=str(last))


def definitions() -> dg.Definitions:
    """The sensor."""
    return dg.Definitions(sensors=[anomaly_sensor])
