"""The reviewed price lists: shape, exactness, and agreement with the catalogue where it takes over."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from genai_finops.pricing.catalogue import CatalogueRate, read_catalogue
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
RATES = read_catalogue().rates


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


def test_a_list_price_says_where_it_is_from_and_what_is_assumed() -> None:
    assert [row for row in LIST_PRICES if not (row["source"] and row["note"] and row["checked_on"])] == []


def key_of(rate: CatalogueRate) -> tuple[str, ...]:
    return (rate.provider, rate.model_id, rate.meter, rate.service_tier, str(rate.context_tokens_above))


def test_the_catalogue_takes_over_at_the_price_that_the_list_has() -> None:
    last_list_price = {
        (
            *(row[name] for name in ("provider", "model_id", "meter", "service_tier", "context_tokens_above")),
            row["valid_to"],
        ): (Decimal(row["unit_price"]))
        for row in LIST_PRICES
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
