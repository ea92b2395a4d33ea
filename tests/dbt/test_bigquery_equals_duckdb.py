"""The same lake built by dbt on a BigQuery emulator and on DuckDB, compared cell by cell."""

import datetime as dt
import io
import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from genai_finops.schemas.register import TABLES
from genai_finops.settings import Settings
from genai_finops.transform import dbt_build
from genai_finops.warehouse.cost_totals import cost_totals
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.pricing_shares import pricing_shares

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = "parity"
# bqemulator needs these versions of DuckDB and its extensions, so it lives in an environment of its own.
REQUIREMENTS = (
    "bqemulator==1.4.0",
    "duckdb==1.5.5",
    "duckdb-extensions==1.5.5",
    "duckdb-extension-spatial==1.5.5",
    "duckdb-extension-icu==1.5.5",
    "numpy",
)
# The emulator has no BIGNUMERIC and cannot create a table with columns from a select.
EMULATED = {
    "bigquery_types": {"rate": "numeric(24,12)", "cost": "numeric(38,18)"},
    "enforce_contracts": False,
}
#: Of these the emulator does not find its own project ("Catalog with name parity does not exist"). Their statements are
#: held against Google's analyser only.
NOT_FOUND = ("genai_commitment_advice", "cost_data_standard_1_3")
#: What divides the charges of FOCUS needs them. Its statements too are held against the analyser only.
MADE_OF_FOCUS = "path:models/attribution"
#: The queue compares stored amounts with computed ones, and these the emulator rounds to fewer decimals.
NOT_EMULATED = {"genai_repricing_queue", *NOT_FOUND}
MODELS = [
    table.name
    for table in TABLES.values()
    if table.model_folder is not None
    and table.name not in NOT_EMULATED
    and not table.name.startswith("cost_data_standard")
    and table.layer != "attribution"
]
#: Files of the tables of each layer that is loaded, below the lake.
FILES = {
    "landing": "landing/{name}/day=*/*/*.parquet",
    "reference": "reference/{name}.parquet",
    "resources": "resources/*/*.parquet",
    "prices": "prices/{name}/*.parquet",
}
CASES, AGREEMENTS = (
    yaml.safe_load((Path(__file__).parent / f"{name}_cases.yml").read_text(encoding="utf-8"))
    for name in ("rating", "agreement")
)
INSTANTS = [dt.datetime(2026, 10, 2, hour, tzinfo=dt.UTC) for hour in (6, 12, 18)]
FIRST, SECOND, THIRD = (yaml.safe_load(f"2026-10-0{n}") for n in (2, 3, 4))


@pytest.fixture(scope="session")
def emulator_python(environment_with: Callable[..., Path]) -> Path:
    """A python that has bqemulator."""
    return environment_with("bqemulator", REQUIREMENTS, "GENAI_FINOPS_BQEMULATOR_PYTHON", missing="BigQuery emulator")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def endpoint(emulator_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running emulator."""
    subprocess.run(
        [emulator_python, "-c", "import duckdb_extensions as d; d.import_extension('spatial')"],
        check=True,
        capture_output=True,
    )
    rest, grpc = _free_port(), _free_port()
    log = tmp_path_factory.mktemp("emulator") / "log.txt"
    command = [str(emulator_python.parent / "bqemulator"), "start", "--project", PROJECT, "--log-level", "error"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--rest-port", str(rest), "--grpc-port", str(grpc)], stdout=output, stderr=output
        )
        try:
            _wait_for(rest, process, log)
            yield f"http://127.0.0.1:{rest}"
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"the emulator did not start: {log.read_text()[-2000:]}")


@dataclass(frozen=True, kw_only=True)
class Both:
    """The two warehouses over one lake."""

    lake: Any
    client: Any
    duckdb: Settings
    bigquery: Settings
    resources: list[dict[str, Any]]

    def load(self, usage: list[Any], reference: dict[str, list[Any]]) -> None:
        """Write the lake's files, and the same rows into the emulator's source tables."""
        self.lake.write_reference(**reference)
        self.lake.write_resources(self.resources)
        self.lake.land(usage)
        for table in TABLES.values():
            if table.layer in FILES:
                self._load_table(f"genai_finops_{table.layer}", table.name, FILES[table.layer])

    def _load_table(self, dataset: str, name: str, pattern: str) -> None:
        resource = (REPOSITORY / f"genai_finops/schemas/rendered/bigquery/{name}.json").read_text(encoding="utf-8")
        fields = json.loads(resource)["schema"]["fields"]
        # A load job of the emulator rounds to 9 decimals, so wide decimals are loaded as text and cast afterwards.
        wide = [field["name"] for field in fields if field["type"] == "BIGNUMERIC"]
        loaded = [field | {"type": "STRING"} if field["name"] in wide else field for field in fields]
        files = [str(path) for path in self.lake.root.glob(pattern.format(name=name))]
        cells = ", ".join(
            f"cast({field['name']} as varchar) as {field['name']}" if field["name"] in wide else field["name"]
            for field in fields
        )
        content = io.BytesIO()
        landed = duckdb.sql(f"select {cells} from read_parquet({files})").pl()  # noqa: S608 - names from the register
        landed.write_parquet(content)
        content.seek(0)
        self.client.load_table_from_file(
            content,
            f"{PROJECT}.{dataset}.{name}_loaded",
            job_config=bigquery.LoadJobConfig(
                schema=[bigquery.SchemaField.from_api_repr(_without_width(field)) for field in loaded],
                source_format="PARQUET",
                write_disposition="WRITE_TRUNCATE",
            ),
        ).result()
        casts = ", ".join(f"cast({column} as numeric(24,12)) as {column}" for column in wide)
        replace = f"replace ({casts})" if casts else ""
        table = f"{dataset}.{name}"
        statement = f"create or replace table {table} as select * {replace} from {table}_loaded"  # noqa: S608 - likewise
        self.client.query(statement).result()

    def build(self, window: Any) -> None:
        """Build both."""
        excluded = [MADE_OF_FOCUS, *(f"{name}+" for name in NOT_FOUND)]
        dbt_build(self.duckdb, window=window)
        dbt_build(self.bigquery, window=window, exclude=excluded, variables=EMULATED)

    def cells(self, toy: Any, model: str) -> tuple[list[Any], list[Any]]:
        """Sorted rows of a model on DuckDB and on the emulator, columns in the order of the register."""
        columns = ", ".join(column.name for column in TABLES[model].columns)
        on_duckdb = toy.query(self.duckdb, f"select {columns} from {model}")  # noqa: S608 - names from the register
        on_bigquery = self.client.query(f"select {columns} from genai_finops.{model}").result()  # noqa: S608 - likewise
        return (
            sorted((tuple(map(_plain, row)) for row in on_duckdb), key=repr),
            sorted((tuple(map(_plain, row.values())) for row in on_bigquery), key=repr),
        )


def _without_width(field: dict[str, Any]) -> dict[str, Any]:
    if field["type"] != "STRING":
        return field
    return {key: value for key, value in field.items() if key not in {"precision", "scale"}}


def _plain(cell: Any) -> Any:
    # Trailing zeros are no part of a number; everything else of a decimal is compared.
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}"
    return cell.isoformat() if hasattr(cell, "isoformat") else cell


@pytest.fixture(scope="module")
def both(endpoint: str, module_toy_lake: Any, toy: Any, tmp_path_factory: pytest.TempPathFactory) -> Both:
    settings = module_toy_lake.settings
    environment = {
        "GENAI_FINOPS_HOME": str(tmp_path_factory.mktemp("bigquery")),
        "GENAI_FINOPS_LAKE_URL": settings.lake_url,
        "GENAI_FINOPS_TARGET": "bigquery",
        "GENAI_FINOPS_BIGQUERY_METHOD": "oauth-secrets",
        "GENAI_FINOPS_BIGQUERY_PROJECT": PROJECT,
        "GENAI_FINOPS_BIGQUERY_API_ENDPOINT": endpoint,
        "DBT_ENV_SECRET_GENAI_FINOPS_BIGQUERY_TOKEN": "none",
    }
    client = bigquery.Client(
        project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint}
    )
    for dataset in ("genai_finops", *(f"genai_finops_{layer}" for layer in FILES)):
        client.create_dataset(dataset, exists_ok=True)
    pair = Both(
        lake=module_toy_lake,
        client=client,
        duckdb=settings,
        bigquery=Settings.from_environment(environment, settings.home),
        resources=[
            toy.resource_row("chat", "toy-large", INSTANTS[0], INSTANTS[1], tags='{"team":"search"}'),
            toy.resource_row("chat", "toy-cached", INSTANTS[2], INSTANTS[2], modified_at=INSTANTS[1]),
        ],
    )
    usage, reference = rows_of_all_cases(toy)
    pair.load(usage, reference)
    pair.build(window=None)
    return pair


def rows_of_all_cases(toy: Any) -> tuple[list[Any], dict[str, list[Any]]]:
    """The cases of rating, and those of agreements as another provider's, because both price the same models."""
    usage, reference = toy.rating_rows(CASES)
    agreed_usage, agreed = toy.rating_rows(AGREEMENTS)
    other = {"provider": "deal"}
    accounts = [
        {"provider": "deal", "account_name": "Account", "is_enabled": True} | row for row in AGREEMENTS["accounts"]
    ]
    for table in ("genai_price_book", "genai_model_alias_rules"):
        reference[table] = [*reference[table], *(row | other for row in agreed[table])]
    return [*usage, *(row | other | {"x_genai_provider": "DEAL"} for row in agreed_usage)], reference | {
        "genai_providers": [toy.provider_row, toy.provider_row | other | {"provider_code": "DEAL"}],
        "genai_provider_accounts": accounts,
    }


@pytest.fixture(scope="module")
def after_full_build(both: Both, toy: Any) -> dict[str, tuple[list[Any], list[Any]]]:
    return {model: both.cells(toy, model) for model in MODELS}


@pytest.fixture(scope="module")
def after_window_build(
    both: Both, toy: Any, after_full_build: dict[str, tuple[list[Any], list[Any]]]
) -> dict[str, tuple[list[Any], list[Any]]]:
    """A second build of two days, of which one has changed and the other has become empty."""
    usage, reference = rows_of_all_cases(toy)
    changed = [row | {"quantity": row["quantity"] * 2} for row in usage if row["usage_date"] == FIRST]
    both.lake.empty(SECOND)
    both.load(changed, reference)
    both.build(window=(FIRST, THIRD))
    return {model: both.cells(toy, model) for model in MODELS}


@pytest.mark.parametrize("model", MODELS)
def test_a_full_build_gives_the_same_cells_on_both_engines(
    model: str, after_full_build: dict[str, tuple[list[Any], list[Any]]]
) -> None:
    on_duckdb, on_bigquery = after_full_build[model]
    assert on_bigquery == on_duckdb


def test_the_totals_that_people_see_are_read_alike_from_both_engines(
    both: Both, after_full_build: dict[str, tuple[list[Any], list[Any]]]
) -> None:
    with open_warehouse(both.duckdb) as on_duckdb, open_warehouse(both.bigquery) as on_bigquery:
        assert cost_totals(on_bigquery, FIRST, THIRD) == cost_totals(on_duckdb, FIRST, THIRD) != ()
        assert pricing_shares(on_bigquery) == pricing_shares(on_duckdb)


@pytest.mark.parametrize("model", MODELS)
def test_a_window_build_gives_the_same_cells_on_both_engines(
    model: str, after_window_build: dict[str, tuple[list[Any], list[Any]]]
) -> None:
    on_duckdb, on_bigquery = after_window_build[model]
    assert on_bigquery == on_duckdb


def test_the_window_build_left_no_row_of_the_emptied_day(
    after_window_build: dict[str, tuple[list[Any], list[Any]]],
) -> None:
    position = [column.name for column in TABLES["genai_costs_daily_unified"].columns].index("usage_date")
    days = {row[position] for row in after_window_build["genai_costs_daily_unified"][1]}
    assert FIRST.isoformat() in days
    assert SECOND.isoformat() not in days
