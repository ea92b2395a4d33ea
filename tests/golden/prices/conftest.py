"""The price table as dbt builds it, from the packaged catalogue and the seeds, in a DuckDB of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from genai_finops.pricing.frames import alias_rules_frame, price_catalogue_frame
from genai_finops.schemas.frames import meters_frame

DBT_PROJECT = Path(__file__).parents[3] / "dbt_project"
PriceTableBuilder = Callable[[Path, pl.DataFrame], duckdb.DuckDBPyConnection]


def _build(home: Path, catalogue: pl.DataFrame) -> duckdb.DuckDBPyConnection:
    reference = home / "lake" / "reference"
    reference.mkdir(parents=True)
    catalogue.write_parquet(reference / "genai_price_catalogue.parquet")
    alias_rules_frame().write_parquet(reference / "genai_model_alias_rules.parquet")
    meters_frame().write_parquet(reference / "genai_meters.parquet")
    subprocess.run(
        [
            *(sys.executable, "-c", "from dbt.cli.main import cli; cli()"),
            *("build", "--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT, "--target", "duckdb"),
            *("--target-path", home / "target", "--log-path", home / "logs"),
            *("--select", "+genai_payg_pricing", "+int_pricing__alias_rules"),
        ],
        check=True,
        env={**os.environ, "GENAI_FINOPS_HOME": str(home), "GENAI_FINOPS_LAKE_URL": str(home / "lake")},
    )
    return duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)


@pytest.fixture(scope="session")
def price_table_of() -> PriceTableBuilder:
    """Builds genai_payg_pricing from a catalogue; raises CalledProcessError when dbt or one of its tests fails."""
    return _build


@pytest.fixture(scope="session")
def price_table(
    tmp_path_factory: pytest.TempPathFactory, price_table_of: PriceTableBuilder
) -> Iterator[duckdb.DuckDBPyConnection]:
    """genai_payg_pricing and int_pricing__alias_rules of the packaged catalogue."""
    connection = price_table_of(tmp_path_factory.mktemp("prices"), price_catalogue_frame())
    yield connection
    connection.close()
