"""The sensors of attribution: what they ask for, once, and what they find in a warehouse."""

import datetime as dt
import json
import os
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl
import pytest
from dagster._core.test_utils import create_run_for_test

from genai_finops.control.attribution_findings import list_findings
from genai_finops.control.database import open_database, reading
from genai_finops.defs.attribution import (
    CHECK,
    MAX_RANGES,
    attribution_sensor,
    open_findings,
    touched_days_sensor,
)
from genai_finops.defs.request_logs import REQUEST_LOGS_KEY, logs_are_recent, request_logs, request_logs_sensor
from genai_finops.defs.resources import PlatformResource
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.types import TYPES
from genai_finops.settings import load_settings

TODAY = dt.date(2026, 11, 5)
STATE = dg.AssetKey(["warehouse", "genai_cost_attribution_daily"])
SOURCE = "org: acme\nformat: recorded\nlocation: {folder}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of this process, on a morning, with one source of logs that has none yet."""
    monkeypatch.setenv("GENAI_FINOPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GENAI_FINOPS_SIMULATED_NOW", "2026-11-05T00:00:00Z")
    (tmp_path / "sources").mkdir()
    (tmp_path / "logs").mkdir()
    (tmp_path / "sources" / "app.yml").write_text(SOURCE.format(folder=tmp_path / "logs"))
    monkeypatch.setenv("GENAI_FINOPS_REQUEST_LOGS_CONFIG", str(tmp_path / "sources"))
    return tmp_path


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def tick(sensor: Any, instance: dg.DagsterInstance, cursor: str | None = None) -> Any:
    return sensor(dg.build_sensor_context(instance=instance, cursor=cursor, resources={"platform": PlatformResource()}))


def land(instance: dg.DagsterInstance, days: Iterable[dt.date]) -> None:
    metadata = {"days": dg.MetadataValue.json([day.isoformat() for day in days])}
    instance.report_runless_asset_event(dg.AssetMaterialization(REQUEST_LOGS_KEY, metadata=metadata))


def ranges(result: Any) -> list[tuple[str, str]]:
    return [
        (
            request.tags["dagster/asset_partition_range_start"],
            request.tags["dagster/asset_partition_range_end"],
        )
        for request in result.run_requests
    ]


def test_days_that_logs_touched_are_attributed_again_with_their_neighbours(
    home: Path, instance: dg.DagsterInstance
) -> None:
    land(instance, [dt.date(2026, 9, 10)])
    land(instance, [dt.date(2026, 9, 11), dt.date(2026, 10, 1)])
    assert ranges(tick(touched_days_sensor, instance)) == [("2026-09-09", "2026-09-12"), ("2026-09-30", "2026-10-02")]


def test_one_landing_is_attributed_once(home: Path, instance: dg.DagsterInstance) -> None:
    land(instance, [dt.date(2026, 9, 10)])
    first = tick(touched_days_sensor, instance)
    assert isinstance(tick(touched_days_sensor, instance, first.cursor), dg.SkipReason)


def test_a_backlog_becomes_few_runs(home: Path, instance: dg.DagsterInstance) -> None:
    land(instance, [dt.date(2026, 1, 1) + dt.timedelta(days=5 * number) for number in range(40)])
    found = ranges(tick(touched_days_sensor, instance))
    assert len(found) == MAX_RANGES
    assert (found[0][0], found[-1][1]) == ("2025-12-31", "2026-07-16")


def test_days_that_are_not_over_are_left_to_the_consolidation(home: Path, instance: dg.DagsterInstance) -> None:
    land(instance, [TODAY, TODAY + dt.timedelta(days=1)])
    assert ranges(tick(touched_days_sensor, instance)) == [("2026-11-04", "2026-11-04")]


def rows_of(name: str, rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """Rows of a table of the register; what is not given is 0 or a text."""
    table = TABLES[name]
    filler = {
        "string": "text",
        "date": TODAY,
        "cost": Decimal(0),
        "quantity": Decimal(0),
        "ratio": Decimal(0),
        "int": 0,
    }
    given = [{c.name: row.get(c.name, None if c.nullable else filler[c.type]) for c in table.columns} for row in rows]
    return pl.DataFrame(given, schema={column.name: TYPES[column.type].polars for column in table.columns})


@pytest.fixture
def warehouse(home: Path) -> Path:
    """A month of tenant web, a conversation of yesterday that cost 11, and an account whose logs tell of 62 %."""
    path = load_settings().warehouse_path
    path.parent.mkdir(parents=True)
    yesterday = TODAY - dt.timedelta(days=1)
    common = {"x_org_slug": "acme", "provider": "openai", "currency": "USD", "tenant_id": "web"}
    days = [TODAY - dt.timedelta(days=number) for number in range(1, 30)]
    tables = {
        "genai_tenant_costs_daily": [
            {**common, "usage_date": day, "x_ingestion_date": day, "effective_cost": Decimal(20)} for day in days
        ],
        "genai_conversation_costs_daily": [
            {
                **common,
                "conversation_id": name,
                "usage_date": yesterday,
                "x_ingestion_date": yesterday,
                "effective_cost": Decimal(cost),
            }
            for name, cost in (("long", 11), ("short", 9))
        ],
        "genai_attribution_coverage_daily": [
            {
                **common,
                "usage_date": yesterday,
                "x_ingestion_date": yesterday,
                "x_genai_account_id": "org-1",
                "charge_id": reason or "named",
                "effective_cost": Decimal(effective),
                "attributed_cost": Decimal(attributed),
                "unattributed_reason": reason,
            }
            for reason, effective, attributed in ((None, 6, 6), ("incomplete_log", 4, Decimal("0.2")))
        ],
    }
    with duckdb.connect(str(path)) as connection:
        for name, rows in tables.items():
            frame = rows_of(name, rows)
            connection.execute(f'create table "{name}" as select * from frame')  # noqa: S608 - a name of the register
            del frame
    return path


def attribute(instance: dg.DagsterInstance, *days: dt.date) -> None:
    for day in days:
        instance.report_runless_asset_event(dg.AssetMaterialization(STATE, partition=day.isoformat()))


def stored() -> list[tuple[str, bool]]:
    engine = open_database(load_settings())
    with reading(engine) as session:
        found = [(row.kind, row.resolved_at is None) for row in list_findings(session, include_resolved=True)]
    engine.dispose()
    return sorted(found)


def test_new_days_are_evaluated_and_what_is_found_is_stored_and_shown(
    warehouse: Path, instance: dg.DagsterInstance
) -> None:
    attribute(instance, TODAY - dt.timedelta(days=1))

    observation, check = tick(attribution_sensor, instance).asset_events

    assert stored() == [("dear_conversation", True), ("low_coverage", True)]
    assert (observation.metadata["tenants"].value, observation.metadata["raised"].value) == (1, 2)
    assert (check.check_name, check.passed, check.severity) == (CHECK, False, dg.AssetCheckSeverity.WARN)
    assert "6.20 USD of 10.00 USD" in json.dumps([row.data for row in check.metadata["findings"].value.records])


def test_one_state_of_the_days_is_evaluated_once(warehouse: Path, instance: dg.DagsterInstance) -> None:
    attribute(instance, TODAY - dt.timedelta(days=1))
    first = tick(attribution_sensor, instance)
    assert isinstance(tick(attribution_sensor, instance, first.cursor), dg.SkipReason)


def test_a_finding_that_no_longer_holds_is_resolved_when_its_day_is_attributed_again(
    warehouse: Path, instance: dg.DagsterInstance
) -> None:
    attribute(instance, TODAY - dt.timedelta(days=1))
    first = tick(attribution_sensor, instance)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update genai_attribution_coverage_daily set attributed_cost = effective_cost")
    attribute(instance, TODAY - dt.timedelta(days=2))
    second = tick(attribution_sensor, instance, first.cursor)
    assert stored() == [("dear_conversation", True), ("low_coverage", True)]

    attribute(instance, TODAY - dt.timedelta(days=1))
    tick(attribution_sensor, instance, second.cursor)

    assert stored() == [("dear_conversation", True), ("low_coverage", False)]


def test_days_are_not_evaluated_while_a_run_writes_them(warehouse: Path, instance: dg.DagsterInstance) -> None:
    attribute(instance, TODAY - dt.timedelta(days=1))
    create_run_for_test(instance, job_name="consolidate", status=dg.DagsterRunStatus.STARTED)
    assert isinstance(tick(attribution_sensor, instance), dg.SkipReason)


def test_the_check_shows_what_is_open(warehouse: Path, instance: dg.DagsterInstance) -> None:
    assert open_findings(platform=PlatformResource()).passed
    attribute(instance, TODAY - dt.timedelta(days=1))
    tick(attribution_sensor, instance)
    assert not open_findings(platform=PlatformResource()).passed


def write_log(home: Path, *ids: str, broken: bool = False, name: str = "a.jsonl") -> Path:
    path = home / "logs" / name
    lines = [
        json.dumps(
            {
                "request_id": found,
                "started_at": "2026-11-03T12:00:00Z",
                "provider": "openai",
                "provider_model_id": "gpt-4.1",
                "uncached_input": 10,
                "output": 5,
            }
        )
        for found in ids
    ]
    path.write_text("".join(f"{line}\n" for line in [*lines, *(["{broken"] * broken)]))
    an_hour_ago = dt.datetime.now(dt.UTC).timestamp() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))
    return path


def read(instance: dg.DagsterInstance, *, raise_on_error: bool = True) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [request_logs],
        instance=instance,
        resources={"platform": PlatformResource()},
        raise_on_error=raise_on_error,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )


def test_new_and_grown_logs_are_asked_for_once_each(home: Path, instance: dg.DagsterInstance) -> None:
    assert isinstance(tick(request_logs_sensor, instance), dg.SkipReason)
    write_log(home, "1")
    new = tick(request_logs_sensor, instance)
    assert isinstance(tick(request_logs_sensor, instance, new.cursor), dg.SkipReason)
    assert read(instance).success
    assert isinstance(tick(request_logs_sensor, instance), dg.SkipReason)
    write_log(home, "1", "2")
    grown = tick(request_logs_sensor, instance, new.cursor)

    assert new.run_requests[0].run_key != grown.run_requests[0].run_key


def test_a_sensor_that_has_forgotten_everything_asks_for_the_same_run(home: Path, instance: dg.DagsterInstance) -> None:
    write_log(home, "1")
    first, again = (tick(request_logs_sensor, instance) for _ in range(2))
    assert first.run_requests[0].run_key == again.run_requests[0].run_key


def test_a_run_says_what_it_read_and_which_days_it_touched(home: Path, instance: dg.DagsterInstance) -> None:
    write_log(home, "1", "2", broken=True)

    result = read(instance)

    [event] = result.asset_materializations_for_node("landing__request_logs")
    [check] = result.get_asset_check_evaluations()
    found = {name: event.metadata[name].value for name in ("files_read", "events", "rejects", "days")}
    assert found == {"files_read": 1, "events": 2, "rejects": 1, "days": ["2026-11-03"]}
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert ranges(tick(touched_days_sensor, instance)) == [("2026-11-02", "2026-11-04")]


def test_a_file_that_cannot_be_read_fails_the_run_after_the_others_were_landed(
    home: Path, instance: dg.DagsterInstance
) -> None:
    write_log(home, "1")
    damaged = write_log(home, "2", name="b.jsonl.gz")

    result = read(instance, raise_on_error=False)

    assert not result.success
    assert damaged.name in str([event.step_failure_data for event in result.all_events if event.is_step_failure])
    assert ranges(tick(touched_days_sensor, instance)) == [("2026-11-02", "2026-11-04")]


def test_a_source_is_late_when_its_newest_event_is_old(
    home: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not logs_are_recent(platform=PlatformResource()).passed
    write_log(home, "1")
    read(instance)
    assert logs_are_recent(platform=PlatformResource()).passed
    monkeypatch.setenv("GENAI_FINOPS_SIMULATED_NOW", "2026-11-05T00:00:01Z")
    assert not logs_are_recent(platform=PlatformResource()).passed
