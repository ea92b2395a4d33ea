"""Price tables as the engine makes them, of the packaged prices: what the lake of this machine knows has no part in
it.
"""

import datetime as dt
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from genai_finops.pricing.frames import price_book_frame
from genai_finops.pricing.open_book import rating_tables
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.pricing.sources.seeds import DEFAULT_PRICES, LIST_PRICES, read_default_prices, read_list_prices
from genai_finops.pricing.sources.statement import Statement
from genai_finops.settings import Settings

PriceTableBuilder = Callable[[Statement], duckdb.DuckDBPyConnection]
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)

SCRIPT = Path(__file__).parents[3] / "scripts" / "golden_costs.py"


@pytest.fixture(scope="session")
def golden_costs() -> ModuleType:
    """scripts/golden_costs.py, which is no module of a package."""
    specification = importlib.util.spec_from_file_location("golden_costs", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["golden_costs"] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def engine(golden_costs: ModuleType) -> RatingEngine:
    """The packaged catalogue and the seeds."""
    opened: RatingEngine = golden_costs.packaged_engine()
    return opened


@pytest.fixture(scope="session")
def price_table_of(tmp_path_factory: pytest.TempPathFactory) -> PriceTableBuilder:
    """genai_payg_pricing and int_pricing__alias_rules, of a catalogue that stands beside the seeds."""
    home = tmp_path_factory.mktemp("prices")
    settings = Settings.from_environment({"GENAI_FINOPS_HOME": str(home)}, home)

    def build(catalogue: Statement) -> duckdb.DuckDBPyConnection:
        seeds = settings.seeds_dir
        prices = price_book_frame(
            catalogue,
            read_list_prices(seeds / LIST_PRICES, NOW),
            read_default_prices(seeds / DEFAULT_PRICES, NOW),
        )
        return _tables(RatingEngine(replace(rating_tables(settings, now=NOW), prices=prices)))

    return build


@pytest.fixture(scope="session")
def price_table(engine: RatingEngine) -> duckdb.DuckDBPyConnection:
    """genai_payg_pricing and int_pricing__alias_rules of the packaged catalogue."""
    return _tables(engine)


def _tables(engine: RatingEngine) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    for name, frame in (
        ("genai_payg_pricing", engine.price_table()),
        ("int_pricing__alias_rules", engine.alias_rules()),
    ):
        connection.register("given", frame)
        connection.execute(f"create table {name} as select * from given")  # noqa: S608 - names of this file
    return connection
