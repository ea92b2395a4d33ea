"""What `genai-finops attribution costs` and `coverage` print of a warehouse."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from genai_finops.cli.attribution import attribution
from genai_finops.control.database import open_database, writing
from genai_finops.control.organisations import add_organisation
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.table import Column
from genai_finops.settings import Settings

Run = Callable[..., Result]
DAY = dt.date(2026, 10, 2)
DAYS = ("--from", "2026-10-01", "--to", "2026-10-02")
#: Organisation, tenant, user, cost, currency, reason, day.
COSTS = [
    ("acme", "initrode", "ann", "2.5", "USD", None, DAY),
    ("acme", "initrode", "bob", "4", "USD", None, DAY),
    ("acme", "initrode", None, "1", "USD", None, DAY),
    ("acme", "hooli\n", "ann", "0.000000000000000001", "EUR", None, DAY),
    ("acme", None, None, "7", "USD", "no_log_of_key", DAY),
    ("acme", None, None, "3", "EUR", "incomplete_log", DAY),
    ("acme", "initrode", "ann", "100", "USD", None, dt.date(2026, 10, 3)),
    ("globex", "initrode", "ann", "1000", "USD", None, DAY),
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Settings:
    """A home with two organisations, and a warehouse with these costs."""
    home = tmp_path_factory.mktemp("attributed")
    settings = Settings.from_environment({"GENAI_FINOPS_HOME": str(home), "USER": "tester"}, home)
    engine = open_database(settings)
    with writing(engine) as session:
        for org in ("acme", "globex"):
            add_organisation(session, slug=org, name=org, now=dt.datetime(2026, 10, 1, tzinfo=dt.UTC), actor="tester")
    engine.dispose()
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute((repository / "genai_finops/schemas/rendered/duckdb.sql").read_text(encoding="utf-8"))
        for number, cost in enumerate(COSTS):
            for table in ("genai_cost_attribution_daily", "genai_user_costs_daily", "genai_attribution_coverage_daily"):
                _insert(connection, table, number, cost)
    return settings


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, number: int, told: tuple[str, Any, Any, str, str, Any, dt.date]
) -> None:
    org, tenant, user, cost, currency, reason, day = told
    values = {
        "x_org_slug": org,
        "tenant_id": tenant,
        "user_id": user,
        "currency": currency,
        "effective_cost": Decimal(cost),
        "attributed_cost": Decimal(0) if tenant is None else Decimal(cost),
        "unattributed_reason": reason,
        "charge_id": str(number),
        "usage_date": day,
        "x_ingestion_date": day,
        "provider": "openai",
    }
    columns = [column for column in TABLES[table].columns if not column.nullable or column.name in values]
    row = [values.get(column.name, _filler(column)) for column in columns]
    named, places = ", ".join(f'"{column.name}"' for column in columns), ", ".join("?" for _ in columns)
    connection.execute(f"insert into {table} ({named}) values ({places})", row)  # noqa: S608 - names of ours


def _filler(column: Column) -> object:
    return {"string": "x", "bool": True}.get(column.type, 0)


@pytest.fixture
def run(settings: Settings) -> Run:
    def _run(*arguments: str) -> Result:
        return CliRunner().invoke(attribution, arguments, obj=settings)

    return _run


def test_costs_come_by_currency_the_dearest_first_with_what_has_no_consumer(run: Run) -> None:
    found = json.loads(run("costs", "--by", "user", "--org", "acme", *DAYS, "--json").output)
    told = {
        "costs": [(row["tenant"], row["consumer"], row["currency"], row["effective_cost"]) for row in found["costs"]],
        "unattributed": [(row["reason"], row["currency"], row["effective_cost"]) for row in found["unattributed"]],
        "totals": [(row["currency"], row["attributed"], row["unattributed"]) for row in found["totals"]],
    }
    assert told == {
        "costs": [
            ("hooli\n", "ann", "EUR", "0.000000000000000001"),
            ("initrode", "bob", "USD", "4"),
            ("initrode", "ann", "USD", "2.5"),
        ],
        "unattributed": [("incomplete_log", "EUR", "3"), ("no_log_of_key", "USD", "7"), (None, "USD", "1")],
        "totals": [("EUR", "0.000000000000000001", "3"), ("USD", "6.5", "8")],
    }


def test_the_table_shows_rows_reasons_and_totals(run: Run) -> None:
    output = run("costs", "--by", "user", "--org", "acme", "--tenant", "initrode", *DAYS, "--limit", "1").output
    assert [line.split()[:3] for line in output.splitlines() if line] == [
        ["TENANT", "USER", "CURRENCY"],
        ["initrode", "bob", "USD"],
        ["and", "1", "more:"],
        ["Without", "a", "user:"],
        ["REASON", "CURRENCY", "COST"],
        ["named_without_user", "USD", "1.000000"],
        ["CURRENCY", "ATTRIBUTED", "UNATTRIBUTED"],
        ["USD", "6.500000", "1.000000"],
    ]


def test_coverage_is_told_by_provider_and_reason(run: Run) -> None:
    found = json.loads(run("coverage", "--org", "acme", *DAYS, "--json").output)
    coverage = [(row["currency"], row["effective_cost"], row["attributed_cost"]) for row in found["coverage"]]
    gaps = [(row["reason"], row["currency"], row["unattributed_cost"], row["charges"]) for row in found["gaps"]]
    assert (coverage, gaps) == (
        [("EUR", "3.000000000000000001", "0.000000000000000001"), ("USD", "14.5", "7.5")],
        [("incomplete_log", "EUR", "3", 1), ("no_log_of_key", "USD", "7", 1)],
    )


def test_coverage_without_an_organisation_has_all(run: Run) -> None:
    output = run("coverage", *DAYS).output
    assert "globex  openai    USD       1,000.000000  1,000.000000  100.0 %" in output


def test_an_unknown_organisation_is_refused(run: Run) -> None:
    result = run("costs", "--by", "user", "--org", "acm", *DAYS)
    assert (result.exit_code, "no organisation 'acm'" in result.output) == (1, True)
