"""The renderings say what the register says, and a stale one is noticed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
import yaml

from genai_finops.schemas.register import TABLES
from genai_finops.schemas.render import main, problems, write
from genai_finops.schemas.table import Table
from genai_finops.schemas.types import TYPES

REPOSITORY = Path(__file__).resolve().parents[3]
MODELS = [table for table in TABLES.values() if table.model_folder is not None]
COSTS = "dbt_project/models/unified/genai_costs_daily_unified.yml"


def _name(table: Table) -> str:
    return table.name


def _contract(root: Path, table: Table) -> dict[str, Any]:
    path = root / "dbt_project" / "models" / str(table.model_folder) / f"{table.name}.yml"
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    return dict(model)


def _spelled(data_type: str, target: str) -> str:
    return jinja2.Template(data_type).render(target={"type": target})


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


def test_the_repository_is_up_to_date() -> None:
    assert problems(REPOSITORY) == []


def test_writing_twice_changes_nothing(rendered: Path) -> None:
    assert write(rendered) == []


@pytest.mark.parametrize("table", MODELS, ids=_name)
@pytest.mark.parametrize("target", ["duckdb", "bigquery"])
def test_a_contract_that_is_read_back_is_the_table(table: Table, target: str, rendered: Path) -> None:
    contract = _contract(rendered, table)
    read = [
        (column["name"], column["description"], _spelled(column["data_type"], target), "constraints" not in column)
        for column in contract["columns"]
    ]
    assert read == [
        (column.name, column.description, getattr(TYPES[column.type], target), column.nullable)
        for column in table.columns
    ]


@pytest.mark.parametrize("table", MODELS, ids=_name)
def test_a_contract_tests_the_grain(table: Table, rendered: Path) -> None:
    tests = [test["unique_grain"] for test in _contract(rendered, table)["data_tests"] if "unique_grain" in test]
    assert [tuple(test["arguments"]["columns"]) for test in tests] == [table.grain]


@pytest.mark.parametrize("table", MODELS, ids=_name)
def test_a_contract_tests_every_value_that_is_constrained(table: Table, rendered: Path) -> None:
    rules = {
        kind: values
        for test in _contract(rendered, table)["data_tests"]
        for kind, values in test.get("column_values", {}).get("arguments", {}).items()
    }
    read = {column: tuple(values) for column, values in rules.get("allowed", {}).items()}, rules.get("minimums", {})
    assert read == (
        {column.name: column.allowed for column in table.columns if column.allowed},
        {column.name: column.minimum for column in table.columns if column.minimum is not None},
    )


@pytest.mark.parametrize("table", TABLES.values(), ids=_name)
def test_a_bigquery_table_keeps_every_decimal(table: Table, rendered: Path) -> None:
    path = rendered / "genai_finops/schemas/rendered/bigquery" / f"{table.name}.json"
    fields = json.loads(path.read_text(encoding="utf-8"))["schema"]["fields"]
    widths = {field["name"]: (field["precision"], field["scale"]) for field in fields if "precision" in field}
    expected = {
        column.name: tuple(TYPES[column.type].bigquery.rstrip(")").partition("(")[2].split(","))
        for column in table.columns
        if "(" in TYPES[column.type].bigquery
    }
    assert widths == expected


def test_resources_are_read_from_one_file_per_credential_on_both_engines(rendered: Path) -> None:
    sources = yaml.safe_load((rendered / "dbt_project/models/landing/sources.yml").read_text(encoding="utf-8"))[
        "sources"
    ]
    (source,) = (source for source in sources if source["name"] == "resources")
    statement = (rendered / "genai_finops/schemas/rendered/bigquery_sources.sql").read_text(encoding="utf-8")
    assert "/resources/*/*.parquet', union_by_name = true)" in source["config"]["meta"]["external_location"]
    assert "genai_finops_resources.genai_provider_resource_states`" in statement
    assert "uris = ['${LAKE_URL}/resources/*']" in statement


def test_the_duckdb_tables_can_be_created(rendered: Path) -> None:
    connection = duckdb.connect()
    connection.execute((rendered / "genai_finops/schemas/rendered/duckdb.sql").read_text(encoding="utf-8"))
    created = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    assert created == set(TABLES)


def test_a_hand_edit_is_named_with_its_remedy(rendered: Path) -> None:
    path = rendered / COSTS
    path.write_text(path.read_text(encoding="utf-8").replace("decimal(38,18)", "decimal(38,9)"), encoding="utf-8")
    assert problems(rendered) == [
        f"{COSTS} differs from the register: change genai_finops/schemas, then run `make schemas`"
    ]


def test_a_missing_rendering_is_named(rendered: Path) -> None:
    (rendered / COSTS).unlink()
    assert problems(rendered) == [f"{COSTS} is missing: run `make schemas`"]


def test_a_rendering_of_a_table_that_is_gone_is_named(rendered: Path) -> None:
    left = {name: table for name, table in TABLES.items() if name != "genai_costs_daily_unified"}
    orphans = [line for line in problems(rendered, left) if "belongs to no table" in line]
    assert [line.split()[0] for line in orphans] == [
        COSTS,
        "genai_finops/schemas/rendered/bigquery/genai_costs_daily_unified.json",
    ]


def test_a_file_that_people_wrote_is_no_orphan(rendered: Path) -> None:
    own = rendered / "dbt_project/models/unified/own.yml"
    own.write_text("version: 2\n", encoding="utf-8")
    assert problems(rendered) == []


def test_a_changed_table_makes_its_renderings_stale(rendered: Path) -> None:
    table = TABLES["genai_meters"]
    column = replace(table.columns[0], description="Other words.")
    changed = {**TABLES, table.name: replace(table, columns=(column, *table.columns[1:]))}
    assert [line.split()[0] for line in problems(rendered, changed)] == [
        "dbt_project/models/landing/sources.yml",
        "genai_finops/schemas/rendered/bigquery/genai_meters.json",
    ]


def test_check_fails_on_a_stale_rendering(rendered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rendered / COSTS).unlink()
    assert main(["--check"], root=rendered) == 1
    assert COSTS in capsys.readouterr().err


def test_archived_events_are_read_with_the_landed_ones_on_both_engines(rendered: Path) -> None:
    sources = yaml.safe_load((rendered / "dbt_project/models/landing/sources.yml").read_text(encoding="utf-8"))[
        "sources"
    ]
    (table,) = (table for source in sources for table in source["tables"] if table["name"] == "genai_usage_events_raw")
    location = table["config"]["meta"]["external_location"]
    statement = (rendered / "genai_finops/schemas/rendered/bigquery_sources.sql").read_text(encoding="utf-8")
    assert "/landing/$name/*/*/*.parquet'" in location
    assert "/archive/$name/*/*/*.parquet'" in location
    assert "create or replace view `${PROJECT}.genai_finops_landing.genai_usage_events_raw` as" in statement
    assert "uris = ['${LAKE_URL}/archive/genai_usage_events_raw/*']" in statement
