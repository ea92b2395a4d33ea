"""A rate that is none is refused by name; nothing is rounded, guessed or left out."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.errors import FinopsError
from genai_finops.pricing.rate_rules import check_rates
from genai_finops.pricing.sources.statement import StatedRate

TODAY = dt.date(2026, 11, 2)
PRICE: dict[str, Any] = {"unit_price": Decimal(2)}
DISCOUNT: dict[str, Any] = {"discount_percentage": Decimal(10), "pricing_type": "negotiated"}
ALLOWANCE: dict[str, Any] = {
    "free_tier_quantity": Decimal(1000),
    "free_tier_reset_frequency": "daily",
    "pricing_type": "free_tier",
}


def rate(**fields: Any) -> StatedRate:
    defaults: dict[str, Any] = {"provider": "openai", "model_id": "toy", "meter": "output", "valid_from": TODAY}
    return StatedRate(**{**defaults, **fields})


def check(stated: StatedRate) -> None:
    check_rates((stated,), source="platform", today=TODAY)


@pytest.mark.parametrize(
    "fields",
    [
        PRICE,
        {"unit_price": Decimal(0)},
        {"unit_price": Decimal("0.000000000001")},
        {"unit_price": Decimal("2.50000000000000000")},
        {"unit_price": Decimal("999999999999.999999999999")},
        {"unit_price": Decimal("1E+3")},
        DISCOUNT,
        {**DISCOUNT, "discount_percentage": Decimal(100)},
        {**DISCOUNT, "meter": None, "service_tier": None, "geography": None, "model_id": None},
        ALLOWANCE,
        {**PRICE, "pricing_type": "volume_discount", "volume_threshold_tokens": 0},
        {**DISCOUNT, "pricing_type": "volume_discount", "volume_threshold_tokens": 1_000_000},
        {**PRICE, "valid_to": TODAY + dt.timedelta(days=1)},
    ],
    ids=str,
)
def test_what_the_rules_allow_is_taken(fields: dict[str, Any]) -> None:
    check(rate(**fields))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "exactly one of .* not none"),
        ({**PRICE, **DISCOUNT}, "not unit_price and discount_percentage"),
        ({**PRICE, **ALLOWANCE}, "not unit_price and free_tier_quantity"),
        ({**DISCOUNT, "pricing_type": "standard"}, "a standard rate is a unit_price"),
        ({**ALLOWANCE, "pricing_type": "promotional"}, "go together"),
        ({**PRICE, "pricing_type": "free_tier"}, "go together"),
        ({**ALLOWANCE, "free_tier_reset_frequency": None}, "free_tier_reset_frequency go together"),
        ({**PRICE, "free_tier_reset_frequency": "daily"}, "free_tier_reset_frequency go together"),
        ({**ALLOWANCE, "meter": None}, "an allowance needs a meter"),
        ({**PRICE, "pricing_type": "volume_discount"}, "needs volume_threshold_tokens"),
        ({**PRICE, "meter": None}, "a price needs a meter"),
        ({**PRICE, "service_tier": None}, "a price needs a service_tier"),
        ({**PRICE, "geography": None}, "a price needs a geography"),
        ({"unit_price": Decimal("-0.01")}, "unit_price -0.01 is negative"),
        ({**DISCOUNT, "discount_percentage": Decimal(-1)}, "discount_percentage -1 is negative"),
        ({**DISCOUNT, "discount_percentage": Decimal("100.1")}, "more than the whole price"),
        ({**ALLOWANCE, "free_tier_quantity": Decimal(-1)}, "free_tier_quantity -1 is negative"),
        ({"unit_price": Decimal("0.0000000000001")}, "more than 12 decimals, and nothing is rounded"),
        ({"unit_price": Decimal("1234567890123456789012345678.0000000000001")}, "more than 12 decimals"),
        ({**DISCOUNT, "discount_percentage": Decimal("0.0000000001")}, "more than 9 decimals"),
        ({"unit_price": Decimal(10) ** 12}, "more than 12 digits before the point"),
        ({"unit_price": Decimal("NaN")}, "is no number"),
        ({"unit_price": Decimal("Infinity")}, "is no number"),
        ({**PRICE, "currency": "usd"}, "currency 'usd' is not three capitals"),
        ({**PRICE, "currency": "USDT"}, "currency 'USDT'"),
        ({**PRICE, "currency": "USD\n"}, "is not three capitals"),
        ({**PRICE, "valid_to": TODAY}, "valid_to 2026-11-02 is not after 2026-11-02"),
        ({**PRICE, "valid_from": None, "valid_to": TODAY}, "valid_to 2026-11-02 is not after 2026-11-02"),
        ({**PRICE, "context_tokens_above": 200, "context_tokens_up_to": 200}, "no prompt is longer than 200"),
    ],
    ids=str,
)
def test_what_is_no_rate_is_refused_with_its_reason(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(FinopsError, match=problem):
        check(rate(**fields))


def test_a_refusal_names_source_and_key() -> None:
    stated = rate(unit_price=Decimal(-1), x_org_slug="acme", context_tokens_above=200_000)

    with pytest.raises(
        FinopsError, match=r"platform: openai toy output standard global acme prompts in \(200000, any\]"
    ):
        check(stated)
