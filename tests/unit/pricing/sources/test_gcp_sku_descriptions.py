"""What a SKU of Google's price list prices: read by id or word for word, never guessed."""

import re

import pytest

from genai_finops.pricing.aliases import AliasRule, read_alias_rules
from genai_finops.pricing.sources.gcp_sku_descriptions import PricedSku, read_sku, unread_reason
from genai_finops.providers.billing_skus import SKU_SEED, BillingSku, read_billing_skus
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.tables.pricing import PRICED_TIERS, RATED_METERS

SHORT = {"context_tokens_above": 0, "context_tokens_up_to": 200_000}
LONG = {"context_tokens_above": 200_000}


def read(description: str) -> PricedSku | None:
    return read_sku("0000-0000-0000", description, {})


READ = [
    ("Gemini 2.5 Pro Text Input - Predictions", "gemini-2.5-pro", "uncached_input", {}),
    (
        "Gemini 2.5 Pro Text Output (Long) - Batch Predictions",
        "gemini-2.5-pro",
        "output",
        {"service_tier": "batch", **LONG},
    ),
    ("Gemini 2.5 Pro Thinking Text Output - Predictions", "gemini-2.5-pro", "output", {}),
    ("Gemini 2.5 Flash GA Text Output (Thinking On) - Predictions", "gemini-2.5-flash", "output", {"stage": "ga"}),
    (" Gemini 2.5 Flash GA Input Text Caching (Long)", "gemini-2.5-flash", "cache_read", {"stage": "ga", **LONG}),
    (
        "Gemini 2.5 Flash GA Audio Input (Long) - Predictions",
        "gemini-2.5-flash",
        "uncached_input_audio",
        {"stage": "ga", **LONG},
    ),
    ("Gemini 3.0 Pro Text Input Caching", "gemini-3-pro-preview", "cache_read", {}),
    ("Gemini 3 Flash Video Input - Predictions", "gemini-3-flash-preview", "uncached_input_video", {}),
    (
        "Gemini 3 Flash Text Input Flex - Predictions",
        "gemini-3-flash-preview",
        "uncached_input",
        {"service_tier": "flex"},
    ),
    (
        "Gemini 3 Flash Image Input Caching Priority",
        "gemini-3-flash-preview",
        "cache_read_image",
        {"service_tier": "priority"},
    ),
    ("Gemini 3.8 Flash Text Input Caching Storage", "gemini-3.8-flash", "cache_storage_token_hour", {}),
    (
        "Gemini 3.5 Flash Lite Global Text Output - Predictions",
        "gemini-3.5-flash-lite",
        "output",
        {"geography": "global"},
    ),
    (
        "Gemini 3.5 Flash Regional Text Input - Predictions",
        "gemini-3.5-flash",
        "uncached_input",
        {"geography": "regional"},
    ),
    ("Gemini 3.1 Flash Image Image Output - Predictions", "gemini-3.1-flash-image", "output_image", {}),
    ("Gemini 3.1 Flash Image Text Input - Predictions", "gemini-3.1-flash-image", "uncached_input", {}),
    ("Generate content input token count gemini 2.5 pro long input text", "gemini-2.5-pro", "uncached_input", LONG),
    ("Generate_content text input token count for gemini 3 flash", "gemini-3-flash-preview", "uncached_input", {}),
    ("EmbedContent input token count for gemini-embedding-001", "gemini-embedding-001", "embedding_input", {}),
    ("Embed content input token count gemini embedding 2 text", "gemini-embedding-2", "embedding_input", {}),
    (
        "Generate content input token count gemini 3.7 flash image flex caching",
        "gemini-3.7-flash",
        "cache_read_image",
        {"service_tier": "flex"},
    ),
    (
        "Generate_content_cached_input_token_count_gemini_3_pro_short_image",
        "gemini-3-pro-preview",
        "cache_read_image",
        SHORT,
    ),
    (
        "Generate_content text cached input token count for gemini 3 pro short",
        "gemini-3-pro-preview",
        "cache_read",
        SHORT,
    ),
    (
        "Generate content input token count gemini 3.1 flash lite preview text",
        "gemini-3.1-flash-lite",
        "uncached_input",
        {"stage": "preview"},
    ),
    (
        "Generate content cached content storage token hours gemini 3.8 flash",
        "gemini-3.8-flash",
        "cache_storage_token_hour",
        {},
    ),
    ("Grounding with Google Search for gemini 2.5 flash", "gemini-2.5-flash", "web_search", {}),
    ("Kimi K2 Thinking Cached Input Tokens", "kimi-k2-thinking", "cache_read", {}),
    (
        "Cloud Vertex AI Model Garden Model as a Service Qwen3-Next-80b-A3B-Instruct Output Token",
        "qwen3-next-80b-a3b-instruct",
        "output",
        {},
    ),
    (
        "Claude Sonnet 4.6 \u2014 Input Tokens \u2014 global \u2014 Context Window Size from 0 to 200000 Tokens",
        "claude-sonnet-4-6",
        "uncached_input",
        {"geography": "global", **SHORT},
    ),
    (
        "Claude Haiku 4 5 \u2014 Batch Cache Read Tokens \u2014 us-east5",
        "claude-haiku-4-5",
        "cache_read",
        {"service_tier": "batch", "geography": "regional"},
    ),
]


@pytest.mark.parametrize(("description", "model", "meter", "more"), READ, ids=[case[0].strip() for case in READ])
def test_a_description_is_read_as_model_meter_tier_place_and_band(description, model, meter, more):
    assert read(description) == PricedSku(model_id=model, meter=meter, **more)


def test_long_is_the_band_of_prompts_above_two_hundred_thousand_tokens():
    found = read("Gemini 2.5 Pro Text Input (Long) - Predictions")
    assert (found.context_tokens_above, found.context_tokens_up_to) == (200_000, None)


def test_thinking_output_is_output_and_has_its_price():
    plain, thinking = (read(f"Gemini 2.5 Pro {word}Text Output - Predictions") for word in ("", "Thinking "))
    assert plain == thinking


def test_what_is_read_from_a_cache_is_not_what_keeping_it_costs():
    meters = [read(f"Gemini 3.8 Flash Text Input Caching{word}").meter for word in ("", " Storage")]
    assert meters == ["cache_read", "cache_storage_token_hour"]
    assert [METERS[meter].consumed_unit for meter in meters] == ["Tokens", "Token-Hours"]


@pytest.mark.parametrize(
    "description",
    [
        "Gemini 2.5 Flash Live Audio (AV2A) Output - Predictions",
        "Gemini 3.8 Flash Cyber Global Text Input Caching Offpeak",
        "CodeMender Gemini 3.1 Pro Global Text Output",
        "Gemini 3.8 Flash Text Input Tuned - Predictions",
        "Gemini 3.0 Pro Image Output - Predictions",
        "Gemini 2.5 Pro Thinking Text Input - Predictions",
        "Gemini 2.5 Pro Text Input Flex - Batch Predictions",
        "Gemini 2.5 Pro Text Input",
        "Generate content search query gemini 3 paid one",
        "Bidi_generate_content text input token count for gemini-3.8-live",
        "Embed content input token count gemini embedding 2 image batch",
        "Grounding with Google Search",
        "Grounding with Google Search on Gemini 3",
        "Gemma 3 27B Input Tokens",
        "Llama 3.3 70b Fine Tuning Input Tokens",
        "Kimi K2 Thinking Cached Output Tokens",
        "Claude Sonnet 4.6 \u2014 Input Cache Write Tokens \u2014 global",
        "Claude Haiku 4 5 \u2014 Web Search Requests \u2014 global",
        "Large Text Embedding Model - Predictions",
        "",
    ],
)
def test_a_description_with_a_word_that_no_grammar_knows_is_not_read(description):
    assert read(description) is None


def test_the_reviewed_seed_goes_before_the_description():
    seeded = {"0000-0000-0000": BillingSku(meter="output", provider_model_id="gemini-2.5-pro")}
    found = read_sku("0000-0000-0000", "Gemini 2.5 Flash GA Text Input - Predictions", seeded)
    assert (found.model_id, found.meter) == ("gemini-2.5-pro", "output")


@pytest.mark.parametrize(
    ("description", "group", "reason"),
    [
        ("Vertex AI: Online/Batch Prediction NVIDIA H100 80GB GPU running in Americas", "GPU", "infrastructure"),
        ("Vertex AI: Training on TPU v5e running in Iowa", "Prediction", "infrastructure"),
        ("Vertex AI: Training on A3 Instance Core running in Iowa", None, "infrastructure"),
        ("Generative AI Provisioned Throughput GSU 1 month", "Prediction", "commitment"),
        ("Large Text Embedding Model - Predictions", "Prediction", "no grammar"),
    ],
)
def test_what_is_not_read_says_why(description, group, reason):
    assert reason in unread_reason(description, group)


@pytest.mark.parametrize("case", READ, ids=[case[0].strip() for case in READ])
def test_what_is_read_can_be_the_key_of_a_rate(case):
    found = read(case[0])
    assert found.meter in RATED_METERS
    assert found.service_tier in PRICED_TIERS


@pytest.fixture(scope="module")
def alias_rules() -> list[AliasRule]:
    return sorted(read_alias_rules().rules, key=lambda rule: rule.rank)


def canonical(rules: list[AliasRule], provider: str, spelling: str) -> str | None:
    found = (
        rule.model_id
        for rule in rules
        if rule.provider == provider
        and re.search(rule.pattern, spelling)
        and not (rule.excluded_pattern and re.search(rule.excluded_pattern, spelling))
    )
    return next(found, None)


RECOGNISED = sorted({model for _, model, _, _ in READ if model.startswith(("gemini-", "claude-"))})


@pytest.mark.parametrize("model", RECOGNISED)
def test_the_spelling_of_a_model_is_one_that_the_alias_rules_know(alias_rules, model):
    provider = "gcp_vertex" if model.startswith("claude-") else "gemini"
    known = {"gemini-3.1-flash-image": "gemini-3.1-flash-image-preview"}
    assert canonical(alias_rules, provider, model) == known.get(model, model)


@pytest.mark.parametrize("sku", read_billing_skus(SKU_SEED).values(), ids=list(read_billing_skus(SKU_SEED)))
def test_every_sku_of_the_seed_is_spelled_as_the_alias_rules_know(alias_rules, sku):
    found = read_sku("x", "", {"x": sku})
    assert canonical(alias_rules, "gemini", found.model_id) is not None
