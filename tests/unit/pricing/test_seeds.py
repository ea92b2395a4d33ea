"""The reviewed price lists: shape, exactness, and agreement with the catalogue where it takes over."""

import csv
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genai_finops.pricing.catalogue import read_catalogue
from genai_finops.schemas.columns import SERVICE_TIERS
from genai_finops.schemas.meters import METERS

SEEDS = Path(__file__).parents[3] / "seeds"
PRICE_COLUMNS = [
    "pricing_id",
    "provider",
    "model_id",
    "model_name",
    "is_custom",
    "input_price_per_1k",
    "output_price_per_1k",
    "effective_date",
    "end_date",
    "is_enabled",
    "pricing_type",
    "free_tier_input_tokens",
    "free_tier_output_tokens",
    "free_tier_reset_frequency",
    "discount_percentage",
    "discount_reason",
    "volume_threshold_tokens",
    "base_input_price_per_1k",
    "base_output_price_per_1k",
    "x_gemini_context_window",
    "x_gemini_region",
    "x_anthropic_tier",
    "x_openai_batch_input_price",
    "x_openai_batch_output_price",
]
PLAN_COLUMNS = [
    "subscription_id",
    "provider",
    "plan_name",
    "is_custom",
    "quantity",
    "unit_price_usd",
    "effective_date",
    "end_date",
    "is_enabled",
    "auth_type",
    "tier_type",
    "trial_end_date",
    "trial_credit_usd",
    "rpm_limit",
    "tpm_limit",
    "rpd_limit",
    "tpd_limit",
    "concurrent_limit",
    "monthly_token_limit",
    "daily_token_limit",
    "committed_spend_usd",
    "commitment_term_months",
    "discount_percentage",
]


def rows_of(seed: str) -> list[dict[str, str]]:
    with (SEEDS / f"{seed}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


LIST_PRICES = rows_of("genai_list_prices")
FACTORS = rows_of("genai_price_factors")
#: Everything is known of a rate of the catalogue, unlike of a stated rate in general.
RATES: Sequence[Any] = read_catalogue(dt.datetime(2026, 11, 2, 6, tzinfo=dt.UTC)).rates


@pytest.mark.parametrize(
    ("seed", "columns"), [("genai_default_prices", PRICE_COLUMNS), ("genai_subscription_plans", PLAN_COLUMNS)]
)
def test_a_public_seed_has_exactly_the_agreed_columns(seed: str, columns: list[str]) -> None:
    assert list(rows_of(seed)[0]) == columns


def test_batch_of_a_default_price_is_half() -> None:
    wrong = [
        row["model_id"]
        for row in rows_of("genai_default_prices")
        if row["provider"] == "openai"
        and (Decimal(row["x_openai_batch_input_price"]) * 2, Decimal(row["x_openai_batch_output_price"]) * 2)
        != (Decimal(row["input_price_per_1k"]), Decimal(row["output_price_per_1k"]))
    ]

    assert wrong == []


def test_every_meter_and_tier_of_the_list_is_ours() -> None:
    assert {row["meter"] for row in LIST_PRICES} <= METERS.keys()
    assert {row["service_tier"] for row in LIST_PRICES} <= set(SERVICE_TIERS)


def test_every_meter_of_a_billing_sku_is_ours() -> None:
    assert {row["meter"] for row in rows_of("genai_billing_skus")} <= METERS.keys()


BEDROCK_OF_EUROPE = ("aws_bedrock", "regional_eu")


def test_an_amazon_model_costs_more_in_europe_than_in_the_us() -> None:
    prices = {
        row["meter"]: Decimal(row["unit_price"])
        for row in LIST_PRICES
        if (row["provider"], row["geography"]) == BEDROCK_OF_EUROPE
        and (row["model_id"], row["service_tier"]) == ("nova-pro", "standard")
    }

    assert prices == {
        "uncached_input": Decimal("1.05"),
        "cache_read": Decimal("0.2625"),
        "cache_write": Decimal("1.05"),
        "output": Decimal("4.2"),
    }


@pytest.mark.parametrize("geography", ["regional_eu", "regional_ap"])
def test_claude_costs_the_same_in_all_regions_of_bedrock(geography: str) -> None:
    factors = {
        (row["model_id"], row["base_geography"], row["factor"])
        for row in FACTORS
        if (row["provider"], row["geography"], row["service_tier"]) == ("aws_bedrock", geography, "standard")
    }

    assert {(model, "regional", "1") for model in ("claude-opus-5", "claude-haiku-4-5")} <= factors


def test_no_other_part_of_the_world_has_a_price_that_no_source_states() -> None:
    stated = {row["geography"] for row in [*LIST_PRICES, *FACTORS] if row["provider"] == "aws_bedrock"}

    assert stated == {"global", "regional", "regional_eu", "regional_ap"}


def test_a_price_of_a_geography_is_either_given_or_made_by_a_factor() -> None:
    key = ("provider", "model_id", "service_tier", "geography")
    given = {tuple(row[name] for name in key) for row in LIST_PRICES}

    assert given & {tuple(row[name] for name in key) for row in FACTORS} == set()


def test_no_price_of_claude_claims_a_lifetime_that_it_does_not_say() -> None:
    claimed = {row["model_id"] for row in LIST_PRICES if row["meter"] == "cache_write"}
    claimed |= {rate.model_id for rate in RATES if rate.meter == "cache_write"}

    assert {model for model in claimed if model.startswith("claude-")} == set()


def test_a_list_price_is_given_once() -> None:
    key = (
        "provider",
        "model_id",
        "meter",
        "service_tier",
        "geography",
        "context_tokens_above",
        "variant",
        "valid_from",
    )
    keys = [tuple(row[column] for column in key) for row in LIST_PRICES]

    assert len(keys) == len(set(keys))


def test_a_factor_is_given_once() -> None:
    key = ("provider", "model_id", "meter_kind", "service_tier", "geography", "valid_from")
    keys = [tuple(row[column] for column in key) for row in FACTORS]

    assert len(keys) == len(set(keys))


def test_a_model_of_a_seed_is_spelled_as_the_catalogue_names_it() -> None:
    named = {(rate.provider, rate.model_id) for rate in RATES}
    clouds = {"gemini", "gcp_vertex", "aws_bedrock", "azure_openai"}
    seeded = {(row["provider"], row["model_id"]) for row in [*LIST_PRICES, *FACTORS] if row["model_id"]}

    assert {key for key in seeded - named if key[0] in clouds} == set()


@pytest.mark.parametrize("geography", ["data_zone_us", "data_zone_eu"])
def test_a_data_zone_of_azure_costs_a_tenth_more(geography: str) -> None:
    factors = {row["model_id"]: row["factor"] for row in FACTORS if row["geography"] == geography}

    assert {factors[model] for model in ("gpt-4.1", "gpt-4o", "gpt-5", "text-embedding-3-small")} == {"1.1"}


@pytest.mark.parametrize(
    ("model", "factor"), [("claude-haiku-4-5", "1.1"), ("gemini-3.6-flash", "1.1"), ("gemini-2.5-pro", "1")]
)
def test_a_region_of_vertex_costs_a_tenth_more_where_the_model_has_the_uplift(model: str, factor: str) -> None:
    assert [row["factor"] for row in FACTORS if (row["provider"], row["model_id"]) == ("gcp_vertex", model)] == [factor]


@pytest.mark.parametrize("model", ["gemini-3.6-flash", "gemini-3.7-flash", "gemini-3.8-flash"])
def test_storing_a_cache_costs_twice_as_much_from_2027_on(model: str) -> None:
    history = [
        (row["valid_to"], Decimal(row["unit_price"]) * 1_000_000)
        for row in LIST_PRICES
        if (row["model_id"], row["meter"]) == (model, "cache_storage_token_hour")
    ]

    assert history == [("2027-01-01", Decimal("0.5")), ("", Decimal(1))]


@pytest.mark.parametrize("tier", ["batch", "flex", "priority"])
def test_a_tier_of_a_flash_model_follows_the_doubling_of_its_standard_price(tier: str) -> None:
    model = ("gemini", "gemini-3.7-flash", "output")
    prices = {
        row["valid_from"]: Decimal(row["unit_price"])
        for row in LIST_PRICES
        if (row["provider"], row["model_id"], row["meter"], row["service_tier"]) == (*model, tier)
    }

    assert prices["2027-01-01"] == 2 * next(iter(prices.values()))


def test_a_list_price_says_where_it_is_from_and_what_is_assumed() -> None:
    assert [row for row in LIST_PRICES if not (row["source"] and row["note"] and row["checked_on"])] == []


def key_of(rate: Any) -> tuple[str, ...]:
    band = str(rate.context_tokens_above)
    return (rate.provider, rate.model_id, rate.meter, rate.service_tier, rate.geography, band)


def test_the_catalogue_takes_over_at_the_price_that_the_list_has() -> None:
    key = ("provider", "model_id", "meter", "service_tier", "geography", "context_tokens_above")
    last_list_price = {
        (*(row[name] for name in key), row["valid_to"]): Decimal(row["unit_price"]) for row in LIST_PRICES
    }
    jumps = {
        key_of(rate): (last_list_price[*key_of(rate), rate.valid_from.isoformat()], rate.unit_price)
        for rate in RATES
        if last_list_price.get((*key_of(rate), rate.valid_from.isoformat()), rate.unit_price) != rate.unit_price
    }

    assert jumps == {}


def test_every_tier_that_the_catalogue_dates_by_its_entry_has_earlier_prices() -> None:
    listed = {(row["provider"], row["model_id"], row["service_tier"]) for row in LIST_PRICES}
    first_days = {(rate.provider, rate.model_id, rate.service_tier): rate.valid_from for rate in reversed(RATES)}
    late = {key for key, day in first_days.items() if key[2] != "standard" and day.isoformat() >= "2026-10-12"}

    assert late - listed == set()
