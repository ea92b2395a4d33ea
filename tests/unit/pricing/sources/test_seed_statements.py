"""The seeds as statements: exact per million, allowances as rows of their own, nothing read past a mistake."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genai_finops.errors import FinopsError
from genai_finops.pricing.frames import price_book_frame
from genai_finops.pricing.sources.seeds import (
    DEFAULT_PRICES,
    LIST_PRICES,
    PRICE_FACTORS_SEED,
    price_factors_frame,
    read_default_prices,
    read_list_prices,
)
from genai_finops.pricing.sources.statement import StatedRate, Statement

SEEDS = Path(__file__).parents[4] / "seeds"
NOW = dt.datetime(2026, 11, 2, 6, tzinfo=dt.UTC)
DEFAULT_HEADER, LIST_HEADER = (
    (SEEDS / name).read_text().splitlines()[0].split(",") for name in (DEFAULT_PRICES, LIST_PRICES)
)
DEFAULT_ROW = {
    "pricing_id": "default-toy",
    "provider": "openai",
    "model_id": "toy",
    "model_name": "Toy",
    "is_custom": "false",
    "input_price_per_1k": "0.0000375",
    "output_price_per_1k": "0.00015",
    "effective_date": "2024-12-01",
    "is_enabled": "true",
    "pricing_type": "standard",
}
LIST_ROW = {
    "provider": "openai",
    "meter": "web_search",
    "service_tier": "standard",
    "geography": "global",
    "context_tokens_above": "0",
    "currency": "USD",
    "unit_price": "10",
    "valid_from": "2020-01-01",
    "source": "a page",
    "checked_on": "2026-11-01",
}


def seed(folder: Path, header: list[str], *rows: dict[str, str]) -> Path:
    path = folder / "seed.csv"
    lines = [",".join(header), *(",".join(row.get(name, "") for name in header) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def defaults(folder: Path, **fields: str) -> Statement:
    return read_default_prices(seed(folder, DEFAULT_HEADER, {**DEFAULT_ROW, **fields}), NOW)


def listed(folder: Path, **fields: str) -> Statement:
    return read_list_prices(seed(folder, LIST_HEADER, {**LIST_ROW, **fields}), NOW)


def prices(statement: Statement) -> dict[tuple[Any, Any], Decimal | None]:
    """By meter and tier."""
    return {(rate.meter, rate.service_tier): rate.unit_price for rate in statement.rates if rate.unit_price is not None}


def allowances(statement: Statement) -> list[StatedRate]:
    return [rate for rate in statement.rates if rate.pricing_type == "free_tier"]


def test_a_price_per_thousand_is_exact_per_million(tmp_path: Path) -> None:
    assert prices(defaults(tmp_path)) == {
        ("uncached_input", "standard"): Decimal("0.0375"),
        ("output", "standard"): Decimal("0.15"),
    }


def test_the_batch_columns_are_prices_of_the_batch_tier(tmp_path: Path) -> None:
    found = prices(defaults(tmp_path, x_openai_batch_input_price="0.00125", x_openai_batch_output_price="0.005"))

    assert (found["uncached_input", "batch"], found["output", "batch"]) == (Decimal("1.25"), Decimal(5))


def test_an_embedding_has_one_meter_and_its_output_price_of_zero_is_none(tmp_path: Path) -> None:
    statement = defaults(tmp_path, model_id="Text-Embedding-9", output_price_per_1k="0")

    assert prices(statement) == {("embedding_input", "standard"): Decimal("0.0375")}


def test_an_allowance_is_a_row_without_a_price_for_each_direction(tmp_path: Path) -> None:
    statement = defaults(
        tmp_path, free_tier_input_tokens="1000", free_tier_output_tokens="500", free_tier_reset_frequency="daily"
    )

    assert [
        (rate.meter, rate.free_tier_quantity, rate.free_tier_reset_frequency, rate.unit_price)
        for rate in allowances(statement)
    ] == [("uncached_input", Decimal(1000), "daily", None), ("output", Decimal(500), "daily", None)]


def test_the_allowance_of_an_embedding_is_for_its_meter_alone(tmp_path: Path) -> None:
    statement = defaults(
        tmp_path,
        model_id="toy-embedding",
        free_tier_input_tokens="1000",
        free_tier_output_tokens="0",
        free_tier_reset_frequency="daily",
    )

    assert [(rate.meter, rate.free_tier_quantity) for rate in allowances(statement)] == [
        ("embedding_input", Decimal(1000))
    ]


def test_a_default_that_is_not_enabled_is_none(tmp_path: Path) -> None:
    assert defaults(tmp_path, is_enabled="false").rates == ()


def test_a_default_holds_for_the_days_of_the_seed(tmp_path: Path) -> None:
    rate = defaults(tmp_path, end_date="2026-01-01").rates[0]

    assert (rate.valid_from, rate.valid_to) == (dt.date(2024, 12, 1), dt.date(2026, 1, 1))


def test_the_version_of_the_defaults_is_their_content(tmp_path: Path) -> None:
    first = defaults(tmp_path).source_version

    assert first != defaults(tmp_path, input_price_per_1k="0.1").source_version
    assert first == defaults(tmp_path).source_version


def test_a_list_price_is_per_pricing_unit_as_it_stands(tmp_path: Path) -> None:
    [rate] = listed(
        tmp_path, unit_price="2.5", context_tokens_above="200000", variant="high", valid_to="2027-01-01"
    ).rates

    assert rate == StatedRate(
        provider="openai",
        model_id=None,
        meter="web_search",
        context_tokens_above=200_000,
        variant="high",
        unit_price=Decimal("2.5"),
        valid_from=dt.date(2020, 1, 1),
        valid_to=dt.date(2027, 1, 1),
        source_reference="a page",
    )


def test_the_version_of_the_list_is_its_last_check(tmp_path: Path) -> None:
    path = seed(tmp_path, LIST_HEADER, {**LIST_ROW, "checked_on": "2026-11-22"}, {**LIST_ROW, "provider": "gemini"})

    assert read_list_prices(path, NOW).source_version == "2026-11-22"


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("unit_price", "ten", "line 2: unit_price is 'ten'"),
        ("valid_from", "yesterday", "line 2: valid_from is 'yesterday'"),
        ("valid_from", "", "line 2: valid_from is empty"),
        ("provider", "", "line 2: provider is empty"),
        ("source", "", "line 2: source is empty"),
        ("context_tokens_up_to", "200k", "line 2: context_tokens_up_to is '200k'"),
    ],
)
def test_a_malformed_field_of_a_list_is_named(tmp_path: Path, column: str, value: str, problem: str) -> None:
    with pytest.raises(FinopsError, match=problem):
        listed(tmp_path, **{column: value})


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"is_enabled": "perhaps"}, "line 2: is_enabled is 'perhaps'"),
        ({"free_tier_input_tokens": "1000"}, "line 2: free_tier_reset_frequency is empty"),
        ({"pricing_type": "negotiated"}, "pricing_type negotiated has no place among default prices"),
        ({"effective_date": ""}, "effective_date is empty"),
    ],
)
def test_a_malformed_default_is_named(tmp_path: Path, fields: dict[str, str], problem: str) -> None:
    with pytest.raises(FinopsError, match=problem):
        defaults(tmp_path, **fields)


def test_a_column_that_is_gone_is_named(tmp_path: Path) -> None:
    path = seed(tmp_path, [name for name in LIST_HEADER if name != "geography"], LIST_ROW)

    with pytest.raises(FinopsError, match="geography is no column"):
        read_list_prices(path, NOW)


def test_a_missing_seed_is_named(tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match=r"nowhere\.csv cannot be read"):
        read_list_prices(tmp_path / "nowhere.csv", NOW)


@pytest.mark.parametrize(
    "statement",
    [read_list_prices(SEEDS / LIST_PRICES, NOW), read_default_prices(SEEDS / DEFAULT_PRICES, NOW)],
    ids=lambda statement: statement.source,
)
def test_a_packaged_seed_fits_the_book_and_says_all_that_it_knows(statement: Statement) -> None:
    assert price_book_frame(statement).height == len(statement.rates)
    assert statement.is_complete


def test_the_packaged_factors_fit_their_table() -> None:
    frame = price_factors_frame(SEEDS / PRICE_FACTORS_SEED, NOW)

    assert frame.filter(model_id="claude-opus-5", provider="anthropic")["factor"].to_list() == [Decimal("1.1")]
    assert frame["known_from"].unique().to_list() == [NOW]
