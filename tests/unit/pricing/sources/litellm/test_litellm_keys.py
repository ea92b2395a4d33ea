"""The grammar of LiteLLM's cost keys, with the combinations of suffixes that occur."""

import pytest

from genai_finops.pricing.sources.litellm_keys import (
    CostKey,
    FactorKey,
    UnmappedKey,
    read_key,
    read_named_factor,
    states_money,
)
from genai_finops.schemas.meters import METERS


@pytest.mark.parametrize(
    ("key", "meter", "tier", "above"),
    [
        ("input_cost_per_token", "uncached_input", "standard", 0),
        ("output_cost_per_token", "output", "standard", 0),
        ("output_cost_per_reasoning_token", "output_reasoning", "standard", 0),
        ("input_cost_per_audio_token", "uncached_input_audio", "standard", 0),
        ("output_cost_per_audio_token", "output_audio", "standard", 0),
        ("input_cost_per_image_token", "uncached_input_image", "standard", 0),
        ("output_cost_per_image_token", "output_image", "standard", 0),
        ("input_cost_per_video_token", "uncached_input_video", "standard", 0),
        ("output_cost_per_video_token", "output_video", "standard", 0),
        ("cache_read_input_token_cost", "cache_read", "standard", 0),
        ("cache_read_input_audio_token_cost", "cache_read_audio", "standard", 0),
        ("cache_read_input_image_token_cost", "cache_read_image", "standard", 0),
        ("cache_creation_input_token_cost", "cache_write_5m", "standard", 0),
        ("cache_creation_input_token_cost_above_1hr", "cache_write_1h", "standard", 0),
        ("input_cost_per_token_batches", "uncached_input", "batch", 0),
        ("output_cost_per_token_flex", "output", "flex", 0),
        ("cache_read_input_token_cost_priority", "cache_read", "priority", 0),
        ("input_cost_per_audio_token_priority", "uncached_input_audio", "priority", 0),
        ("output_cost_per_image_token_batches", "output_image", "batch", 0),
        ("input_cost_per_token_above_128k_tokens", "uncached_input", "standard", 128_000),
        ("output_cost_per_token_above_272k_tokens", "output", "standard", 272_000),
        ("input_cost_per_token_above_272k_tokens_batches", "uncached_input", "batch", 272_000),
        ("input_cost_per_token_batches_above_272k_tokens", "uncached_input", "batch", 272_000),
        ("cache_creation_input_token_cost_above_200k_tokens", "cache_write_5m", "standard", 200_000),
        ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", "cache_write_1h", "standard", 200_000),
        ("cache_creation_input_token_cost_above_200k_tokens_above_1hr", "cache_write_1h", "standard", 200_000),
        ("cache_creation_input_token_cost_above_100k_tokens_batches", "cache_write_5m", "batch", 100_000),
        ("cache_read_input_token_cost_above_512k_tokens_priority", "cache_read", "priority", 512_000),
    ],
)
def test_a_token_key_is_read_whole(key: str, meter: str, tier: str, above: int) -> None:
    assert read_key(key) == CostKey(meter=meter, service_tier=tier, context_tokens_above=above)


@pytest.mark.parametrize(
    ("key", "meter", "per"),
    [
        ("input_cost_per_character", "character", 1),
        ("input_cost_per_second", "audio_second", 1),
        ("input_cost_per_audio_per_second", "audio_second", 1),
        ("output_cost_per_image", "image", 1),
        ("search_context_cost_per_query", "web_search", 1),
        ("file_search_cost_per_1k_calls", "file_search", 1000),
        ("code_interpreter_cost_per_session", "container_session", 1),
    ],
)
def test_a_key_of_tools_and_media_names_the_units_it_is_for(key: str, meter: str, per: int) -> None:
    assert read_key(key) == CostKey(meter=meter, per=per)


@pytest.mark.parametrize(
    ("key", "geography"),
    [
        ("regional_processing_uplift_multiplier_eu", "eu"),
        ("regional_processing_uplift_multiplier_us", "us"),
        ("regional_endpoint_uplift_multiplier", "regional"),
    ],
)
def test_an_uplift_is_a_factor_of_its_geography(key: str, geography: str) -> None:
    assert read_key(key) == FactorKey(geography=geography)


@pytest.mark.parametrize(
    ("name", "factor"),
    [("fast", FactorKey(service_tier="fast")), ("us", FactorKey(geography="us")), ("bedrock_invocation_schema", None)],
)
def test_a_factor_by_name_is_of_a_tier_or_a_geography(name: str, factor: FactorKey | None) -> None:
    assert read_named_factor(name) == factor


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("input_cost_per_token_ultrafast", "ultrafast is no service tier"),
        ("cache_read_input_token_cost_above_272k_tokens_ultrafast", "ultrafast is no service tier"),
        ("output_cost_per_token_decisions", "decisions is no service tier"),
        ("cache_creation_input_audio_token_cost", "no meter counts cache writes by modality"),
        ("input_cost_per_pixel", "no meter counts pixels"),
        ("input_cost_per_image", "no meter counts it"),
        ("input_cost_per_image_above_128k_tokens", "no meter counts it"),
        ("input_cost_per_query", "no meter counts it"),
        ("output_cost_per_video_per_second", "no meter counts seconds of video"),
        ("input_cost_per_video_per_second_above_8s_interval", "no meter counts seconds of video"),
        ("output_cost_per_second", "no meter counts it by this unit"),
        ("output_cost_per_second_1080p", "no meter counts it by this unit"),
        ("output_cost_per_character", "no meter counts it by this unit"),
        ("output_cost_per_image_4K", "no meter counts it by this unit"),
        ("cost_per_second", "no meter counts it by this unit"),
        ("ocr_cost_per_page", "no meter counts pages"),
        ("annotation_cost_per_page_batches", "no meter counts pages"),
        ("google_maps_grounding_cost_per_query", "no meter counts grounding with maps"),
        ("guardrail_cost_per_unit", "no meter counts units of guardrails"),
        ("vector_store_cost_per_gb_per_day", "no meter counts gigabytes stored by day"),
        ("search_free_requests", "shared by a group of models"),
        ("tiered_pricing", "whose meaning the file does not state"),
        ("input_cost_per_character_above_128k_tokens", "a band of prompt lengths is one of tokens"),
    ],
)
def test_a_key_without_a_rate_says_why(key: str, reason: str) -> None:
    read = read_key(key)
    assert isinstance(read, UnmappedKey)
    assert reason in read.reason


@pytest.mark.parametrize(
    "key",
    [
        "input_cost_per_tokens",
        "input_cost_per_token_turbo",
        "input_cost_per_token_batches_flex",
        "input_cost_per_token_above_200k_tokens_above_272k_tokens",
        "input_cost_per_token_above_200k",
        "input_cost_per_token_above_0k_tokens",
        "input_cost_per_token_above_1hr",
        "cache_read_input_token_cost_above_1hr",
        "input_cost_per_second_batches",
        "x_input_cost_per_token",
        "output_cost_per_token_Batches",
    ],
)
def test_a_key_outside_the_grammar_is_unknown(key: str) -> None:
    assert read_key(key) is None


@pytest.mark.parametrize("key", ["max_input_tokens", "rpm", "supports_vision", "mode", "source", "deprecation_date"])
def test_a_capability_states_no_money(key: str) -> None:
    assert not states_money(key)


@pytest.mark.parametrize(
    "key", ["brand_new_cost_per_thought", "weekend_surcharge", "night_uplift", "provider_specific_entry"]
)
def test_a_key_about_money_is_seen_even_if_unknown(key: str) -> None:
    assert states_money(key)


@pytest.mark.parametrize(
    "key", ["input_cost_per_token", "search_context_cost_per_query", "code_interpreter_cost_per_session"]
)
def test_a_cost_key_is_of_a_meter_in_the_registry(key: str) -> None:
    read = read_key(key)
    assert isinstance(read, CostKey)
    assert read.meter in METERS
