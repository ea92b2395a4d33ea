"""Google's own SQL analyser reads what dbt compiles for BigQuery, and finds the types of the contracts in it."""

import json
import subprocess
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from genai_finops.schemas.register import TABLES
from genai_finops.schemas.render_dbt import LANDING_DAY
from genai_finops.schemas.types import TYPES
from genai_finops.settings import Settings
from genai_finops.transform.invoke import invoke, target_path, warehouse_lock

pytestmark = pytest.mark.slow

# It needs a newer protobuf than dbt-bigquery allows, so it lives in an environment of its own.
REQUIREMENTS = ("zetasql==0.1.5",)
# Without a window the conditions on days are `true` and nothing else differs: two minutes that find nothing more.
WINDOWS: dict[str, dict[str, str]] = {"two days": {"min_date": "2026-10-01", "max_date": "2026-10-03"}}
MODELS = [table.name for table in TABLES.values() if table.model_folder is not None]
# Each with a part of what the analyser says to it.
WRONG = {
    "a column that does not exist": ("select nope from {costs}", "Unrecognized name: nope"),
    "a table that does not exist": ("select 1 from `a`.`b`.`c`", "Table not found"),
    "a cast with colons": ("select usage_date::string from {costs}", 'got ":"'),
    "a function of DuckDB": ("select strftime(usage_date, '%Y') from {costs}", "Function not found: strftime"),
    "DuckDB's order of arguments": ("select date_diff('day', usage_date, usage_date) from {costs}", "date part"),
    "a number joined to a text": ("select usage_date || 'x' from {costs}", "No matching signature for operator ||"),
    "a numeric with too many decimals": ("select cast(1 as decimal(38,18))", "S must be between 0 and 9"),
}


@pytest.fixture(scope="session")
def zetasql_python(environment_with: Callable[..., Path]) -> Path:
    """A python that has zetasql."""
    return environment_with("zetasql", REQUIREMENTS, "GENAI_FINOPS_ZETASQL_PYTHON", missing="SQL analyser")


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The compiled project, by window. No server listens at the endpoint."""
    folder = tmp_path_factory.mktemp("analysed")
    environment = {
        "GENAI_FINOPS_HOME": str(folder),
        "GENAI_FINOPS_TARGET": "bigquery",
        "GENAI_FINOPS_BIGQUERY_METHOD": "oauth-secrets",
        "GENAI_FINOPS_BIGQUERY_API_ENDPOINT": "http://127.0.0.1:1",
        "DBT_ENV_SECRET_GENAI_FINOPS_BIGQUERY_TOKEN": "none",
    }
    settings = Settings.from_environment(environment, folder)
    return {name: _compiled(settings, variables) for name, variables in WINDOWS.items()}


def _compiled(settings: Settings, variables: dict[str, str]) -> dict[str, Any]:
    arguments = ["compile", "--no-introspect", "--no-populate-cache", "--exclude", "test_type:unit"]
    with warehouse_lock(settings, timeout_seconds=10):
        assert invoke(settings, [*arguments, "--vars", json.dumps(variables)]).success
    manifest: dict[str, Any] = json.loads((target_path(settings) / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def _contract(name: str) -> list[tuple[str, str]]:
    # The type of an expression has no digits: BigQuery applies them when the table is written.
    return [(column.name, TYPES[column.type].bigquery.partition("(")[0]) for column in TABLES[name].columns]


def _tables(manifest: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Relations with their columns: sources and models from the register, seeds as dbt is told to load them."""
    nodes = manifest["nodes"].values()
    models = {node["relation_name"]: _contract(node["name"]) for node in nodes if node["name"] in TABLES}
    seeds = {
        node["relation_name"]: list(node["config"]["column_types"].items())
        for node in nodes
        if node["resource_type"] == "seed"
    }
    sources = {
        node["relation_name"]: [
            *_contract(node["name"]),
            *([(LANDING_DAY, "date")] if node["source_name"] == "landing" else []),
        ]
        for node in manifest["sources"].values()
    }
    return models | seeds | sources


def _statements(window: str, manifest: dict[str, Any]) -> list[dict[str, str | None]]:
    """What was compiled, each after what it reads; the name of a statement is its window and the name of its node."""
    nodes = {name: node for name, node in manifest["nodes"].items() if node.get("compiled_code")}
    reads = {name: [other for other in node["depends_on"]["nodes"] if other in nodes] for name, node in nodes.items()}
    return [
        {
            "name": f"{window}: {name}",
            "sql": nodes[name]["compiled_code"],
            "creates": None if nodes[name]["name"] in TABLES else nodes[name]["relation_name"],
        }
        for name in TopologicalSorter(reads).static_order()
    ]


@pytest.fixture(scope="module")
def verdicts(zetasql_python: Path, manifests: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the analyser says to every statement, by name. It is started once, because that takes most of the time."""
    compiled = manifests["two days"]
    costs = compiled["nodes"]["model.genai_finops.genai_costs_daily_unified"]["relation_name"]
    statements = [entry for window, manifest in manifests.items() for entry in _statements(window, manifest)]
    wrong = [{"name": name, "sql": sql.format(costs=costs), "creates": None} for name, (sql, _) in WRONG.items()]
    outcome = subprocess.run(
        [zetasql_python, str(Path(__file__).with_name("analyse_with_zetasql.py"))],
        input=json.dumps({"tables": _tables(compiled), "statements": [*statements, *wrong]}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr[-2000:]
    judged: dict[str, dict[str, Any]] = json.loads(outcome.stdout)
    return judged


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_understood(model: str, window: str, verdicts: dict[str, dict[str, Any]]) -> None:
    assert verdicts[f"{window}: model.genai_finops.{model}"]["error"] is None


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("model", MODELS)
def test_a_model_selects_the_types_of_its_contract(
    model: str, window: str, verdicts: dict[str, dict[str, Any]]
) -> None:
    selected = verdicts[f"{window}: model.genai_finops.{model}"]["columns"]
    assert sorted(map(tuple, selected)) == sorted(_contract(model))


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("kind", ["test", "model"])
def test_every_data_test_and_every_step_between_models_is_understood(
    kind: str, window: str, verdicts: dict[str, dict[str, Any]]
) -> None:
    errors = {name: found["error"] for name, found in verdicts.items() if name.startswith(f"{window}: {kind}.")}
    assert {name: error for name, error in errors.items() if error} == {} != errors


@pytest.mark.parametrize("name", WRONG)
def test_a_statement_that_bigquery_would_refuse_is_refused(name: str, verdicts: dict[str, dict[str, Any]]) -> None:
    assert WRONG[name][1] in (verdicts[name]["error"] or "accepted")
