"""What a scrape gets: numbers, the numbers of before, or a failure that is seen."""

import datetime as dt
from pathlib import Path

import duckdb
import pytest
from starlette.testclient import TestClient

from genai_finops.metrics.server import build_app
from genai_finops.settings import Settings

START = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
#: What the queries of the metrics read of these tables.
_TABLES = """
    create table genai_budget_spend_daily as
    select date '2026-11-04' as usage_date, 'acme' as x_org_slug, 'openai' as provider, 'USD' as currency,
        1.5::decimal(38, 18) as effective_cost, 10::decimal(38, 6) as tokens
"""


class Clock:
    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> dt.datetime:
        return self.moment


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings.from_environment({"GENAI_FINOPS_HOME": str(tmp_path)}, tmp_path)
    with duckdb.connect(str(found.warehouse_path)) as connection:
        connection.execute(_TABLES)
    return found


def test_a_warehouse_that_a_build_holds_is_told_of_as_it_was(settings: Settings, tmp_path: Path) -> None:
    clock = Clock()
    client = TestClient(build_app(settings, clock=clock))
    assert 'finops_total_cost_usd{org="acme",period="month_to_date"} 1.5' in client.get("/metrics").text
    settings.warehouse_path.rename(tmp_path / "held")
    clock.moment += dt.timedelta(minutes=1)
    later = client.get("/metrics").text
    assert 'finops_total_cost_usd{org="acme",period="month_to_date"} 1.5' in later
    assert "finops_warehouse_age_seconds 60.0" in later


def test_many_scrapes_read_once(settings: Settings) -> None:
    clock = Clock()
    client = TestClient(build_app(settings, clock=clock))
    before = client.get("/metrics").text
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("update genai_budget_spend_daily set effective_cost = 9")
    clock.moment += dt.timedelta(seconds=10)
    assert client.get("/metrics").text == before
    clock.moment += dt.timedelta(seconds=5)
    assert 'period="month_to_date"} 9.0' in client.get("/metrics").text


def test_a_control_database_that_cannot_be_read_fails_the_scrape(tmp_path: Path) -> None:
    tmp_path.joinpath("control.db").write_bytes(b"this is no database" * 100)
    broken = Settings.from_environment({"GENAI_FINOPS_HOME": str(tmp_path)}, tmp_path)
    answer = TestClient(build_app(broken, clock=Clock())).get("/metrics")
    assert answer.status_code == 503
    assert "control database" in answer.text
