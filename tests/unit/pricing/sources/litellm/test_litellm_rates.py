"""Entries in the shape of LiteLLM's price file become stated rates; nothing about money is lost without a reason."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.pricing.sources.statement import Statement

Read = Callable[..., Statement]


def chat(provider: str = "openai", **costs: object) -> dict[str, object]:
    return {"litellm_provider": provider, "mode": "chat", "max_input_tokens": 128000, **costs}


def prices(statement: Statement, **wanted: object) -> dict[tuple[str | None, int, int | None], str]:
    """Unit prices as text by meter and band, of the rates with these fields: by default the standard tier, global."""
    wanted = {"service_tier": "standard", "geography": "global", **wanted}
    return {
        (rate.meter, rate.context_tokens_above, rate.context_tokens_up_to): str(rate.unit_price)
        for rate in statement.rates
        if all(getattr(rate, name) == value for name, value in wanted.items())
    }


def reasons(statement: Statement) -> dict[str, str]:
    return {skipped.subject: skipped.reason for skipped in statement.skipped}


def test_the_statement_names_the_file_by_its_hash(read: Read, retrieved_at: dt.datetime) -> None:
    statement = read("{}")
    # printf '{}' | sha256sum
    version = "44136fa355b3"
    found = (statement.source, statement.source_version, statement.retrieved_at, statement.is_complete)
    assert found == ("litellm", version, retrieved_at, False)


def test_a_rate_has_no_dates_and_says_where_it_stands(read: Read) -> None:
    (rate,) = read({"azure/eu/gpt-4o": chat("azure", input_cost_per_token=1e-06)}).rates
    assert (rate.valid_from, rate.valid_to, rate.source_reference, rate.currency) == (
        None,
        None,
        "azure/eu/gpt-4o: input_cost_per_token",
        "USD",
    )


@pytest.mark.parametrize(
    ("written", "per_million"),
    [
        ("5e-06", "5"),
        ("0.000005", "5"),
        ("1.1e-7", "0.11"),
        ("3.75e-08", "0.0375"),
        ("5.5e-05", "55"),
        ("0.0001", "100"),
        ("1e-18", "1E-12"),
    ],
)
def test_a_price_is_read_from_its_text_and_not_through_a_binary_float(
    read: Read, written: str, per_million: str
) -> None:
    statement = read(f'{{"m": {{"litellm_provider": "openai", "input_cost_per_token": {written}}}}}')
    assert [rate.unit_price for rate in statement.rates] == [Decimal(per_million)]


def test_a_price_of_more_than_twelve_decimals_is_skipped_and_not_rounded(read: Read) -> None:
    entry = {"litellm_provider": "azure", "mode": "audio_transcription", "input_cost_per_second": 0.0002833333333333}
    statement = read({"azure/gpt-realtime-whisper": entry})
    assert statement.rates == ()
    assert "0.0002833333333333 is no whole number of 12 decimals" in reasons(statement).popitem()[1]


@pytest.mark.parametrize(
    ("mode", "costs", "meter", "unit_price"),
    [
        ("audio_speech", {"input_cost_per_character": 1.5e-05}, "character", "15"),
        ("audio_transcription", {"input_cost_per_second": 0.0001}, "audio_second", "0.0001"),
        ("image_generation", {"output_cost_per_image": 0.04}, "image", "0.04"),
        ("chat", {"file_search_cost_per_1k_calls": 2.5}, "file_search", "2.5"),
        ("chat", {"search_context_cost_per_query": 0.01}, "web_search", "10"),
    ],
)
def test_tools_and_media_are_priced_by_the_pricing_unit_of_their_meter(
    read: Read, mode: str, costs: dict[str, float], meter: str, unit_price: str
) -> None:
    statement = read({"m": {"litellm_provider": "openai", "mode": mode, **costs}})
    assert prices(statement) == {(meter, 0, None): unit_price}


def test_a_search_that_costs_the_same_in_every_context_size_has_one_price(read: Read) -> None:
    sizes = {f"search_context_size_{size}": 0.014 for size in ("low", "medium", "high")}
    statement = read({"gemini/g": chat("gemini", search_context_cost_per_query=sizes)})
    assert prices(statement, variant=None) == {("web_search", 0, None): "14"}


def test_a_search_that_costs_more_in_a_larger_context_has_a_price_for_each_variant(read: Read) -> None:
    sizes = {"search_context_size_low": 0.03, "search_context_size_medium": 0.035, "search_context_size_high": 0.05}
    statement = read({"gpt-4o": chat(search_context_cost_per_query=sizes)})
    assert {rate.variant: str(rate.unit_price) for rate in statement.rates} == {
        "low": "30",
        "medium": "35",
        "high": "50",
    }


def test_one_context_size_alone_is_no_price_of_all(read: Read) -> None:
    statement = read({"gpt-4o": chat(search_context_cost_per_query={"search_context_size_low": 0.03})})
    assert [rate.variant for rate in statement.rates] == ["low"]


def test_a_container_session_has_no_model_and_openais_is_the_smallest(read: Read) -> None:
    statement = read({"openai/container": chat(code_interpreter_cost_per_session=0.03)})
    assert [(rate.model_id, rate.meter, rate.variant, str(rate.unit_price)) for rate in statement.rates] == [
        (None, "container_session", "1g", "0.03")
    ]


def test_a_long_context_price_follows_where_the_base_price_ends(read: Read) -> None:
    statement = read(
        {"gemini/g": chat("gemini", input_cost_per_token=1.25e-06, input_cost_per_token_above_200k_tokens=2.5e-06)}
    )
    assert prices(statement) == {
        ("uncached_input", 0, 200_000): "1.25",
        ("uncached_input", 200_000, None): "2.5",
    }


def test_several_thresholds_chain(read: Read) -> None:
    entry = chat(
        input_cost_per_token_above_272k_tokens=4e-06,
        input_cost_per_token=1e-06,
        input_cost_per_token_above_128k_tokens=2e-06,
    )
    assert prices(read({"m": entry})) == {
        ("uncached_input", 0, 128_000): "1",
        ("uncached_input", 128_000, 272_000): "2",
        ("uncached_input", 272_000, None): "4",
    }


def test_a_tier_without_a_long_context_price_ends_at_the_threshold_of_the_others(read: Read) -> None:
    entry = chat(
        "gemini",
        input_cost_per_token=1.25e-06,
        input_cost_per_token_above_200k_tokens=2.5e-06,
        input_cost_per_token_batches=6.25e-07,
    )
    assert prices(read({"gemini/g": entry}), service_tier="batch") == {("uncached_input", 0, 200_000): "0.625"}


def test_a_long_context_price_that_is_not_stated_is_reported(read: Read) -> None:
    entry = chat(output_cost_per_token=1e-06, input_cost_per_token_above_200k_tokens=2.5e-06)
    assert "no price of its own is stated" in reasons(read({"m": entry}))["m: output_cost_per_token"]


def test_a_price_above_a_threshold_alone_says_nothing_of_short_prompts(read: Read) -> None:
    statement = read({"m": chat(cache_read_input_token_cost_above_200k_tokens=2.5e-07)})
    assert prices(statement) == {("cache_read", 200_000, None): "0.25"}


def test_a_search_has_the_same_price_in_long_prompts(read: Read) -> None:
    entry = chat(
        input_cost_per_token=1e-06,
        input_cost_per_token_above_200k_tokens=2e-06,
        search_context_cost_per_query=0.01,
    )
    assert prices(read({"m": entry}))["web_search", 0, None] == "10"


@pytest.mark.parametrize(
    ("suffix", "tier"), [("", "standard"), ("_batches", "batch"), ("_flex", "flex"), ("_priority", "priority")]
)
def test_a_tier_has_its_own_price(read: Read, suffix: str, tier: str) -> None:
    statement = read({"m": chat() | {f"output_cost_per_token{suffix}": 3e-06}})
    assert prices(statement, service_tier=tier) == {("output", 0, None): "3"}


def test_a_tier_that_is_not_stated_has_no_price_of_the_standard_one(read: Read) -> None:
    statement = read({"m": chat(input_cost_per_token=2e-06, input_cost_per_token_ultrafast=1.2e-05)})
    assert {rate.service_tier for rate in statement.rates} == {"standard"}


@pytest.mark.parametrize(
    ("entry", "provider", "meters"),
    [
        ("claude-opus-5", "anthropic", ["cache_write_1h", "cache_write_5m"]),
        ("azure_ai/claude-opus-5", "azure_ai", ["cache_write_1h", "cache_write_5m"]),
        ("us.anthropic.claude-opus-5", "bedrock_converse", ["cache_write_1h", "cache_write_5m"]),
        ("vertex_ai/claude-opus-5", "vertex_ai-anthropic_models", ["cache_write_1h", "cache_write_5m"]),
        ("gpt-5.6", "openai", ["cache_write"]),
        ("us.amazon.nova-pro-v1:0", "bedrock_converse", ["cache_write"]),
        ("gemini/gemini-2.5-pro", "gemini", []),
        ("gemini-2.5-pro", "vertex_ai-language-models", []),
    ],
)
def test_only_claude_tells_five_minute_and_one_hour_cache_writes_apart(
    read: Read, entry: str, provider: str, meters: list[str]
) -> None:
    costs: dict[str, Any] = {
        "cache_creation_input_token_cost": 6.25e-06,
        "cache_creation_input_token_cost_above_1hr": 1e-05,
    }
    assert sorted(rate.meter or "" for rate in read({entry: chat(provider, **costs)}).rates) == meters


@pytest.mark.parametrize(
    ("entry", "provider", "mode", "meters"),
    [
        ("text-embedding-3-small", "openai", "embedding", ["embedding_input"]),
        ("azure/text-embedding-3-small", "azure", "embedding", ["embedding_input", "uncached_input"]),
        ("us.cohere.embed-v4:0", "bedrock", "embedding", ["embedding_input", "uncached_input"]),
        ("gemini/gemini-embedding-001", "gemini", "embedding", ["embedding_input"]),
        ("omni-moderation-latest", "openai", "moderation", ["moderation_input"]),
    ],
)
def test_a_model_that_only_reads_is_charged_by_its_own_input_meter(
    read: Read, entry: str, provider: str, mode: str, meters: list[str]
) -> None:
    costs = {"input_cost_per_token": 2e-08, "output_cost_per_token": 0}
    statement = read({entry: {"litellm_provider": provider, "mode": mode, **costs}})
    assert sorted(rate.meter or "" for rate in statement.rates) == meters


@pytest.mark.parametrize(
    ("mode", "key", "other", "reason"),
    [
        ("chat", "output_cost_per_image", {}, "whose unit is not sure"),
        ("image_generation", "output_cost_per_image", {"output_cost_per_image_token": 3e-05}, "charged by tokens"),
        ("chat", "input_cost_per_character", {"input_cost_per_token": 1e-06}, "charged by tokens"),
        ("realtime", "input_cost_per_second", {"input_cost_per_audio_token": 3e-06}, "charged by tokens"),
    ],
)
def test_what_tokens_are_charged_for_is_not_charged_by_the_piece_as_well(
    read: Read, mode: str, key: str, other: dict[str, float], reason: str
) -> None:
    statement = read({"m": {"litellm_provider": "openai", "mode": mode, key: 0.00012, **other}})
    assert reason in reasons(statement)[f"m: {key}"]


def test_a_zero_beside_other_prices_is_no_price(read: Read) -> None:
    statement = read({"m": chat(input_cost_per_token=1e-06, output_cost_per_token=0)})
    assert prices(statement) == {("uncached_input", 0, None): "1"}


def test_a_zero_beside_other_prices_is_reported(read: Read) -> None:
    statement = read({"m": chat(input_cost_per_token=1e-06, output_cost_per_token=0.0)})
    assert "0 beside other prices" in reasons(statement)["m: output_cost_per_token"]


def test_an_entry_of_nothing_but_zeros_is_a_free_model(read: Read) -> None:
    statement = read({"gemini/gemma": chat("gemini", input_cost_per_token=0.0, output_cost_per_token=0)})
    assert prices(statement) == {("uncached_input", 0, None): "0", ("output", 0, None): "0"}


@pytest.mark.parametrize("other", [{"input_cost_per_query": 0.002}, {"some_new_cost": "see page"}])
def test_zeros_beside_a_price_without_a_meter_are_no_free_model(read: Read, other: dict[str, Any]) -> None:
    assert read({"m": chat(input_cost_per_token=0, output_cost_per_token=0, **other)}).rates == ()


def test_null_is_no_price(read: Read) -> None:
    assert read({"m": chat(input_cost_per_token=None, output_cost_per_token=1e-06)}).rates[0].meter == "output"


def test_fast_mode_doubles_the_standard_price_of_every_token_meter(read: Read) -> None:
    entry = chat(
        "anthropic",
        input_cost_per_token=5e-06,
        cache_read_input_token_cost=5e-07,
        output_cost_per_token_batches=1.25e-05,
        search_context_cost_per_query=0.01,
        provider_specific_entry={"fast": 2.0},
    )
    assert prices(read({"claude-opus-5": entry}), service_tier="fast") == {
        ("uncached_input", 0, None): "10",
        ("cache_read", 0, None): "1",
    }


def test_residency_uplift_and_fast_mode_are_multiplied_exactly(read: Read) -> None:
    entry = chat("anthropic", cache_read_input_token_cost=2.5e-08, provider_specific_entry={"us": 1.1, "fast": 2.0})
    assert prices(read({"claude-opus-5": entry}), service_tier="fast", geography="us") == {
        ("cache_read", 0, None): "0.055"
    }


@pytest.mark.parametrize(
    ("entry", "provider", "key", "geography"),
    [
        ("gpt-5.6", "openai", "regional_processing_uplift_multiplier_eu", "eu"),
        ("gpt-5.6", "openai", "regional_processing_uplift_multiplier_us", "us"),
        ("vertex_ai/gemini-3.6-flash", "vertex_ai", "regional_endpoint_uplift_multiplier", "regional"),
    ],
)
def test_an_uplift_makes_the_prices_of_its_geography_in_every_tier_and_band(
    read: Read, entry: str, provider: str, key: str, geography: str
) -> None:
    costs: dict[str, Any] = {
        "output_cost_per_token_flex": 1.25e-05,
        "output_cost_per_token_above_272k_tokens_flex": 1.875e-05,
    }
    statement = read({entry: chat(provider, **costs, **{key: 1.1})})
    assert prices(statement, service_tier="flex", geography=geography) == {
        ("output", 0, 272_000): "13.75",
        ("output", 272_000, None): "20.625",
    }


def test_an_uplift_is_one_of_tokens_and_not_of_searches(read: Read) -> None:
    entry = chat("vertex_ai", search_context_cost_per_query=0.035, regional_endpoint_uplift_multiplier=1.1)
    assert prices(read({"vertex_ai/g": entry}), geography="regional") == {}


def test_a_multiplied_rate_says_what_it_was_multiplied_by(read: Read) -> None:
    entry = chat("vertex_ai", input_cost_per_token=1e-06, regional_endpoint_uplift_multiplier=1.1)
    rates = read({"vertex_ai/g": entry}).rates
    assert rates[-1].source_reference == "vertex_ai/g: input_cost_per_token x regional_endpoint_uplift_multiplier"


def test_a_product_that_twelve_decimals_do_not_hold_is_skipped_and_not_rounded(read: Read) -> None:
    entry = chat("vertex_ai", input_cost_per_token=1e-18, regional_endpoint_uplift_multiplier=1.1)
    statement = read({"vertex_ai/g": entry})
    assert "not exact" in reasons(statement)["vertex_ai/g: input_cost_per_token x regional_endpoint_uplift_multiplier"]


def test_an_uplift_for_a_geography_that_the_provider_does_not_report_is_skipped(read: Read) -> None:
    entry = chat("azure", input_cost_per_token=1e-06, regional_processing_uplift_multiplier_eu=1.1)
    assert {rate.geography for rate in read({"azure/m": entry}).rates} == {"global"}


def test_a_key_that_the_grammar_does_not_know_is_reported_and_never_guessed(read: Read) -> None:
    statement = read({"m": chat(input_cost_per_token_turbo=1e-06)})
    assert (statement.rates, reasons(statement)) == (
        (),
        {"m: input_cost_per_token_turbo": "the grammar of the keys does not know it"},
    )


def test_a_price_that_depends_on_the_time_of_day_leaves_the_entry_out(read: Read) -> None:
    entry = chat(input_cost_per_token=1e-06, off_peak_pricing={"start": "16:30"})
    assert read({"m": entry}).rates == ()


def test_bought_throughput_is_no_price_of_usage(read: Read) -> None:
    name = "bedrock/us-east-1/1-month-commitment/anthropic.claude-v2:1"
    statement = read({name: chat("bedrock", input_cost_per_second=0.0175)})
    assert (statement.rates, reasons(statement)[name]) == ((), "a price of bought throughput, not of usage")


def test_a_free_allowance_that_models_share_is_not_given_to_each(read: Read) -> None:
    free = {"count": 1500, "period": "day", "shared_group": "gemini-2-flash"}
    statement = read({"gemini/g": chat("gemini", search_free_requests=free)})
    assert (statement.rates, "shared by a group" in reasons(statement)["gemini/g: search_free_requests"]) == ((), True)


def test_other_providers_are_counted_and_not_listed(read: Read) -> None:
    statement = read({name: chat("groq", input_cost_per_token=1e-06) for name in ("groq/a", "groq/b")})
    assert [(skipped.provider, skipped.subject) for skipped in statement.skipped] == [("groq", "2 models")]


def test_the_sample_is_no_model(read: Read) -> None:
    statement = read({"sample_spec": chat(input_cost_per_token=0.0)})
    assert (statement.rates, statement.skipped) == ((), ())
