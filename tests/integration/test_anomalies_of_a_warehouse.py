"""Anomalies and explanations over a warehouse by hand: weeks of one model, and a day that cost three times as much."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from genai_finops.anomalies.scan import Scan, scan_anomalies
from genai_finops.cli import main
from genai_finops.control.alert_log import list_alerts
from genai_finops.control.database import open_database, reading
from genai_finops.settings import Settings

FIRST, LAST = dt.date(2026, 10, 14), dt.date(2026, 11, 4)
NOW = dt.datetime(2026, 11, 5, 8, tzinfo=dt.UTC)
_DAYS = "select unnest(range(date '2026-10-14', date '2026-11-05', interval 1 day))::date as day"
#: Tokens follow cost: nothing but the volume changes.
_COST = "(case when day = date '2026-11-04' then 300 else 100 end)"
_ROWS = f"""
    insert into genai_cost_attribution_daily by name
    select day as usage_date, day as x_ingestion_date, 'payg' as flow, 'openai' as provider, 'gpt-5' as model_id,
        'web' as tenant_id, 'USD' as currency, {_COST} as effective_cost, 'acme' as x_org_slug,
        'a1' as x_genai_account_id
    from ({_DAYS});
    insert into cost_data_standard_1_3_allocated by name
    select day as "x_IngestionDate", 'payg' as "x_Flow", 'OPENAI' as "x_GenaiProvider", 'gpt-5' as "x_ModelId",
        'output' as "x_Meter", 'standard' as "x_ServiceTier", 'web' as "x_TenantId", 'USD' as "BillingCurrency",
        'Usage' as "ChargeCategory", {_COST} * 1000 as "ConsumedQuantity", {_COST} as "EffectiveCost",
        'acme' as "x_OrgSlug", 'a1' as "x_GenaiAccountId"
    from ({_DAYS});
    insert into genai_usage_daily_unified by name
    select day as usage_date, day as x_ingestion_date, 'openai' as provider, 'acme' as x_org_slug, 'payg' as flow,
        'output' as meter, 'gpt-5' as model_id, 'a1' as x_genai_account_id, {_COST} * 1000 as quantity,
        day + interval 30 hour as x_ingested_at
    from ({_DAYS});
"""  # noqa: S608 - constants of this file


@pytest.fixture
def settings(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    environ = {"GENAI_FINOPS_HOME": str(tmp_path), "GENAI_FINOPS_SIMULATED_NOW": "2026-11-05T08:00:00Z"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    settings = Settings.from_environment(environ, tmp_path)
    ddl = (repository / "genai_finops/schemas/rendered/duckdb.sql").read_text(encoding="utf-8")
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        # Rows name the columns that are read, and no others.
        connection.execute(ddl.replace(" not null", ""))
        connection.execute(_ROWS)
    return settings


def scan(settings: Settings) -> Scan:
    return scan_anomalies(settings, [LAST], now=NOW)


def alerts(settings: Settings) -> list[str]:
    engine = open_database(settings)
    with reading(engine) as session:
        found = [str(row.kind) for row in list_alerts(session)]
    engine.dispose()
    return found


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments)


def test_a_day_that_cost_more_is_stored_and_told_of_once(settings: Settings) -> None:
    found = scan(settings)
    assert {anomaly.usage_date for anomaly in found.anomalies} == {LAST}
    assert found.raised == found.alerts == len(found.anomalies) > 0
    assert (scan(settings).raised, scan(settings).alerts) == (0, 0)


def test_a_known_event_mutes_its_days(settings: Settings) -> None:
    assert run("org", "add", "acme", "--name", "Acme").exit_code == 0
    added = run("anomaly", "event", "add", "launch", "--org", "acme", "--from", "2026-11-03", "--to", "2026-11-05")
    assert added.exit_code == 0, added.output
    found = scan(settings)
    assert {anomaly.muted_by for anomaly in found.anomalies} == {"launch"}
    assert alerts(settings) == []


def test_an_event_of_an_organisation_that_does_not_exist_is_refused(settings: Settings) -> None:
    answer = run("anomaly", "event", "add", "launch", "--org", "acme", "--from", "2026-11-03", "--to", "2026-11-05")
    assert answer.exit_code != 0
    assert "acme" in answer.output


def test_cost_that_is_restated_away_resolves_the_anomaly(settings: Settings) -> None:
    first = scan(settings)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("update genai_cost_attribution_daily set effective_cost = 100")
    second = scan(settings)
    assert (second.anomalies, second.resolved) == ((), len(first.anomalies))


def test_an_explanation_adds_up_to_the_change(settings: Settings) -> None:
    answer = run("explain", "--from", "2026-11-03", "--to", "2026-11-04", "--scope", "org=acme", "--json")
    assert answer.exit_code == 0, answer.output
    assert '"200' in answer.output
    assert json.loads(answer.output)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2026-11-03", "--to", "yesterday"), "yesterday"),
        (("--from", "2026-11-04..2026-11-01", "--to", "2026-11-04"), "2026-11-04..2026-11-01"),
        (("--from", "2026-11-03", "--to", "2026-11-04", "--scope", "colour=red"), "colour"),
        (("--from", "2026-11-03", "--to", "2026-11-04", "--scope", "org=acme,tag=a=b"), "tag"),
    ],
)
def test_what_cannot_be_explained_is_named(settings: Settings, arguments: tuple[str, ...], said: str) -> None:
    answer = run("explain", *arguments)
    assert answer.exit_code != 0
    assert said in answer.output
