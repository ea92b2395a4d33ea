"""Where cost tools go wrong: each trap by its name, against the packaged prices. Expected costs are multiplied by
hand.
"""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.pricing import RequestError, calculate_llm_cost
from genai_finops.pricing.rate_file import rate_lines
from genai_finops.pricing.rating_engine import RatingEngine

OCTOBER = dt.date(2026, 10, 20)


def test_cached_tokens_that_the_prompt_holds_are_counted_once_openai_style(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("openai", "gpt-4o", 1000, 500, cache_read=400, date=OCTOBER, book=packaged)

    # 600 x 2.50 + 400 x 1.25 + 500 x 10 per million
    assert (cost.input_cost, cost.output_cost, cost.total_cost) == (
        Decimal("0.002"),
        Decimal("0.005"),
        Decimal("0.007"),
    )


def test_cached_tokens_beside_the_prompt_are_added_anthropic_style(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("anthropic", "claude-opus-5", 1000, 100, cache_read=5000, date=OCTOBER, book=packaged)

    # 1000 x 5 + 5000 x 0.50 + 100 x 25 per million
    assert cost.total_cost == Decimal("0.01")


@pytest.mark.parametrize(("meter", "expected"), [("cache_write_5m", "0.00625"), ("cache_write_1h", "0.01")])
def test_a_cache_write_costs_by_its_lifetime(meter: str, expected: str, packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("anthropic", "claude-opus-5", 0, date=OCTOBER, meters={meter: 1000}, book=packaged)

    # 1000 x 5 x 1.25 and 1000 x 5 x 2 per million
    assert cost.total_cost == Decimal(expected)


def test_a_cache_write_of_unknown_lifetime_is_estimated_between_both(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("anthropic", "claude-opus-5", 0, date=OCTOBER, cache_write=1000, book=packaged)

    bounds = (cost.lower_bound, cost.upper_bound)
    assert (cost.status, cost.reason, bounds) == (
        "estimated",
        "unknown_cache_lifetime",
        (Decimal("0.00625"), Decimal("0.01")),
    )


@pytest.mark.parametrize(("prompt", "expected"), [(200_000, "0.6"), (200_001, "1.200006")])
def test_a_long_prompt_has_the_long_rate_for_the_whole_request(
    prompt: int, expected: str, packaged: RatingEngine
) -> None:
    day = dt.date(2026, 3, 12)
    cost = calculate_llm_cost("anthropic", "claude-sonnet-4-6", prompt, date=day, context_tokens=prompt, book=packaged)

    # 200,000 x 3 and 200,001 x 6 per million
    assert (cost.status, cost.total_cost) == ("priced", Decimal(expected))


def test_the_sum_of_a_day_is_never_taken_for_one_long_prompt(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("anthropic", "claude-sonnet-4-6", 1_000_000, date=dt.date(2026, 3, 12), book=packaged)

    assert (cost.status, cost.reason) == ("estimated", "unknown_context_band")
    assert (cost.lower_bound, cost.total_cost, cost.upper_bound) == (Decimal(3), Decimal(3), Decimal(6))


@pytest.mark.parametrize(("day", "expected"), [(9, "0.05"), (10, "0.01")])
def test_o3_has_the_price_of_its_day_before_and_after_2025_06_10(
    day: int, expected: str, packaged: RatingEngine
) -> None:
    cost = calculate_llm_cost("openai", "o3", 1000, 1000, date=dt.date(2025, 6, day), book=packaged)

    # 1000 x (10 + 40), and 1000 x (2 + 8) per million
    assert cost.total_cost == Decimal(expected)


def test_batch_is_passed_as_a_service_tier_and_costs_half(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("openai", "gpt-4o", 1000, 500, service_tier="batch", date=OCTOBER, book=packaged)

    # 1000 x 1.25 + 500 x 5 per million
    assert cost.total_cost == Decimal("0.00375")


def test_residency_raises_the_price_by_its_factor(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("anthropic", "claude-opus-5", 1000, 100, geography="us", date=OCTOBER, book=packaged)

    # (1000 x 5 + 100 x 25) x 1.1 per million
    assert cost.total_cost == Decimal("0.00825")


def test_a_misspelt_tier_is_unpriced_and_not_standard(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("openai", "gpt-4o", 1000, service_tier="prioritty", date=OCTOBER, book=packaged)

    assert (cost.status, cost.reason, cost.total_cost) == ("unpriced", "unknown_tier", None)


def test_an_unknown_geography_is_unpriced_between_the_prices_that_could_apply(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("azure_openai", "gpt-4.1", 1000, geography="mars", date=OCTOBER, book=packaged)

    assert (cost.status, cost.reason, cost.total_cost) == ("unpriced", "unknown_geography", None)
    assert cost.lower_bound is not None


def test_an_unknown_deployment_is_unpriced_and_no_other_model(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("azure_openai", "our-gpt-prod", 1000, date=OCTOBER, book=packaged)

    assert (cost.status, cost.reason, cost.total_cost) == ("unpriced", "unknown_model", None)


@pytest.mark.parametrize(
    "tokens", [{"input_tokens": -1}, {"input_tokens": 1, "output_tokens": -1}, {"input_tokens": 1, "cache_read": -1}]
)
def test_negative_tokens_are_refused(tokens: dict[str, int], packaged: RatingEngine) -> None:
    with pytest.raises(RequestError, match="is -1"):
        calculate_llm_cost("openai", "gpt-4o", date=OCTOBER, book=packaged, **tokens)


def test_cached_tokens_above_the_prompt_that_holds_them_are_refused(packaged: RatingEngine) -> None:
    with pytest.raises(RequestError, match="input_tokens is 100, which is less than the cache_read 400 in it"):
        calculate_llm_cost("openai", "gpt-4o", 100, cache_read=400, date=OCTOBER, book=packaged)


def test_prices_in_another_currency_than_the_provider_bills_are_not_mixed_in(
    toy: Callable[..., RatingEngine], toy_rate: Callable[..., Any]
) -> None:
    engine = toy([toy_rate("1"), toy_rate("2", "output", currency="EUR")])

    cost = calculate_llm_cost("openai", "toy-large", 1000, 1000, date=OCTOBER, book=engine)

    assert [(line.meter, line.cost) for line in cost.lines] == [("uncached_input", Decimal("0.001")), ("output", None)]
    assert (cost.currency, cost.status, cost.total_cost) == ("USD", "unpriced", None)


def test_a_price_far_below_a_cent_is_exact(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("openai", "text-embedding-3-small", 1, date=OCTOBER, book=packaged)

    assert cost.total_cost == Decimal("0.00000002")


def test_the_smallest_price_of_the_table_times_one_token_is_not_rounded_to_nothing(
    toy: Callable[..., RatingEngine], toy_rate: Callable[..., Any]
) -> None:
    engine = toy([toy_rate("0.000000000001")])

    cost = calculate_llm_cost("openai", "toy-large", 1, date=OCTOBER, book=engine)

    assert cost.total_cost == Decimal("0.000000000000000001")


@pytest.mark.parametrize("tier", ["committed", "free"])
def test_traffic_that_is_paid_for_otherwise_costs_nothing_and_says_why(tier: str, packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("openai", "gpt-4o", 1000, service_tier=tier, date=OCTOBER, book=packaged)

    reasons = {"committed": "covered_by_commitment", "free": "free_tier"}
    assert (cost.status, cost.reason, cost.total_cost) == (tier, reasons[tier], 0)


def test_the_same_trap_in_a_file_is_unpriced_with_both_bounds_and_no_total(packaged: RatingEngine) -> None:
    case = {"id": "1", "provider": "anthropic", "model": "claude-sonnet-4-6", "date": "2026-03-12"}
    line = json.dumps({**case, "meters": {"uncached_input": 1_000_000}}).encode()

    answer = json.loads(rate_lines(packaged, [line])["line"][0])

    assert answer == {
        "id": "1",
        "status": "unpriced",
        "total": None,
        "currency": "USD",
        "lines": [],
        "reason": "unknown_context_band",
        "lower_bound": "3",
        "upper_bound": "6",
    }
