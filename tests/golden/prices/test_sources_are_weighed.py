"""Which source decides a price on which day, seen on the table that dbt builds."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest

from genai_finops.schemas.tables.pricing import PRICE_CATALOGUE
from genai_finops.schemas.validation import empty_frame

BASE: dict[str, Any] = {
    "provider": "openai",
    "model_id": "gpt-4o",
    "meter": "uncached_input",
    "service_tier": "standard",
    "geography": "global",
    "context_tokens_above": 0,
    "context_tokens_up_to": None,
    "variant": None,
    "model_name": "GPT-4o",
    "currency": "USD",
    "unit_price": Decimal("2.5"),
    "valid_from": dt.date(2020, 1, 1),
    "valid_to": None,
    "source": "genai-prices",
    "source_version": "test",
}
FEBRUARY, MARCH, APRIL = dt.date(2025, 2, 1), dt.date(2025, 3, 1), dt.date(2025, 4, 1)


@pytest.fixture(scope="module")
def weighed(tmp_path_factory: pytest.TempPathFactory, price_table_of: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """A catalogue that knows gpt-4o in two bands for two months of 2025 only, and claude-opus-5 always."""
    short = {"context_tokens_up_to": 1000, "valid_from": FEBRUARY, "valid_to": MARCH, "unit_price": Decimal(2)}
    long = {"context_tokens_above": 1000, "valid_from": FEBRUARY, "valid_to": MARCH, "unit_price": Decimal(3)}
    changed = {"valid_from": MARCH, "valid_to": APRIL, "unit_price": Decimal(4)}
    claude = {
        "provider": "anthropic",
        "model_id": "claude-opus-5",
        "unit_price": Decimal("5.123456789"),
        "model_name": None,
    }
    rows = [{**BASE, **row} for row in (short, long, changed, claude)]
    catalogue = pl.DataFrame(rows, schema=empty_frame(PRICE_CATALOGUE).schema)
    connection = price_table_of(tmp_path_factory.mktemp("weighed"), catalogue)
    yield connection
    connection.close()


def test_bands_of_the_catalogue_leave_no_default_price_beside_them(weighed: duckdb.DuckDBPyConnection) -> None:
    history = weighed.execute(
        """
        select valid_from, valid_to, context_tokens_above, unit_price, source
        from genai_payg_pricing
        where model_id = 'gpt-4o' and meter = 'uncached_input' and service_tier = 'standard'
        order by valid_from, context_tokens_above
        """
    ).fetchall()

    assert history == [
        (dt.date(2024, 12, 1), FEBRUARY, 0, Decimal("2.5"), "default_prices"),
        (FEBRUARY, MARCH, 0, Decimal(2), "genai-prices"),
        (FEBRUARY, MARCH, 1000, Decimal(3), "genai-prices"),
        (MARCH, APRIL, 0, Decimal(4), "genai-prices"),
        (APRIL, None, 0, Decimal("2.5"), "default_prices"),
    ]


def test_a_factor_makes_the_price_of_its_geography_exactly(weighed: duckdb.DuckDBPyConnection) -> None:
    prices = weighed.execute(
        """
        select geography, unit_price from genai_payg_pricing
        where model_id = 'claude-opus-5' and meter = 'uncached_input' and service_tier = 'standard' order by geography
        """
    ).fetchall()

    assert prices == [("global", Decimal("5.123456789")), ("us", Decimal("5.6358024679"))]


def test_a_default_price_per_thousand_becomes_a_price_per_million(price_table: duckdb.DuckDBPyConnection) -> None:
    prices = price_table.execute(
        "select meter, unit_price, pricing_unit, free_tier_quantity from genai_payg_pricing "
        "where model_id = 'gemini-1.5-flash-8b' order by meter"
    ).fetchall()

    assert prices == [
        ("output", Decimal("0.15"), "1000000 Tokens", Decimal(1_000_000_000)),
        ("uncached_input", Decimal("0.0375"), "1000000 Tokens", Decimal(1_000_000_000)),
    ]


def test_an_embedding_model_has_no_output_price(price_table: duckdb.DuckDBPyConnection) -> None:
    meters = price_table.execute(
        "select distinct meter from genai_payg_pricing where model_id = 'text-embedding-004'"
    ).fetchall()

    assert meters == [("embedding_input",)]


def test_a_model_that_only_a_seed_knows_is_recognised_by_its_own_name_alone(
    price_table: duckdb.DuckDBPyConnection,
) -> None:
    recognised = price_table.execute(
        """
        select spelling, rules.model_id
        from (values ('gemini-1.5-flash'), ('gemini-1.5-flash-9b'), ('gemini-1x5-flash')) as spellings (spelling)
        left join int_pricing__alias_rules as rules
            on rules.provider = 'gemini' and regexp_matches(spelling, rules.pattern)
        order by spelling
        """
    ).fetchall()

    assert recognised == [
        ("gemini-1.5-flash", "gemini-1.5-flash"),
        ("gemini-1.5-flash-9b", None),
        ("gemini-1x5-flash", None),
    ]


def test_batch_has_one_price_on_every_day_around_its_entry_into_the_catalogue(
    price_table: duckdb.DuckDBPyConnection,
) -> None:
    prices = price_table.execute(
        """
        select day, count(*), any_value(unit_price)
        from (values (date '2026-10-01'), (date '2026-10-13'), (date '2026-10-14'), (date '2026-11-04')) as days (day)
        left join genai_payg_pricing
            on valid_from <= day and (valid_to is null or day < valid_to)
            and model_id = 'gpt-4o' and meter = 'output' and service_tier = 'batch'
        group by day
        """
    ).fetchall()

    assert {(rows, price) for _, rows, price in prices} == {(1, Decimal(5))}


def test_the_same_sources_give_the_same_ids_in_two_builds(
    weighed: duckdb.DuckDBPyConnection, price_table: duckdb.DuckDBPyConnection
) -> None:
    ids = "select pricing_id from genai_payg_pricing where provider = 'gemini' order by pricing_id"

    assert weighed.execute(ids).fetchall() == price_table.execute(ids).fetchall()
