"""The grammar of Bedrock's usage types: what each part means, and that nothing is guessed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_finops.pricing.sources.aws_usage_types import NoTokenPriceError, UsageType, read_usage_type


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("USE1-NovaPro-input-tokens", UsageType(model="NovaPro", token_class="uncached_input")),
        ("EU-NovaPro-output-tokens", UsageType(model="NovaPro", token_class="output")),
        (
            "USE1-Llama3-1-405B-output-tokens-batch",
            UsageType(model="Llama3-1-405B", token_class="output", service_tier="batch"),
        ),
        (
            "USE1-Nova2.0Lite-input-tokens-priority-cross-region-global",
            UsageType(model="Nova2.0Lite", token_class="uncached_input", service_tier="priority", is_global=True),
        ),
        (
            "USE1-Claude4Sonnet-input-tokens-cross-region-global-batch",
            UsageType(model="Claude4Sonnet", token_class="uncached_input", service_tier="batch", is_global=True),
        ),
        (
            "USE1-Claude4Sonnet-output-tokens-cross-region-geo",
            UsageType(model="Claude4Sonnet", token_class="output"),
        ),
        (
            "USE1-Claude4Sonnet-output-tokens-long-context-cross-region-global",
            UsageType(model="Claude4Sonnet", token_class="output", is_global=True, is_long=True),
        ),
        (
            "USE1-NovaSonic-speech-input-tokens",
            UsageType(model="NovaSonic", token_class="uncached_input", modality="audio"),
        ),
        (
            "USE1-Nova2.0Omni-output-image-token-count",
            UsageType(model="Nova2.0Omni", token_class="output", modality="image"),
        ),
        (
            "USE1-openai.gpt-oss-120b-mantle-input-tokens-standard",
            UsageType(model="openai.gpt-oss-120b", token_class="uncached_input"),
        ),
        (
            "USE1-openai.gpt-5.6-luna-mantle-cache-write-tokens-5m-long-ctx-flex",
            UsageType(
                model="openai.gpt-5.6-luna",
                token_class="cache_write",
                cache_lifetime="5m",
                service_tier="flex",
                is_long=True,
            ),
        ),
        ("USE1-MP:USE1_InputTokenCount-Units", UsageType(model=None, token_class="uncached_input")),
        ("USE1-MP:USE1_OutputTokenCount_Global-Units", UsageType(model=None, token_class="output", is_global=True)),
        (
            "EU-MP:EU_InputTokenCount_LCtx_Global-Units",
            UsageType(model=None, token_class="uncached_input", is_global=True, is_long=True),
        ),
        (
            "APN1-MP:APN1_MillionBatchInputTokens-Units",
            UsageType(model=None, token_class="uncached_input", service_tier="batch"),
        ),
        (
            "USW2-MP:USW2_input_tokens_long_ctx_global_standard-Units",
            UsageType(model=None, token_class="uncached_input", is_global=True, is_long=True),
        ),
        (
            "USE1_output_tokens_flex-Units",
            UsageType(model=None, token_class="output", service_tier="flex"),
        ),
    ],
)
def test_a_usage_type_says_model_direction_tier_place_and_band(text, expected):
    assert read_usage_type(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "USE1-NovaPro-cache-read-input-token-count",
        "USE1-xai.grok-4.3-mantle-cache-read-tokens-standard",
        "USE1-MP:USE1_CacheReadInputTokenCount-Units",
        "USE1-MP:USE1_cache_read_tokens_standard-Units",
        "USE1-MP:USE1_cached_input_tokens_batch-Units",
    ],
)
def test_a_cache_read_is_no_input_although_its_usage_type_holds_the_word(text):
    assert read_usage_type(text).token_class == "cache_read"


@pytest.mark.parametrize(
    ("text", "lifetime"),
    [
        ("USE1-MP:USE1_cache_write_tokens_standard-Units", None),
        ("USE1-MP:USE1_cache_write_tokens_1h_standard-Units", "1h"),
        ("USE1-MP:USE1_CacheWriteInputTokenCount-Units", None),
        ("USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units", "1h"),
        ("USE1-Claude4.6Sonnet-cache-write-1h-input-token-count", "1h"),
        ("USE1-moonshotai.kimi-k3-mantle-cache-write-tokens-30m-standard", "30m"),
    ],
)
def test_five_minute_and_one_hour_cache_writes_are_told_apart(text, lifetime):
    found = read_usage_type(text)
    assert (found.token_class, found.cache_lifetime) == ("cache_write", lifetime)


@pytest.mark.parametrize(
    "text",
    [
        "USE1-NovaPro-input-tokens-latency-optimized",
        "USE1-Llama3-1-70B-LatencyOptimized-input-tokens",
        "USE1-MP:USE1_OutputTokenCount_LatencyOptimized-Units",
    ],
)
def test_latency_optimized_is_another_product_and_never_the_standard_price(text):
    with pytest.raises(NoTokenPriceError, match="latency-optimized"):
        read_usage_type(text)


@pytest.mark.parametrize(
    "text",
    [
        "USE1-MP:USE1_ProvisionedThroughput_1MonthCommit_ModelUnits_Usage-Units",
        "USE1-NovaPro-ProvisionedThroughput-NoCommit-ModelUnits",
        "USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units",
        "USE1-Claude4Sonnet-reserved-1-month-input-tokens-per-minute-cross-region-geo",
    ],
)
def test_a_commitment_has_no_pay_as_you_go_price(text):
    with pytest.raises(NoTokenPriceError, match="commitment"):
        read_usage_type(text)


@pytest.mark.parametrize("text", ["USE1-NovaPro-input-tokens-custom-model", "USE1-Nova2.0Lite-Customization-Training"])
def test_a_customised_model_is_not_its_base_model(text):
    with pytest.raises(NoTokenPriceError, match="customised"):
        read_usage_type(text)


@pytest.mark.parametrize(
    "text",
    [
        "USE1-Guardrail-ContentPolicyUnitsConsumed",
        "USW2-Ray-V2-Medfps-HDRes",
        "USE1-MP:USE1_created_image-Units",
        "USE1-NovaSonic-speech-understanding-input-token",
        "USE1-NovaPro-input-tokens-quantum",
        "USE1-NovaPro-input-tokens-batch-flex",
        "USE1-NovaPro-input-tokens-global-geo",
        "USE1-NovaPro-cache-read-output-tokens",
        "USE1-NovaPro-input-tokens-1h",
        "USE1-batch-NovaPro-input-tokens",
        "USE1-MP:USE1_InputTokenCount_Quantum-Units",
        "input_tokens_standard",
        "",
    ],
)
def test_a_usage_type_outside_the_grammar_is_refused_and_not_guessed(text):
    with pytest.raises(NoTokenPriceError, match="no grammar"):
        read_usage_type(text)


@given(st.text(alphabet="-_.: 0aB1kmhSEU", max_size=60) | st.text(max_size=40))
def test_no_text_whatever_breaks_the_reader(text):
    with contextlib.suppress(NoTokenPriceError):
        read_usage_type(text)
