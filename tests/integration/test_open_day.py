"""The day that is not over: read over live providers, built by a job that touches no partition."""

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from genai_finops.control.credentials import add_credential
from genai_finops.control.database import open_database, writing
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.secret import Secret
from genai_finops.defs.attribution import touched_days_sensor
from genai_finops.defs.open_day import USAGE_KEY, spend, usage
from genai_finops.defs.resources import PlatformResource
from genai_finops.ingest.open_day import OpenDayReport, read_open_day
from genai_finops.ingest.outcome import IngestReport, PartitionOutcome
from genai_finops.ingest.request_logs import LogFileOutcome, LogReadReport
from genai_finops.settings import Settings
from genai_finops.simulator.running import running_simulator
from genai_finops.simulator.scenario import Scenario

TODAY = dt.date(2026, 11, 4)
NOON = dt.datetime.combine(TODAY, dt.time(12), dt.UTC)
LATE_DAY = TODAY - dt.timedelta(days=9)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture(scope="module")
def simulator_at_noon() -> Iterator[Any]:
    with running_simulator(scenario=Scenario(orgs=("acme",), first_day=TODAY, last_day=TODAY), now=NOON) as running:
        yield running


def add_acme(settings: Settings, simulator: Any, *providers: str) -> None:
    """The organisation with a credential for each of these providers."""
    entry: dict[str, Any] = {"update": False, "now": NOON, "actor": "test"}
    engine = open_database(settings)
    with writing(engine) as session:
        add_organisation(session, slug="acme", name="Acme", currency="USD", **entry)
        for provider in providers:
            account = {"org_slug": "acme", "provider": provider, "account_id": simulator.account_id("acme", provider)}
            options = simulator.account_options("acme", provider)
            add_account(session, **account, name=provider, options=options, **entry)
            add_credential(
                session, settings, **account, secret=Secret.of(simulator.admin_key("acme", provider)), **entry
            )
    engine.dispose()


def test_a_provider_that_fails_stops_no_other_and_what_is_read_does_not_close_the_day(
    simulator_at_noon: Any, tmp_path: Path
) -> None:
    environ = {**simulator_at_noon.environment(), "GENAI_FINOPS_HOME": str(tmp_path / "home")}
    settings = Settings.from_environment(environ, tmp_path)
    add_acme(settings, simulator_at_noon, "openai", "anthropic")
    simulator_at_noon.set_fault("openai", "unauthorized")

    report = read_open_day(settings, now=dt.datetime.now(dt.UTC), run_id="run-1", clock=time.monotonic)

    landed = f"{settings.lake_url}/landing/genai_payg_usage_raw/day={TODAY}/anthropic/*.parquet"
    reading = f"select distinct usage_date, x_ingested_at at time zone 'UTC' from '{landed}'"  # noqa: S608 - a path of the test
    assert duckdb.sql(reading).fetchall() == [(TODAY, NOON.replace(tzinfo=None))]
    assert [problem.split(" ")[0] for problem in report.problems] == ["openai.payg"]


class _Platform(PlatformResource):
    """Reads late logs of one closed day and of today, and one provider that refuses."""

    def today(self) -> dt.date:
        return TODAY

    def read_open_day(self, run_id: str) -> OpenDayReport:  # noqa: ARG002 - as in the real one
        late = LogFileOutcome(source="gateway", org="acme", log_file="a", status="new", days=(LATE_DAY, TODAY))
        refused = PartitionOutcome(
            provider="openai", flow="payg", org="acme", credential="c", day=TODAY, status="failed", reason="refused"
        )
        return OpenDayReport(
            day=TODAY,
            logs=LogReadReport(outcomes=(late,), failed_sources={}, seconds=0),
            usage=IngestReport(outcomes=(refused,), http_requests=1, http_retries=0, seconds=0),
        )


@pytest.fixture(scope="module")
def read() -> tuple[dg.DagsterInstance, dg.ExecuteInProcessResult]:
    """The reading asset, run once."""
    instance = dg.DagsterInstance.ephemeral()
    result = dg.materialize(
        [usage, spend], selection=[usage], resources={"platform": _Platform()}, instance=instance, run_config=QUIET
    )
    return instance, result


def test_what_cannot_be_read_is_a_warning_so_that_the_rest_is_built(read: Any) -> None:
    _, result = read
    (check,) = result.get_asset_check_evaluations()
    problems = check.metadata["problems"].value
    assert (result.success, check.passed, check.severity) == (True, False, dg.AssetCheckSeverity.WARN)
    assert problems == [f"openai.payg acme/c {TODAY}: failed (refused)"]


def test_of_the_logs_that_the_open_day_has_read_only_late_ones_have_closed_days_attributed_again(read: Any) -> None:
    instance, _ = read
    assert instance.get_latest_materialization_event(USAGE_KEY).asset_materialization.partition is None
    context = dg.build_sensor_context(instance=instance, resources={"platform": _Platform()})
    found = touched_days_sensor(context)
    days = {request.tags["dagster/asset_partition_range_start"] for request in found.run_requests}
    assert days == {(LATE_DAY - dt.timedelta(days=1)).isoformat()}
