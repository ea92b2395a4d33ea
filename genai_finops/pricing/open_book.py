"""The price book of these settings, opened for rating."""

import datetime as dt
from functools import cache

import polars as pl

from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import reference_path
from genai_finops.lake.price_book import price_sources, read_price_tables
from genai_finops.pricing.aliases import read_alias_rules
from genai_finops.pricing.catalogue import read_catalogue
from genai_finops.pricing.frames import alias_rules_frame, price_book_frame
from genai_finops.pricing.rating_engine import RatingEngine, RatingTables
from genai_finops.pricing.sources.seeds import (
    DEFAULT_PRICES,
    LIST_PRICES,
    PRICE_FACTORS_SEED,
    price_factors_frame,
    read_default_prices,
    read_list_prices,
)
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.frames import providers_frame
from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.tables.control import PROVIDER_ACCOUNTS
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.validation import empty_frame
from genai_finops.settings import Settings, load_settings


def open_book(
    settings: Settings, *, now: dt.datetime, known_at: dt.datetime | None = None, threads: int = 1
) -> RatingEngine:
    """The book of the lake as known at a moment, or now; where the lake has none yet, the packaged prices as of `now`.

    Raises FinopsError for a lake, a seed or a configuration that cannot be read.
    """
    return RatingEngine(rating_tables(settings, now=now), known_at, threads=threads)


def rating_tables(settings: Settings, *, now: dt.datetime) -> RatingTables:
    """What prices are made of: the tables of the lake, else the packaged ones. Raises FinopsError."""
    files = LakeFiles(settings.lake_url)
    book = read_price_tables(files) if price_sources(files, PRICE_BOOK) else packaged_book(settings, now=now)
    return RatingTables(
        prices=book["genai_price_book"],
        factors=book["genai_price_factors"],
        alias_rules=book["genai_model_alias_rules"],
        meters=meters_frame(),
        providers=providers_frame(load_provider_configs(settings.provider_config_dir, settings.environ)),
        accounts=_accounts(files),
    )


def packaged_book(settings: Settings, *, now: dt.datetime) -> dict[str, pl.DataFrame]:
    """A book that knows the packaged catalogue and the seeds since `now`, by name of the table. Raises FinopsError."""
    seeds = settings.seeds_dir
    return {
        "genai_price_book": price_book_frame(
            read_catalogue(now),
            read_list_prices(seeds / LIST_PRICES, now),
            read_default_prices(seeds / DEFAULT_PRICES, now),
        ),
        "genai_price_factors": price_factors_frame(seeds / PRICE_FACTORS_SEED, now),
        "genai_model_alias_rules": alias_rules_frame(now, read_alias_rules()),
    }


@cache
def default_book() -> RatingEngine:
    """The book of this process's settings, as it was when it was first asked for. Raises FinopsError."""
    return open_book(load_settings(), now=dt.datetime.now(dt.UTC))


def _accounts(files: LakeFiles) -> pl.DataFrame:
    path = reference_path(PROVIDER_ACCOUNTS)
    return pl.read_parquet(files.read(path)) if files.exists(path) else empty_frame(PROVIDER_ACCOUNTS)
