"""calculate_llm_cost: how counts are split, what comes back, and what earlier usage does."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.pricing import RequestError, calculate_llm_cost
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.pricing.token_counts import disjoint_meters

OCTOBER = dt.date(2026, 10, 20)
Toy = Callable[..., RatingEngine]
ToyRate = Callable[..., Any]


@pytest.mark.parametrize(
    ("provider", "model", "others", "expected"),
    [
        ("openai", "gpt-4o", {"cache_read": 30, "output_reasoning": 5}, {"uncached_input": 70, "output": 5}),
        ("azure_openai", "gpt-4o", {"uncached_input_audio": 30}, {"uncached_input": 70, "output": 10}),
        ("openai", "gpt-5.6", {"cache_read": 30, "cache_write": 20}, {"uncached_input": 50, "output": 10}),
        ("gemini", "gemini-2.5-pro", {"cache_read": 30, "output_reasoning": 5}, {"uncached_input": 70, "output": 10}),
        ("anthropic", "claude-opus-5", {"cache_read": 300}, {"uncached_input": 100, "output": 10}),
        ("gcp_vertex", "claude-opus-5@20260401", {"cache_read": 300}, {"uncached_input": 100, "output": 10}),
        ("aws_bedrock", "us.anthropic.claude-opus-5", {"cache_read": 300}, {"uncached_input": 100, "output": 10}),
        ("aws_bedrock", "amazon.nova-pro-v1:0", {"cache_read": 300}, {"uncached_input": 100, "output": 10}),
        ("openai", "text-embedding-3-small", {}, {"embedding_input": 100, "output": 10}),
    ],
)
def test_the_providers_own_counts_become_disjoint_meters(
    provider: str, model: str, others: dict[str, int], expected: dict[str, int]
) -> None:
    meters = disjoint_meters(provider, model, input_tokens=100, output_tokens=10, others=others)

    assert meters == {**expected, **others}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"provider": "opnai"}, "there is no provider 'opnai'"),
        ({"meters": {"uncached_inpt": 1}}, "there is no meter 'uncached_inpt'"),
        ({"input_tokens": 1.0}, "input_tokens is 1.0"),
        ({"input_tokens": True}, "input_tokens is True"),
        ({"cache_read": 0.5}, "cache_read is 0.5"),
        ({"meters": {"web_search": Decimal("0.0001")}}, "web_search is 0.0001"),
        ({"meters": {"cache_read": Decimal("1.5")}}, "cache_read is 1.5"),
        ({"meters": {"uncached_input": 5}}, "uncached_input 5 is given beside the provider's own count"),
        ({"cache_write": 5, "cache_write_5m": 1}, "cache_write 5 and cache_write_5m 1 count the same tokens twice"),
        ({"cache_read": 5, "meters": {"cache_read": 1}}, "cache_read is given twice"),
        ({"date": "2026-10-20"}, "date is '2026-10-20'"),
        ({"date": dt.datetime(2026, 10, 20, tzinfo=dt.UTC)}, "date is datetime"),
        ({"model": ""}, "model is ''"),
        ({"context_tokens": -1}, "context_tokens is -1"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name_and_value(
    arguments: dict[str, Any], message: str, packaged: RatingEngine
) -> None:
    usual = {"provider": "openai", "model": "gpt-4o", "input_tokens": 1000, "date": OCTOBER}

    with pytest.raises(RequestError) as refusal:
        calculate_llm_cost(**{**usual, **arguments}, book=packaged)

    assert message in refusal.value.message
    assert refusal.value.remedy


def test_a_refusal_is_a_value_error() -> None:
    assert issubclass(RequestError, ValueError)


def test_each_line_says_quantity_price_source_and_since_when(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("openai", "o3", 1000, date=OCTOBER, book=packaged)

    line = cost.lines[0]
    assert (line.meter, line.quantity, line.unit) == ("uncached_input", 1000, "Tokens")
    assert (line.unit_price, line.quoted_price, line.pricing_unit) == (Decimal("0.000002"), 2, "1000000 Tokens")
    assert (line.rate_source or "").startswith("genai-prices ")
    assert line.valid_from == dt.date(2025, 6, 10)


def test_searches_are_neither_input_nor_output(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("anthropic", "claude-opus-5", 0, date=OCTOBER, meters={"web_search": 3}, book=packaged)

    # 3 at 10 per thousand
    assert (cost.input_cost, cost.output_cost, cost.other_cost, cost.total_cost) == (
        0,
        0,
        Decimal("0.03"),
        Decimal("0.03"),
    )


def test_nothing_used_costs_nothing_only_where_the_price_is_known(packaged: RatingEngine) -> None:
    known = calculate_llm_cost("openai", "gpt-4o", 0, date=OCTOBER, book=packaged)
    unknown = calculate_llm_cost("openai", "gpt-9000", 0, date=OCTOBER, book=packaged)

    assert (known.total_cost, unknown.total_cost, unknown.reason) == (0, None, "unknown_model")


def test_the_region_of_a_bedrock_model_without_a_profile_is_not_guessed(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("aws_bedrock", "amazon.nova-pro-v1:0", 1000, date=OCTOBER, book=packaged)

    assert (cost.status, cost.reason) == ("unpriced", "unknown_geography")


def test_the_geography_of_a_bedrock_profile_is_read_from_its_name(packaged: RatingEngine) -> None:
    cost = calculate_llm_cost("aws_bedrock", "eu.amazon.nova-pro-v1:0", 0, 1_000_000, date=OCTOBER, book=packaged)

    assert cost.total_cost == Decimal("4.2")


def test_an_organisations_price_is_charged_beside_the_list_price(toy: Toy, toy_rate: ToyRate) -> None:
    agreed = toy_rate("0.8", pricing_type="negotiated", x_org_slug="acme", is_custom=True)
    engine = toy([toy_rate("1")], agreed=[agreed])

    cost = calculate_llm_cost("openai", "toy-large", 1000, date=OCTOBER, org="acme", account="a", book=engine)
    other = calculate_llm_cost("openai", "toy-large", 1000, date=OCTOBER, org="zenith", account="z", book=engine)

    assert (cost.total_cost, cost.list_cost, other.total_cost) == (
        Decimal("0.0008"),
        Decimal("0.001"),
        Decimal("0.001"),
    )


def test_a_discount_is_taken_off_the_list_price_and_named(toy: Toy, toy_rate: ToyRate) -> None:
    agreed = toy_rate(
        None,
        meter=None,
        model_id=None,
        service_tier=None,
        geography=None,
        pricing_type="negotiated",
        discount_percentage=Decimal(15),
        x_org_slug="acme",
        is_custom=True,
    )
    engine = toy([toy_rate("2")], agreed=[agreed])

    cost = calculate_llm_cost("openai", "toy-large", 1000, date=OCTOBER, org="acme", account="a", book=engine)

    assert (cost.total_cost, cost.lines[0].discount) == (Decimal("0.0017"), 15)


@pytest.fixture
def with_allowance(toy: Toy, toy_rate: ToyRate) -> RatingEngine:
    """1,000 free input tokens a month for acme, of 1 per million uncached and 0.1 cached."""
    allowance = toy_rate(
        None,
        pricing_type="free_tier",
        free_tier_quantity=Decimal(1000),
        free_tier_reset_frequency="monthly",
        x_org_slug="acme",
        is_custom=True,
    )
    return toy([toy_rate("1"), toy_rate("0.1", "cache_read")], agreed=[allowance])


def test_an_allowance_without_the_earlier_usage_is_not_applied_and_said(with_allowance: RatingEngine) -> None:
    cost = calculate_llm_cost("openai", "toy-large", 600, date=OCTOBER, org="acme", account="a", book=with_allowance)

    assert (cost.status, cost.reason, cost.is_estimated) == ("estimated", "unknown_earlier_usage", True)
    assert (cost.lower_bound, cost.total_cost, cost.upper_bound) == (0, Decimal("0.0006"), Decimal("0.0006"))


@pytest.mark.parametrize(
    ("used_before", "free", "expected"),
    [
        ({}, 600, "0"),
        ({"uncached_input": 700}, 300, "0.0003"),
        ({"cache_read": 700}, 300, "0.0003"),
        ({"uncached_input": 5000}, 0, "0.0006"),
    ],
)
def test_an_allowance_counts_on_from_the_earlier_usage(
    used_before: dict[str, int], free: int, expected: str, with_allowance: RatingEngine
) -> None:
    cost = calculate_llm_cost(
        "openai", "toy-large", 600, date=OCTOBER, org="acme", account="a", used_before=used_before, book=with_allowance
    )

    assert (cost.status, cost.total_cost, cost.lines[0].free_quantity) == ("priced", Decimal(expected), free)


def test_what_was_used_earlier_comes_first_even_where_it_was_cheaper(with_allowance: RatingEngine) -> None:
    used_before = {"cache_read": 1000}

    cost = calculate_llm_cost(
        "openai", "toy-large", 600, date=OCTOBER, org="acme", account="a", used_before=used_before, book=with_allowance
    )

    assert cost.total_cost == Decimal("0.0006")


def test_a_volume_tier_is_marginal_from_the_threshold_of_the_month_on(toy: Toy, toy_rate: ToyRate) -> None:
    tier = toy_rate(
        "0.5", pricing_type="volume_discount", volume_threshold_tokens=1000, x_org_slug="acme", is_custom=True
    )
    engine = toy([toy_rate("1")], agreed=[tier])

    cost = calculate_llm_cost(
        "openai",
        "toy-large",
        600,
        date=OCTOBER,
        org="acme",
        account="a",
        used_before={"uncached_input": 800},
        book=engine,
    )

    # 200 x 1 + 400 x 0.50 per million
    assert cost.total_cost == Decimal("0.0004")


def test_a_price_is_known_as_it_was_known_at_the_moment(toy: Toy, toy_rate: ToyRate) -> None:
    before = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    rates = {"rates": [toy_rate("1")], "later": [toy_rate("3")]}

    then = calculate_llm_cost("openai", "toy-large", 1000, date=OCTOBER, book=toy(**rates, known_at=before))
    now = calculate_llm_cost("openai", "toy-large", 1000, date=OCTOBER, book=toy(**rates))

    assert (then.total_cost, now.total_cost) == (Decimal("0.001"), Decimal("0.003"))


def test_prompts_on_both_sides_of_a_threshold_are_told_apart_after_either_was_asked_for(
    toy: Toy, toy_rate: ToyRate
) -> None:
    engine = toy([toy_rate("1", context_tokens_up_to=1000), toy_rate("2", context_tokens_above=1000)])

    costs = [
        calculate_llm_cost("openai", "toy-large", 900, date=OCTOBER, context_tokens=length, book=engine).total_cost
        for length in (1000, 1001, 900, 5000)
    ]

    assert costs == [Decimal("0.0009"), Decimal("0.0018"), Decimal("0.0009"), Decimal("0.0018")]
