"""A small lake of hand-written rows, and the warehouse that dbt builds from it."""

import datetime as dt
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import polars as pl
import pytest

from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import write_landing_sentinel
from genai_finops.pricing.sources.statement import PRIORITIES
from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.table import Table
from genai_finops.schemas.types import TYPES
from genai_finops.settings import Settings

from .environments import NoEnvironmentError, environment_below

Row = Mapping[str, Any]

INGESTED_AT = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)


def usage_row(day: dt.date, meter: str = "uncached_input", quantity: str = "1000000", **columns: Any) -> dict[str, Any]:
    """One landed row of provider toy that covers its whole day; keyword arguments override columns."""
    row: dict[str, Any] = dict.fromkeys(column.name for column in TABLES["genai_payg_usage_raw"].columns)
    midnight = dt.datetime.combine(day, dt.time(0, tzinfo=dt.UTC))
    row |= {
        "provider": "toy",
        "usage_date": day,
        "period_start": midnight,
        "period_end": midnight + dt.timedelta(days=1),
        "sub_account_id": "proj-1",
        "sub_account_name": "Project one",
        "sub_account_type": "Project",
        "api_key_id": "key-1",
        "provider_model_id": "toy-large-2026-01-01",
        "service_tier": "standard",
        "meter": meter,
        "quantity": Decimal(quantity),
        "consumed_unit": "Tokens",
        "x_raw_page": "0" * 64,
        "x_org_slug": "acme",
        "x_pipeline_id": "toy.payg_usage",
        "x_credential_id": "cred-1",
        "x_pipeline_run_date": day,
        "x_run_id": "run-1",
        "x_ingested_at": INGESTED_AT,
        "x_ingestion_date": day,
        "x_genai_provider": "TOY",
        "x_genai_account_id": "account-1",
    }
    return row | columns


KNOWN_FROM = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


def price_row(unit_price: str | None, meter: str | None = "uncached_input", **columns: Any) -> dict[str, Any]:
    """One row of the price book for model toy-large, as the catalogue says it; keyword arguments override columns."""
    row: dict[str, Any] = dict.fromkeys(column.name for column in TABLES["genai_price_book"].columns)
    row |= {
        "provider": "toy",
        "model_id": "toy-large",
        "meter": meter,
        "service_tier": "standard",
        "geography": "global",
        "context_tokens_above": 0,
        "model_name": "Toy Large",
        "pricing_type": "standard",
        "currency": "USD",
        "unit_price": None if unit_price is None else Decimal(unit_price),
        "valid_from": dt.date(2026, 1, 1),
        "source": "genai-prices",
        "source_version": "1",
        "retrieved_at": KNOWN_FROM,
        "priority": PRIORITIES["genai-prices"],
        "is_custom": False,
        "known_from": KNOWN_FROM,
    }
    decimals = ("discount_percentage", "free_tier_quantity")
    return row | {name: Decimal(value) if name in decimals else value for name, value in columns.items()}


def agreed_row(unit_price: str | None, **columns: Any) -> dict[str, Any]:
    """One row of the price book that someone entered for organisation acme; keyword arguments override columns."""
    scope = "account" if columns.get("x_genai_account_id") else "organisation"
    entered = {"x_org_slug": "acme", "pricing_type": "negotiated", "source": scope, "is_custom": True}
    return price_row(unit_price, **{**entered, "priority": PRIORITIES[scope], **columns})


def alias_row(rank: int, pattern: str, model_id: str, **columns: Any) -> dict[str, Any]:
    """One alias rule of provider toy."""
    return {
        "provider": "toy",
        "rank": rank,
        "pattern": pattern,
        "excluded_pattern": None,
        "model_id": model_id,
        "model_name": model_id.title(),
        "model_developer": "Toy Works",
        "model_family": "toy",
        "valid_from": dt.date(2020, 1, 1),
        "valid_to": None,
        "source": "test",
        "source_version": "1",
        "known_from": KNOWN_FROM,
        "known_to": None,
    } | columns


PROVIDER_ROW = {
    "provider": "toy",
    "provider_code": "TOY",
    "service_provider_name": "Toy",
    "host_provider_name": "Toy",
    "invoice_issuer_name": "Toy",
    "provider_name": "Toy",
    "publisher_name": "Toy",
    "service_name": "Toy API",
    "service_category": "AI and Machine Learning",
    "service_subcategory": "Generative AI",
    "billing_account_type": "Organization",
    "currency": "USD",
}

ENTITY_ROWS = [
    {
        "x_org_slug": "acme",
        "entity_id": entity_id,
        "entity_name": name,
        "level_code": level_code,
        "parent_entity_id": None,
        "owner": None,
        "level": 1,
        "path": f"/ACME/{entity_id}",
        "path_names": f"/Acme/{name}",
    }
    for entity_id, name, level_code in (
        ("DEPT-1", "Engineering", "DEPT"),
        ("PROJ-1", "Search", "PROJ"),
        ("TEAM-1", "Backend", "TEAM"),
    )
]


def assignment_row(scope: str, scope_id: str, entity_id: str, **columns: Any) -> dict[str, Any]:
    """One open assignment of organisation acme at provider toy."""
    return {
        "x_org_slug": "acme",
        "provider": "toy",
        "scope": scope,
        "scope_id": scope_id,
        "entity_id": entity_id,
        "valid_from": dt.date(2020, 1, 1),
        "valid_to": None,
    } | columns


def resource_row(resource_id: str, model: str, first: dt.datetime, last: dt.datetime, **columns: Any) -> dict[str, Any]:
    """One state of a deployment of provider toy, seen from the first to the last of these moments."""
    row: dict[str, Any] = dict.fromkeys(column.name for column in TABLES["genai_provider_resource_states"].columns)
    row |= {
        "x_org_slug": "acme",
        "x_credential_id": "cred-1",
        "provider": "toy",
        "account_id": "account-1",
        "resource_type": "Deployment",
        "resource_id": resource_id,
        "resource_name": resource_id.title(),
        "provider_model_id": model,
        "capacity": Decimal("1.5"),
        "first_observed_at": first,
        "last_observed_at": last,
    }
    return row | columns


def rating_rows(cases: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """Landing rows and reference rows of rating_cases.yml; a case is found by its id in api_key_id."""
    usage = []
    for case in cases["cases"]:
        columns = {"day": dt.date(2026, 10, 2)} | case.get("usage", {})
        usage.append(usage_row(**columns, api_key_id=case["id"]))
    prices = [price_row(**price) for price in cases["prices"]]
    agreed = [agreed_row(**price) for price in cases.get("agreed", [])]
    return usage, {
        "genai_price_book": [*prices, *agreed],
        "genai_model_alias_rules": [alias_row(**alias) for alias in cases["aliases"]],
        "genai_hierarchy_assignments": [assignment_row("account", "account-1", "DEPT-1")],
    }


@dataclass(frozen=True, kw_only=True)
class ToyLake:
    """Writes the lake below the home of these settings."""

    settings: Settings

    @property
    def root(self) -> Path:
        return Path(self.settings.lake_url)

    def write_reference(self, **rows_of: Sequence[Row]) -> None:
        """Write every reference and price table: no rows where none are named, but for meters and provider toy."""
        rows = {"genai_providers": [PROVIDER_ROW], "genai_hierarchy_entities": ENTITY_ROWS} | rows_of
        for table in TABLES.values():
            if table.layer == "reference":
                frame = meters_frame() if table.name == "genai_meters" else frame_of(table, rows.get(table.name, []))
                _write(self.root / "reference" / f"{table.name}.parquet", frame)
            if table.layer == "prices":
                _write(self.root / "prices" / table.name / "toy.parquet", frame_of(table, rows.get(table.name, [])))
        self.write_resources()

    def write_resources(self, rows: Sequence[Row] = ()) -> None:
        """Write the states of one credential's resources."""
        table = TABLES["genai_provider_resource_states"]
        _write(self.root / "resources" / "_schema" / "empty.parquet", frame_of(table, []))
        _write(self.root / "resources" / "toy" / "acme.cred-1.parquet", frame_of(table, rows))

    def land(self, rows: Iterable[Row], flow: str = "payg") -> None:
        """Replace the landing partitions of the flow and the days that occur in rows."""
        for each in TABLES.values():
            if each.layer == "landing":
                write_landing_sentinel(LakeFiles(str(self.root)), each)
        table = TABLES[f"genai_{flow}_usage_raw"]
        folder = self.root / "landing" / table.name
        by_day: dict[dt.date, list[Row]] = {}
        for row in rows:
            by_day.setdefault(row["x_ingestion_date"], []).append(row)
        for day, day_rows in by_day.items():
            _write(folder / f"day={day}" / "toy" / "acme.cred-1.parquet", frame_of(table, day_rows))

    def clear(self) -> None:
        """Delete the lake and the warehouse."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.settings.warehouse_path.unlink(missing_ok=True)

    def empty(self, day: dt.date) -> None:
        """Replace the landing partition of one day by a true empty answer."""
        table = TABLES["genai_payg_usage_raw"]
        path = self.root / "landing" / table.name / f"day={day}" / "toy" / "acme.cred-1.parquet"
        _write(path, frame_of(table, []))


def frame_of(table: Table, rows: Sequence[Row]) -> pl.DataFrame:
    """Rows as a frame of the table's exact types."""
    schema = {column.name: TYPES[column.type].polars for column in table.columns}
    return pl.DataFrame([dict(row) for row in rows], schema=schema)


def _write(path: Path, frame: pl.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)


def query(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    """Rows of the warehouse, opened for reading only."""
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(statement).fetchall()


def contents(settings: Settings, table: str) -> list[tuple[Any, ...]]:
    """All rows of a table but for what names the run, sorted."""
    statement = f"select * exclude (x_run_id, x_ingested_at) from {table}"  # noqa: S608 - names of our tables
    return sorted(query(settings, statement), key=repr)


@pytest.fixture(scope="session")
def toy() -> SimpleNamespace:
    """Makers of rows of an invented provider, whose models and prices no seed knows."""
    return SimpleNamespace(
        usage_row=usage_row,
        price_row=price_row,
        agreed_row=agreed_row,
        alias_row=alias_row,
        assignment_row=assignment_row,
        resource_row=resource_row,
        rating_rows=rating_rows,
        frame_of=frame_of,
        provider_row=PROVIDER_ROW,
        query=query,
        contents=contents,
    )


@pytest.fixture
def toy_lake(tmp_path: Path) -> ToyLake:
    """An empty lake in a home of its own."""
    return ToyLake(settings=Settings.from_environment({"GENAI_FINOPS_HOME": str(tmp_path / "home")}, tmp_path))


@pytest.fixture(scope="session")
def folder_of_worker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the homes of `lake_folder` lie, one after the other."""
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def lake_folder(folder_of_worker: Path) -> Path:
    """A folder for the home of a module whose tests look at one build.

    At the same path for all modules, and empty but for what dbt parsed: it parses the project anew for every path of a
    home, which takes longer than most builds.
    """
    for path in (folder_of_worker / "home").glob("*"):
        if path.is_dir() and path.name != "dbt":
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
    return folder_of_worker


@pytest.fixture(scope="module")
def module_toy_lake(lake_folder: Path) -> ToyLake:
    """An empty lake for a module whose tests look at one build."""
    return ToyLake(settings=Settings.from_environment({"GENAI_FINOPS_HOME": str(lake_folder / "home")}, lake_folder))


@pytest.fixture(scope="session")
def environment_with(repository: Path) -> Callable[..., Path]:
    """Finds a python that has the requirements: the one that the variable names, or one in .venvs that is made now.

    Skips, saying what is missing, where there is none.
    """

    def find(
        name: str,
        requirements: Sequence[str],
        variable: str,
        *,
        missing: str,
        candidates: Sequence[str] = (sys.executable,),
    ) -> Path:
        if named := os.environ.get(variable):
            return Path(named)
        try:
            return environment_below(repository / ".venvs", name, requirements, candidates=candidates)
        except NoEnvironmentError as reason:
            pytest.skip(f"no {missing}: set {variable} ({reason})")

    return find
