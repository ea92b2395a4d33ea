"""What may be entered as a price, and how what may not is refused."""

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.control.price_rules import PriceTerms, check_terms
from genai_finops.errors import FinopsError

CURRENCIES = {"openai": "USD", "mistral": "EUR"}
FIRST = dt.date(2026, 11, 1)
PRICE = PriceTerms(
    provider="openai",
    model="gpt-5",
    meter="uncached_input",
    service_tier="standard",
    geography="global",
    pricing_type="standard",
    currency="USD",
    unit_price=Decimal("2.50"),
    valid_from=FIRST,
)
DISCOUNT = PriceTerms(
    provider="openai",
    pricing_type="negotiated",
    currency="USD",
    discount_percentage=Decimal("12.5"),
    valid_from=FIRST,
)
ALLOWANCE = PriceTerms(
    provider="openai",
    model="gpt-5",
    meter="uncached_input",
    pricing_type="free_tier",
    currency="USD",
    free_tier_quantity=Decimal(1_000_000),
    free_tier_reset_frequency="daily",
    valid_from=FIRST,
)
VOLUME = dataclasses.replace(
    PRICE, pricing_type="volume_discount", volume_threshold_tokens=1_000_000_000, unit_price=Decimal(2)
)


def checked(terms: PriceTerms, **changes: Any) -> PriceTerms:
    return check_terms(dataclasses.replace(terms, **changes), CURRENCIES)


@pytest.mark.parametrize(
    "terms",
    [
        PRICE,
        ALLOWANCE,
        VOLUME,
        dataclasses.replace(PRICE, pricing_type="negotiated"),
        dataclasses.replace(PRICE, pricing_type="committed_use"),
        dataclasses.replace(PRICE, pricing_type="promotional", valid_to=dt.date(2026, 12, 1)),
        dataclasses.replace(PRICE, meter="web_search", model=None),
        dataclasses.replace(PRICE, unit_price=Decimal(0)),
        dataclasses.replace(PRICE, provider="mistral", currency="EUR"),
        dataclasses.replace(ALLOWANCE, free_tier_reset_frequency="never"),
    ],
    ids=lambda terms: f"{terms.pricing_type} {terms.meter}",
)
def test_terms_that_keep_the_rules_are_taken_as_they_are(terms: PriceTerms) -> None:
    assert check_terms(terms, CURRENCIES) == terms


@pytest.mark.parametrize(
    ("pricing_type", "reason"),
    [("negotiated", "negotiated"), ("committed_use", "commitment"), ("promotional", "promotion")],
)
def test_a_discount_without_a_reason_is_given_that_of_its_type(pricing_type: str, reason: str) -> None:
    assert checked(DISCOUNT, pricing_type=pricing_type, valid_to=dt.date(2026, 12, 1)).discount_reason == reason


def test_a_price_below_the_scale_of_a_cent_is_kept_to_the_last_decimal() -> None:
    assert checked(PRICE, unit_price=Decimal("0.000000000001")).unit_price == Decimal("0.000000000001")


def test_zeros_behind_the_twelfth_decimal_are_no_further_decimals() -> None:
    assert checked(PRICE, unit_price=Decimal("2.5000000000000000")).unit_price == Decimal("2.5")


@pytest.mark.parametrize(
    ("terms", "changes", "message"),
    [
        (PRICE, {"provider": "opnai"}, r"Provider 'opnai' is unknown\. Did you mean openai"),
        (PRICE, {"meter": "uncached_inputs"}, r"Meter 'uncached_inputs' is unknown\. Did you mean uncached_input"),
        (PRICE, {"meter": "zzz"}, r"Meter 'zzz' is unknown\. Use one of: uncached_input, "),
        (PRICE, {"meter": "input"}, r"Meter 'input' is counted, but no price list charges it"),
        (PRICE, {"meter": "request"}, r"Meter 'request' is counted, but no price list charges it"),
        (PRICE, {"service_tier": "standart"}, r"Service tier 'standart' is unknown\. Did you mean standard\?"),
        (PRICE, {"service_tier": "Batch"}, r"Service tier 'Batch' is unknown\. Did you mean batch\?"),
        (PRICE, {"service_tier": "committed"}, r"'committed' is never charged"),
        (PRICE, {"geography": "EU"}, r"Geography 'EU' is not a name"),
        (PRICE, {"pricing_type": "special"}, r"Pricing type 'special' is unknown"),
        (PRICE, {"model": " "}, r"Model ' ' is empty"),
        (PRICE, {"variant": "two\nlines"}, r"Variant 'two\\nlines' is .*not printable"),
        (PRICE, {"unit_price": Decimal(-1)}, r"Unit price -1 is negative"),
        (PRICE, {"unit_price": Decimal("NaN")}, r"Unit price NaN is negative or no number"),
        (PRICE, {"unit_price": Decimal("1E+12")}, r"Unit price 1000000000000 is too large"),
        (
            PRICE,
            {"unit_price": Decimal("1E-13")},
            r"0\.0000000000001 has more than 12 decimals, and nothing is rounded",
        ),
        (DISCOUNT, {"discount_percentage": Decimal(0)}, r"Discount percentage 0 is not above 0 and at most 100"),
        (DISCOUNT, {"discount_percentage": Decimal("100.1")}, r"100\.1 is not above 0 and at most 100"),
        (DISCOUNT, {"discount_percentage": Decimal("0.00000001")}, r"more than 7 decimals"),
        (DISCOUNT, {"discount_reason": "friendship"}, r"Discount reason 'friendship' is unknown"),
        (ALLOWANCE, {"free_tier_quantity": Decimal("0.0000001")}, r"more than 6 decimals"),
        (ALLOWANCE, {"free_tier_quantity": Decimal(-1)}, r"Allowance -1 is negative"),
        (ALLOWANCE, {"free_tier_reset_frequency": "weekly"}, r"Reset frequency 'weekly' is unknown"),
        (PRICE, {"context_tokens_above": -1}, r"Lower bound of prompts -1 is no number of tokens"),
        (PRICE, {"context_tokens_up_to": 2**63}, r"Upper bound of prompts 9223372036854775808 is no number"),
        (PRICE, {"context_tokens_above": 200_000, "context_tokens_up_to": 200_000}, r"No prompt is longer than 200000"),
        (VOLUME, {"volume_threshold_tokens": -1}, r"Volume threshold -1 is no number"),
    ],
)
def test_a_value_that_is_malformed_or_unknown_is_refused(
    terms: PriceTerms, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(FinopsError, match=message):
        checked(terms, **changes)


@pytest.mark.parametrize(
    ("terms", "changes", "message"),
    [
        (PRICE, {"unit_price": None}, r"standard has a price, and was given neither"),
        (PRICE, {"discount_percentage": Decimal(5)}, r"standard has a price, and was given a price and a discount"),
        (DISCOUNT, {"pricing_type": "standard"}, r"standard has a price, and was given a discount"),
        (DISCOUNT, {"pricing_type": "free_tier"}, r"free_tier has an allowance, and was given a discount"),
        (
            ALLOWANCE,
            {"pricing_type": "negotiated"},
            r"negotiated has a price or a discount, and was given an allowance",
        ),
        (ALLOWANCE, {"unit_price": Decimal(1)}, r"free_tier has an allowance, and was given a price and an allowance"),
        (PRICE, {"pricing_type": "volume_discount"}, r"volume_discount needs a volume threshold"),
        (PRICE, {"volume_threshold_tokens": 10}, r"standard has no volume threshold"),
        (ALLOWANCE, {"free_tier_reset_frequency": None}, r"free_tier needs a reset frequency"),
        (PRICE, {"free_tier_reset_frequency": "daily"}, r"standard has no reset frequency"),
        (PRICE, {"pricing_type": "promotional"}, r"a promotional price ends.*--to DATE"),
        (PRICE, {"discount_reason": "trial"}, r"standard is no discount, and has no reason"),
        (DISCOUNT, {"pricing_type": "promotional"}, r"a promotional price ends"),
    ],
)
def test_a_pricing_type_with_values_that_it_does_not_have_is_refused(
    terms: PriceTerms, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(FinopsError, match=message):
        checked(terms, **changes)


@pytest.mark.parametrize(
    ("terms", "changes", "message"),
    [
        (PRICE, {"meter": None}, r"a price or an allowance is for one meter, and none is given"),
        (ALLOWANCE, {"meter": None}, r"a price or an allowance is for one meter, and none is given"),
        (PRICE, {"service_tier": None}, r"a price is for one service tier and one geography"),
        (PRICE, {"geography": None}, r"a price is for one service tier and one geography"),
        (PRICE, {"model": None}, r"models differ in the price of uncached_input, and no model is given"),
        (VOLUME, {"meter": "web_search"}, r"a volume threshold counts tokens, and web_search counts Requests"),
    ],
)
def test_a_price_that_does_not_say_what_it_is_for_is_refused(
    terms: PriceTerms, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(FinopsError, match=message):
        checked(terms, **changes)


def test_a_currency_other_than_that_of_the_price_list_is_refused_because_nothing_is_converted() -> None:
    with pytest.raises(FinopsError, match=r"currency EUR, but the price list of openai is in USD, and nothing is conv"):
        checked(PRICE, currency="EUR")


@pytest.mark.parametrize("last", [FIRST, dt.date(2026, 10, 31)])
def test_a_price_that_ends_before_it_begins_is_refused(last: dt.date) -> None:
    with pytest.raises(FinopsError, match="is before the first one, 2026-11-01"):
        checked(PRICE, valid_to=last)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model": "GPT-5"},
        {"unit_price": Decimal(9)},
        {"valid_from": dt.date(2027, 1, 1)},
        {"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2026, 11, 2)},
        {"context_tokens_above": 200_000},
    ],
    ids=str,
)
def test_two_prices_of_one_thing_on_one_day_overlap(changes: dict[str, Any]) -> None:
    assert PRICE.overlaps(dataclasses.replace(PRICE, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gpt-5-mini"},
        {"meter": "output"},
        {"service_tier": "batch"},
        {"geography": "us"},
        {"variant": "1024x1024"},
        {"pricing_type": "negotiated"},
        {"valid_from": dt.date(2026, 1, 1), "valid_to": FIRST},
    ],
    ids=str,
)
def test_prices_of_different_things_or_days_do_not_overlap(changes: dict[str, Any]) -> None:
    assert not PRICE.overlaps(dataclasses.replace(PRICE, **changes))


def test_the_bands_of_one_model_do_not_overlap_where_one_ends_as_the_other_starts() -> None:
    short = dataclasses.replace(PRICE, context_tokens_up_to=200_000)
    long = dataclasses.replace(PRICE, context_tokens_above=200_000)
    assert (short.overlaps(long), long.overlaps(short)) == (False, False)


@pytest.mark.parametrize(
    ("terms", "value"),
    [
        (PRICE, "2.5 USD per 1000000 Tokens"),
        (dataclasses.replace(PRICE, meter="web_search"), "2.5 USD per 1000 Requests"),
        (DISCOUNT, "12.5 % off"),
        (ALLOWANCE, "1000000 Tokens free each UTC day"),
        (dataclasses.replace(ALLOWANCE, free_tier_reset_frequency="monthly"), "1000000 Tokens free each UTC month"),
        (dataclasses.replace(ALLOWANCE, free_tier_reset_frequency="never"), "1000000 Tokens free once"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_is_told_with_its_unit(terms: PriceTerms, value: str) -> None:
    assert terms.value == value


@pytest.mark.parametrize(
    ("terms", "subject"),
    [
        (PRICE, "openai gpt-5, uncached_input, standard, global"),
        (DISCOUNT, "openai all models, all meters, all tiers, all geographies"),
        (
            dataclasses.replace(PRICE, model="m", variant="hd", context_tokens_above=1, context_tokens_up_to=2),
            "openai m, uncached_input, standard, global, variant hd, prompts above 1 tokens, prompts up to 2 tokens",
        ),
        (VOLUME, "openai gpt-5, uncached_input, standard, global, from 1000000000 tokens of the month on"),
    ],
    ids=["price", "discount", "band", "volume"],
)
def test_a_subject_tells_all_that_narrows_it(terms: PriceTerms, subject: str) -> None:
    assert terms.subject == subject


def test_the_last_day_of_a_validity_is_told_inclusive() -> None:
    assert dataclasses.replace(PRICE, valid_to=dt.date(2026, 12, 1)).validity == "from 2026-11-01 to 2026-11-30"
