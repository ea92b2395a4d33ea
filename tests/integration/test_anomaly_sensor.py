"""When the sensor of anomalies looks, what it waits for, and that it raises open findings once."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from genai_finops.control.alert_log import list_alerts
from genai_finops.control.attribution_findings import Finding, record_findings
from genai_finops.control.database import open_database, reading, writing
from genai_finops.defs import anomalies
from genai_finops.defs.resources import PlatformResource
from genai_finops.settings import load_settings

NOW = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 4)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("GENAI_FINOPS_HOME", str(tmp_path))
    monkeypatch.setenv("GENAI_FINOPS_SIMULATED_NOW", "2026-11-05T12:00:00Z")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute((repository / "genai_finops/schemas/rendered/duckdb.sql").read_text(encoding="utf-8"))
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def look(instance: dg.DagsterInstance, cursor: str | None = None) -> Any:
    context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"platform": PlatformResource()})
    return anomalies.anomaly_sensor(context)


def attribute(instance: dg.DagsterInstance) -> None:
    instance.report_runless_asset_event(
        dg.AssetMaterialization(asset_key=anomalies._STATE_KEY, partition=DAY.isoformat())
    )


def evaluate(instance: dg.DagsterInstance) -> None:
    instance.report_runless_asset_event(dg.AssetObservation(asset_key=anomalies._EVALUATED_KEY))


def test_it_waits_until_the_attribution_is_evaluated_and_looks_once(instance: dg.DagsterInstance) -> None:
    assert look(instance).skip_message == "no day was attributed since"
    attribute(instance)
    assert look(instance).skip_message == "the attribution of the days is not evaluated yet"
    evaluate(instance)
    looked = look(instance)
    assert look(instance, looked.cursor).skip_message == "no day was attributed since"


def test_it_does_not_wait_for_an_evaluation_that_tells_nothing(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    attribute(instance)
    monkeypatch.setattr(anomalies, "_LONGEST_WAIT", dt.timedelta(0))
    assert look(instance).cursor


def test_an_open_finding_is_an_alert_once(instance: dg.DagsterInstance) -> None:
    engine = open_database(load_settings())
    finding = Finding(
        finding_id="new_tenant:x",
        org="acme",
        kind="new_tenant",
        severity="info",
        tenant_id="<b>x",
        usage_date=DAY,
        message="tenant x is new",
    )
    with writing(engine) as session:
        record_findings(session, [finding], NOW)
    attribute(instance)
    evaluate(instance)
    for _ in range(2):
        look(instance)
    with reading(engine) as session:
        assert [(row.owner, row.kind) for row in list_alerts(session)] == [("acme", "finding")]
    engine.dispose()
