"""Statements as the commands make them, of a warehouse with hand-made rows."""

import csv
import datetime as dt
import io
import json
import re
import shlex
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner, Result

from genai_finops.attribution.statement_tables import STATEMENT_LINES
from genai_finops.cli.statement import statement
from genai_finops.schemas.types import TYPES
from genai_finops.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[3]
HOSTILE = "../../etc/<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://x.example")'

Run = Callable[[str], Result]
pytestmark = pytest.mark.usefixtures("engine")


def row(tenant: str | None, model: str, cost: str, **others: Any) -> dict[str, Any]:
    day = others.pop("day", dt.date(2026, 10, 5))
    amount = Decimal(cost)
    return {
        "usage_date": day,
        "x_ingestion_date": day,
        "flow": "payg",
        "provider": "openai",
        "model_id": model,
        "tenant_id": tenant,
        "allocation_method": "logged_quantity" if tenant else "unattributed",
        "unattributed_reason": None if tenant else "no_log_of_key",
        "is_measured": tenant is not None,
        "currency": "USD",
        **dict.fromkeys(("list_cost", "contracted_cost", "effective_cost", "billed_cost"), amount),
        "input_cost": amount,
        "output_cost": Decimal(0),
        "other_cost": Decimal(0),
        "input_tokens": Decimal(0),
        "output_tokens": Decimal(0),
        "requests": 0,
        "evidence_coverage": Decimal(1),
        "x_org_slug": "acme",
        "x_genai_provider": "OPENAI",
        "x_genai_account_id": "org-acme",
        **others,
    }


ROWS = (
    row(
        "initrode",
        "gpt-5",
        "250",
        input_cost=Decimal(100),
        output_cost=Decimal(150),
        input_tokens=Decimal(80_000_000),
        output_tokens=Decimal(15_000_000),
        requests=41_000,
    ),
    row(
        "initrode",
        "gpt-5-mini",
        "12.345678",
        input_tokens=Decimal(20_000_000),
        output_tokens=Decimal(3_000_000),
        requests=9_000,
    ),
    row(
        "initrode",
        "claude-sonnet-4-5",
        "60",
        provider="anthropic",
        day=dt.date(2026, 10, 20),
        is_measured=False,
        allocation_method="shared_by_quantity",
        input_tokens=Decimal(10_000_000),
        requests=700,
    ),
    row("hooli", "gpt-5", "40"),
    row(None, "gpt-5", "30"),
    row(HOSTILE, "gpt-5", "1"),
    row(FORMULA, "gpt-5", "2"),
    row("initrode", "gpt-5", "1000", day=dt.date(2026, 9, 30)),
    row("initrode", "gpt-5", "7000", x_org_slug="globex"),
)


@pytest.fixture
def run(settings: Settings, now: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> Run:
    ddl = (REPOSITORY / "genai_finops/schemas/rendered/duckdb.sql").read_text()
    create = re.search(r"create table if not exists genai_cost_attribution_daily \(.*?\);", ddl, re.DOTALL)
    assert create is not None
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute(create.group())
        for held in ROWS:
            names, places = ", ".join(held), ", ".join("?" * len(held))
            connection.execute(
                f"insert into genai_cost_attribution_daily ({names}) values ({places})",  # noqa: S608
                list(held.values()),
            )

    monkeypatch.setattr("genai_finops.cli.statement.make.utc_now", lambda: now)

    def _run(line: str) -> Result:
        return CliRunner().invoke(statement, shlex.split(line), obj=settings)

    return _run


def make(run: Run, options: str = "") -> Result:
    result = run(f"make --org acme --month 2026-10 {options}")
    assert result.exit_code == 0, result.output
    return result


def test_the_worked_example_of_the_documentation_is_what_the_commands_print(run: Run) -> None:
    shown = (REPOSITORY / "docs/statements.md").read_text()
    commands = re.findall(r"^genai-finops statement (rule add .*)$", shown, re.MULTILINE)
    printed = re.findall(r"```text\n(.*?)```", shown, re.DOTALL)

    assert [run(command).exit_code for command in commands] == [0, 0, 0, 0]
    assert make(run, "--tenant initrode").output == printed[0]


def test_a_base_of_250_with_a_markup_of_40_percent_is_350(run: Run, tmp_path: Path) -> None:
    run("rule add acme markup --percentage 40 --provider openai --model gpt-5 --from 2026-10-01")
    run("rule add acme markup --percentage -100 --tenant initrode --provider anthropic --from 2026-10-01")
    run("rule add acme allowance --amount 13 --provider openai --model gpt-5-mini --currency USD --from 2026-01-01")
    make(run, f"--tenant initrode --format parquet --out {tmp_path}")
    (file,) = tmp_path.glob("*.parquet")
    lines = pl.read_parquet(file)

    assert lines.schema == {column.name: TYPES[column.type].polars for column in STATEMENT_LINES.columns}
    assert lines.filter(step="total")["amount"].to_list() == [Decimal(350)]


def test_a_rule_that_changes_inside_the_month_decides_for_its_days(run: Run) -> None:
    run("rule add acme markup --percentage 40 --from 2026-10-01 --to 2026-10-15")
    run("rule add acme markup --percentage 50 --from 2026-10-16")

    # (250 + 12.345678) x 1.4 of 5 October, 60 x 1.5 of 20 October.
    assert re.search(r"Total USD +457\.28", make(run, "--tenant initrode").output)


def test_names_of_tenants_lead_to_no_other_folder_and_no_formula(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    make(run, f"--format csv --out {out}")
    names = sorted(path.name for path in out.iterdir())
    cells = [cell for path in out.iterdir() for line in csv.reader(io.StringIO(path.read_text())) for cell in line]

    assert [
        path for path in tmp_path.rglob("*") if path.is_file() and path.parent != out and path.suffix == ".csv"
    ] == []
    assert all(re.fullmatch(r"(statement|overview)-2026-10-[a-z0-9-]+\.csv", name) for name in names)
    assert len(names) == 5
    assert f"'{FORMULA}" in cells
    assert FORMULA not in cells


def test_a_name_with_markup_is_text_in_html(run: Run, tmp_path: Path) -> None:
    make(run, f"--format html --out {tmp_path}")
    pages = "".join(path.read_text() for path in tmp_path.glob("*.html"))

    assert "&lt;script&gt;" in pages
    assert "<script" not in pages
    assert "http" not in pages.replace("http-equiv", "").replace("http://x.example", "")


def test_a_tenant_sees_neither_others_nor_what_nobody_was_named_for(run: Run) -> None:
    text = make(run, "--tenant hooli").output

    assert "initrode" not in text
    assert "no_log_of_key" not in text
    assert re.search(r"Total USD +40\.00", text)


def test_unattributed_cost_is_on_statements_only_where_the_policy_distributes_it(run: Run) -> None:
    run("rule add acme distribute_unattributed --from 2026-10-01")

    assert "nobody was named for, in proportion" in make(run, "--tenant hooli").output
    assert re.search(r"charged 395\.33$", make(run).output, re.MULTILINE)


def test_a_rule_that_decides_the_same_on_some_day_is_refused(run: Run) -> None:
    run("rule add acme markup --percentage 40 --from 2026-10-01")
    result = run("rule add acme margin --percentage 20 --from 2026-12-01")

    assert result.exit_code == 1
    assert "overlaps rule 1" in result.output


def test_a_file_with_a_fault_is_not_imported_and_one_without_only_once(run: Run, tmp_path: Path) -> None:
    good = (
        "org,tenant,kind,currency,percentage,amount,valid_from\n"
        "acme,,markup,,40,,2026-10-01\n"
        "acme,x,minimum,USD,,5,2026-10-01\n"
    )
    (tmp_path / "good.csv").write_text(good)
    (tmp_path / "bad.csv").write_text(f"{good}acme,,minimum,,,5,2026-10-01\n")

    assert "line 4: minimum has no currency" in run(f"rule import {tmp_path}/bad.csv").output
    assert "2 added, 0 unchanged" in run(f"rule import {tmp_path}/good.csv").output
    assert "0 added, 2 unchanged" in run(f"rule import {tmp_path}/good.csv").output
    assert [rule["kind"] for rule in json.loads(run("rule list --json").stdout)] == ["markup", "minimum"]
