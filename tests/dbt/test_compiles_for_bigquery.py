"""The project compiles for BigQuery without BigQuery, and what comes out is BigQuery SQL."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from genai_finops.schemas.register import TABLES
from genai_finops.settings import Settings
from genai_finops.transform.invoke import invoke, target_path, warehouse_lock

MODELS = [table.name for table in TABLES.values() if table.model_folder is not None]
WINDOW = {"min_date": "2026-10-01", "max_date": "2026-10-03"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The compiled project, for a window of two days. No server listens at the endpoint."""
    folder = tmp_path_factory.mktemp("offline")
    environment = {
        "GENAI_FINOPS_HOME": str(folder),
        "GENAI_FINOPS_TARGET": "bigquery",
        "GENAI_FINOPS_BIGQUERY_METHOD": "oauth-secrets",
        "GENAI_FINOPS_BIGQUERY_API_ENDPOINT": "http://127.0.0.1:1",
        "DBT_ENV_SECRET_GENAI_FINOPS_BIGQUERY_TOKEN": "none",
    }
    settings = Settings.from_environment(environment, folder)
    with warehouse_lock(settings, timeout_seconds=10):
        arguments = ["compile", "--no-introspect", "--no-populate-cache", "--exclude", "test_type:unit"]
        assert invoke(settings, [*arguments, "--vars", json.dumps(WINDOW)]).success
    loaded: dict[str, Any] = json.loads((target_path(settings) / "manifest.json").read_text(encoding="utf-8"))
    return loaded


def _model(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    node: dict[str, Any] = manifest["nodes"][f"model.genai_finops.{name}"]
    return node


def test_every_statement_is_bigquery_sql(manifest: dict[str, Any]) -> None:
    compiled = {
        name: node["compiled_code"]
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in {"model", "test"} and node.get("compiled_code")
    }
    unread = {name: sqlglot.parse(text, dialect="bigquery") for name, text in compiled.items()}
    assert [name for name, statements in unread.items() if len(statements) != 1] == []


@pytest.mark.parametrize("model", MODELS)
def test_a_model_selects_the_columns_of_its_contract(model: str, manifest: dict[str, Any]) -> None:
    tree = sqlglot.parse_one(_model(manifest, model)["compiled_code"], dialect="bigquery")
    final = next(cte for cte in tree.find_all(exp.CTE) if cte.alias == "final")
    selected = {projection.alias_or_name for projection in final.this.selects}
    assert selected in ({column.name for column in TABLES[model].columns}, {"*"})


@pytest.mark.parametrize("model", [name for name in MODELS if TABLES[name].partition_by])
def test_a_window_overwrites_exactly_its_days(model: str, manifest: dict[str, Any]) -> None:
    config = _model(manifest, model)["config"]
    assert (config["materialized"], config["incremental_strategy"], config["partitions"]) == (
        "incremental",
        "insert_overwrite",
        ["date '2026-10-01'", "date '2026-10-02'"],
    )


@pytest.mark.parametrize("model", [name for name in MODELS if TABLES[name].partition_by])
def test_tables_are_partitioned_and_clustered_as_the_register_says(model: str, manifest: dict[str, Any]) -> None:
    config = _model(manifest, model)["config"]
    table = TABLES[model]
    assert (config["partition_by"]["field"], config["cluster_by"]) == (table.partition_by, list(table.cluster_by))


def test_no_project_macro_asks_whether_a_run_is_incremental() -> None:
    project = Path(__file__).resolve().parents[2] / "dbt_project"
    asking = [
        path.name
        for path in (project / "models").rglob("*.sql")
        if "is_incremental(" in path.read_text(encoding="utf-8")
    ]
    assert asking == []
