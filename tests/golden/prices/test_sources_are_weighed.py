"""Which source decides a price on which day, seen on the price table of the engine."""

import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from genai_finops.pricing.sources.statement import StatedRate, Statement

FEBRUARY, MARCH, APRIL = dt.date(2025, 2, 1), dt.date(2025, 3, 1), dt.date(2025, 4, 1)


def gpt_4o(unit_price: int, **columns: Any) -> StatedRate:
    return StatedRate(
        provider="openai", model_id="gpt-4o", meter="uncached_input", unit_price=Decimal(unit_price), **columns
    )


@pytest.fixture(scope="module")
def weighed(price_table_of: Any) -> duckdb.DuckDBPyConnection:
    """A catalogue that knows gpt-4o in two bands for two months of 2025 only, and claude-opus-5 always."""
    claude = StatedRate(
        provider="anthropic",
        model_id="claude-opus-5",
        meter="uncached_input",
        unit_price=Decimal("5.123456789"),
        valid_from=dt.date(2020, 1, 1),
    )
    stated_twice = (
        StatedRate(
            provider="anthropic",
            model_id="claude-opus-4-6",
            meter="uncached_input",
            geography=geography,
            unit_price=Decimal(unit_price),
            valid_from=dt.date(2020, 1, 1),
        )
        for geography, unit_price in (("global", 5), ("us", 7))
    )
    rates = (
        *stated_twice,
        gpt_4o(2, context_tokens_up_to=1000, valid_from=FEBRUARY, valid_to=MARCH),
        gpt_4o(3, context_tokens_above=1000, valid_from=FEBRUARY, valid_to=MARCH),
        gpt_4o(4, valid_from=MARCH, valid_to=APRIL),
        claude,
    )
    retrieved_at = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    connection: duckdb.DuckDBPyConnection = price_table_of(
        Statement(source="genai-prices", source_version="test", retrieved_at=retrieved_at, rates=rates)
    )
    return connection


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


def test_what_a_source_states_itself_comes_before_what_a_factor_makes_of_it(weighed: duckdb.DuckDBPyConnection) -> None:
    prices = weighed.execute(
        "select unit_price, valid_to from genai_payg_pricing where model_id = 'claude-opus-4-6'"
        " and provider = 'anthropic' and meter = 'uncached_input' and service_tier = 'standard' and geography = 'us'"
    ).fetchall()

    assert prices == [(Decimal(7), None)]


def test_a_default_price_per_thousand_becomes_a_price_per_million(price_table: duckdb.DuckDBPyConnection) -> None:
    prices = price_table.execute(
        "select meter, unit_price, pricing_unit from genai_payg_pricing "
        "where model_id = 'text-embedding-004' and pricing_type = 'standard'"
    ).fetchall()

    assert prices == [("embedding_input", Decimal("0.01"), "1000000 Tokens")]


def test_a_default_allowance_is_a_row_of_its_own_without_a_price(price_table: duckdb.DuckDBPyConnection) -> None:
    allowances = price_table.execute(
        "select meter, unit_price, free_tier_quantity, free_tier_reset_frequency from genai_payg_pricing "
        "where model_id = 'text-embedding-004' and pricing_type = 'free_tier'"
    ).fetchall()

    assert allowances == [("embedding_input", None, Decimal(10_000_000), "daily")]


def test_the_catalogue_decides_a_model_that_the_default_prices_have_too(
    price_table: duckdb.DuckDBPyConnection,
) -> None:
    sources = price_table.execute(
        "select distinct source from genai_payg_pricing where provider = 'gemini' and model_id = 'gemini-1.5-flash-8b' "
        "and pricing_type = 'standard'"
    ).fetchall()

    assert sources == [("genai-prices",)]


@pytest.mark.parametrize(
    ("provider", "model", "geography", "price"),
    [
        ("aws_bedrock", "claude-opus-5", "global", Decimal(25)),
        ("aws_bedrock", "claude-opus-5", "regional", Decimal("27.5")),
        ("aws_bedrock", "nova-pro", "regional", Decimal("3.2")),
        ("aws_bedrock", "nova-pro", "global", None),
        ("gcp_vertex", "claude-opus-5", "regional", Decimal("27.5")),
        ("gcp_vertex", "gemini-2.5-flash", "regional", Decimal("2.5")),
        ("gcp_vertex", "gemini-3.6-flash", "regional", Decimal("4.125")),
        ("azure_openai", "gpt-4.1", "global", Decimal(8)),
        ("azure_openai", "gpt-4.1", "data_zone_us", Decimal("8.8")),
        ("azure_openai", "gpt-4.1", "data_zone_eu", Decimal("8.8")),
        ("azure_openai", "gpt-4.1", "regional", None),
        ("gemini", "gemini-2.5-flash", "global", Decimal("2.5")),
    ],
)
def test_output_on_a_day_of_october_has_the_price_of_its_geography_and_no_other(
    price_table: duckdb.DuckDBPyConnection, provider: str, model: str, geography: str, price: Decimal | None
) -> None:
    prices = price_table.execute(
        """
        select unit_price from genai_payg_pricing
        where provider = ? and model_id = ? and geography = ? and meter = 'output' and service_tier = 'standard'
            and valid_from <= date '2026-10-20' and (valid_to is null or valid_to > date '2026-10-20')
        """,
        [provider, model, geography],
    ).fetchall()

    assert prices == ([] if price is None else [(price,)])


@pytest.mark.parametrize(
    ("model", "prices"),
    [
        ("claude-haiku-4-5", {"regional": "5.5", "regional_eu": "5.5", "regional_ap": "5.5"}),
        ("nova-pro", {"regional": "3.2", "regional_eu": "4.2", "regional_ap": "3.36"}),
        ("llama3-3-70b-instruct", {"regional": "0.72"}),
    ],
)
def test_output_of_a_bedrock_region_has_the_price_of_its_part_of_the_world_or_none(
    price_table: duckdb.DuckDBPyConnection, model: str, prices: dict[str, str]
) -> None:
    found = price_table.execute(
        """
        select geography, unit_price
        from genai_payg_pricing
        where provider = 'aws_bedrock' and model_id = ? and meter = 'output' and service_tier = 'standard'
            and geography like 'regional%' and valid_to is null
        """,
        [model],
    ).fetchall()

    assert dict(found) == {geography: Decimal(price) for geography, price in prices.items()}


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
        from (values ('text-embedding-004'), ('text-embedding-0045'), ('my-text-embedding-004')) as spellings (spelling)
        left join int_pricing__alias_rules as rules
            on rules.provider = 'gemini' and regexp_matches(spelling, rules.pattern)
        order by spelling
        """
    ).fetchall()

    assert recognised == [
        ("my-text-embedding-004", None),
        ("text-embedding-004", "text-embedding-004"),
        ("text-embedding-0045", None),
    ]


@pytest.mark.parametrize(
    ("provider", "model", "geography", "price"),
    [
        ("openai", "gpt-4o", "global", Decimal(5)),
        ("azure_openai", "gpt-4o", "global", Decimal(5)),
        ("azure_openai", "gpt-4o", "data_zone_eu", Decimal("5.5")),
        ("azure_openai", "o3", "global", Decimal(4)),
        ("gemini", "gemini-2.5-flash", "global", Decimal("1.25")),
        ("gcp_vertex", "gemini-3.7-flash", "regional", Decimal("2.0625")),
        ("gcp_vertex", "claude-opus-5", "global", Decimal("12.5")),
        ("aws_bedrock", "claude-haiku-4-5", "regional", Decimal("2.75")),
    ],
)
def test_batch_has_one_price_on_every_day_around_its_entry_into_the_catalogue(
    price_table: duckdb.DuckDBPyConnection, provider: str, model: str, geography: str, price: Decimal
) -> None:
    prices = price_table.execute(
        """
        select day, count(*), any_value(unit_price)
        from (values (date '2026-10-01'), (date '2026-10-13'), (date '2026-10-14'), (date '2026-11-04')) as days (day)
        left join genai_payg_pricing
            on valid_from <= day and (valid_to is null or day < valid_to)
            and provider = ? and model_id = ? and geography = ? and meter = 'output' and service_tier = 'batch'
        group by day
        """,
        [provider, model, geography],
    ).fetchall()

    assert {(rows, unit_price) for _, rows, unit_price in prices} == {(1, price)}


def test_the_same_sources_give_the_same_ids_in_two_builds(
    weighed: duckdb.DuckDBPyConnection, price_table: duckdb.DuckDBPyConnection
) -> None:
    ids = "select pricing_id from genai_payg_pricing where model_id = 'text-embedding-004' order by pricing_id"

    assert weighed.execute(ids).fetchall() == price_table.execute(ids).fetchall()
