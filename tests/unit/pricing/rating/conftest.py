"""Toy prices in an engine of their own, and the packaged prices."""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from genai_finops.pricing.frames import price_book_frame
from genai_finops.pricing.open_book import open_book
from genai_finops.pricing.rating_engine import RatingEngine, RatingTables
from genai_finops.pricing.sources.statement import StatedRate, Statement
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.frames import providers_frame
from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.tables.control import PROVIDER_ACCOUNTS
from genai_finops.schemas.tables.pricing import MODEL_ALIAS_RULES, PRICE_FACTORS
from genai_finops.schemas.validation import empty_frame
from genai_finops.settings import Settings

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
REPOSITORY = Path(__file__).parents[4]


def rate(unit_price: str | None, meter: str | None = "uncached_input", **columns: Any) -> StatedRate:
    """A rate of model toy-large of OpenAI, valid from 2026-01-01."""
    values: dict[str, Any] = {"provider": "openai", "model_id": "toy-large", "valid_from": dt.date(2026, 1, 1)}
    price = None if unit_price is None else Decimal(unit_price)
    return StatedRate(**{**values, "meter": meter, "unit_price": price, **columns})


def toy_engine(
    rates: Sequence[StatedRate], *, agreed: Sequence[StatedRate] = (), later: Sequence[StatedRate] = (), **options: Any
) -> RatingEngine:
    """An engine that knows some rates of the catalogue, and what was agreed with organisations."""
    alias = {
        "provider": "openai",
        "rank": 0,
        "pattern": "^toy-large(?:-2026)?$",
        "model_id": "toy-large",
        "valid_from": dt.date(2020, 1, 1),
        "source": "test",
        "source_version": "1",
        "known_from": NOW,
    }
    spoken = [("genai-prices", "1", NOW, rates), ("organisation", "2", NOW, agreed)]
    if later:
        spoken.append(("genai-prices", "3", NOW + dt.timedelta(days=1), later))
    statements = [
        Statement(source=source, source_version=version, retrieved_at=moment, rates=tuple(stated))
        for source, version, moment, stated in spoken
        if stated
    ]
    tables = RatingTables(
        prices=price_book_frame(*statements),
        factors=empty_frame(PRICE_FACTORS),
        alias_rules=pl.DataFrame([alias], schema=empty_frame(MODEL_ALIAS_RULES).schema),
        meters=meters_frame(),
        providers=providers_frame(load_provider_configs(REPOSITORY / "configs" / "providers", {})),
        accounts=empty_frame(PROVIDER_ACCOUNTS),
    )
    return RatingEngine(tables, **options)


@pytest.fixture(scope="session")
def toy() -> Callable[..., RatingEngine]:
    return toy_engine


@pytest.fixture(scope="session")
def toy_rate() -> Callable[..., StatedRate]:
    return rate


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> RatingEngine:
    """The packaged catalogue and the seeds."""
    home = tmp_path_factory.mktemp("home")
    return open_book(Settings.from_environment({"GENAI_FINOPS_HOME": str(home)}, home), now=NOW)
