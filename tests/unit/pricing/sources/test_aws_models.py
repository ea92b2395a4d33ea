"""Names of models in the AWS Price List become ids that usage has, and that our alias rules know."""

import re

import pytest

from genai_finops.pricing.aliases import AliasRule, read_alias_rules
from genai_finops.pricing.sources.aws_models import bedrock_model, long_context_above, meters_of, model_of
from genai_finops.pricing.sources.aws_usage_types import NoTokenPriceError, UsageType, read_usage_type


@pytest.fixture(scope="module")
def rules() -> list[AliasRule]:
    found = (rule for rule in read_alias_rules().rules if rule.provider == "aws_bedrock")
    return sorted(found, key=lambda rule: rule.rank)


def canonical(rules: list[AliasRule], model_id: str) -> str | None:
    for rule in rules:
        is_excluded = rule.excluded_pattern and re.search(rule.excluded_pattern, model_id)
        if re.search(rule.pattern, model_id) and not is_excluded:
            return rule.model_id
    return None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Claude Opus 5.5 (Amazon Bedrock Edition)", "claude-opus-5-5"),
        ("Claude Opus 4 (Amazon Bedrock Edition)", "claude-opus-4-0"),
        ("Claude Haiku 4.5", "claude-haiku-4-5"),
        ("Claude Fable 5.1", "claude-fable-5-1"),
        ("Claude 3 Haiku", "claude-3-haiku"),
        ("Claude 3.5 Sonnet v2", "claude-3-5-sonnet"),
        ("Claude3Sonnet", "claude-3-sonnet"),
        ("Claude4.6Sonnet", "claude-sonnet-4-6"),
        ("OpenAI GPT-6 Astra (Amazon Bedrock Edition)", "gpt-6-astra"),
        ("openai.gpt-5.6-luna", "gpt-5.6-luna"),
        ("gpt-oss-120b", "gpt-oss-120b"),
        ("Nova Pro", "nova-pro"),
        ("NovaPro", "nova-pro"),
        ("Nova 2.0 Lite", "nova-2-lite"),
        ("Nova2.0Lite", "nova-2-lite"),
        ("Nova Sonic 2.0", "nova-2-sonic"),
        ("TitanEmbeddingsV2", "titan-embed-text-v2"),
        ("Llama 3.3 70B", "llama3-3-70b-instruct"),
        ("Llama3-3-70B", "llama3-3-70b-instruct"),
        ("Llama 4 Maverick 17B", "llama4-maverick-17b-instruct"),
        ("Mistral Large 3", "mistral-large-3-675b-instruct"),
        ("Magistral Small 1.2", "magistral-small-2509"),
        ("Gemma 3 27B", "gemma-3-27b-it"),
        ("Qwen3 VL 235B A22B", "qwen3-vl-235b-a22b"),
        ("NVIDIA Nemotron 3 Super 120B A12B", "nemotron-super-3-120b"),
        ("R1", "deepseek-r1"),
        ("Palmyra X5", "palmyra-x5"),
    ],
)
def test_a_name_becomes_an_id_that_the_alias_rules_recognise(rules, name, expected):
    assert canonical(rules, str(bedrock_model(name)).lower()) == expected


@pytest.mark.parametrize("name", ["", "Mistral Large", "Claude Instant", "Claude Vega 6", "Claude 2.1", "Nova Pro Max"])
def test_an_unknown_or_ambiguous_name_becomes_no_id(name):
    assert bedrock_model(name) is None


def model(usage_type: str, **attributes: str) -> str:
    return model_of(read_usage_type(usage_type), attributes)[0]


def test_the_usage_type_alone_names_a_model_that_has_no_attribute():
    assert model("USE1-TitanEmbeddingsV2-Text-input-tokens") == "amazon.titan-embed-text-v2:0"


def test_the_attribute_names_a_model_whose_id_the_usage_type_has_without_its_maker():
    found = model("USE1-Mistral-Large-3-675b-Instruct-input-tokens", model="Mistral Large 3")
    assert found == "mistral.mistral-large-3-675b-instruct"


@pytest.mark.parametrize(
    ("usage_type", "attributes"),
    [
        ("USE1-NovaPro-fresh-input-tokens", {"model": "Nova Pro"}),
        ("USE1-NovaLite-input-tokens", {"model": "Nova Pro"}),
        ("USE1-MP:USE1_InputTokenCount-Units", {"servicename": "Jamba 9 (Amazon Bedrock Edition)"}),
        ("USE1-MP:USE1_InputTokenCount-Units", {}),
        ("USE1-Unheard-input-tokens", {}),
    ],
)
def test_a_model_that_usage_type_and_attributes_do_not_agree_on_has_no_price(usage_type, attributes):
    with pytest.raises(NoTokenPriceError, match=r"no id is known|the attribute model"):
        model(usage_type, **attributes)


def test_a_latency_optimized_model_is_told_by_its_name_where_the_usage_type_hides_it():
    with pytest.raises(NoTokenPriceError, match="latency-optimized"):
        model("USE1-NovaPro-input-tokens", model="Nova Pro Latency Optimized")


@pytest.mark.parametrize(
    ("model_id", "lifetime", "meter"),
    [
        ("anthropic.claude-opus-5-5", None, "cache_write_5m"),
        ("anthropic.claude-opus-5-5", "5m", "cache_write_5m"),
        ("anthropic.claude-opus-5-5", "1h", "cache_write_1h"),
        ("amazon.nova-pro", None, "cache_write"),
        ("moonshotai.kimi-k3", "30m", "cache_write"),
        ("openai.gpt-5.6-luna", "1h", "cache_write_1h"),
    ],
)
def test_cache_writes_come_by_the_meter_of_their_lifetime(model_id, lifetime, meter):
    usage = UsageType(model=None, token_class="cache_write", cache_lifetime=lifetime)
    assert meters_of(model_id, usage) == (meter,)


@pytest.mark.parametrize(("lifetime", "modality"), [("30m", "text"), (None, "audio")])
def test_cache_writes_that_no_meter_counts_have_no_price(lifetime, modality):
    usage = UsageType(model=None, token_class="cache_write", cache_lifetime=lifetime, modality=modality)
    with pytest.raises(NoTokenPriceError, match="no meter counts"):
        meters_of("anthropic.claude-opus-5-5", usage)


def test_input_of_an_embedding_model_comes_by_either_of_two_meters():
    usage = UsageType(model=None, token_class="uncached_input")
    assert meters_of("amazon.titan-embed-text-v2:0", usage) == ("embedding_input", "uncached_input")


@pytest.mark.parametrize(
    ("model_id", "tokens"),
    [
        ("anthropic.claude-sonnet-4-5", 200_000),
        ("anthropic.claude-haiku-5-5", 100_000),
        ("openai.gpt-6-astra", 272_000),
        ("amazon.nova-pro", None),
    ],
)
def test_long_context_begins_where_the_makers_price_page_says(model_id, tokens):
    assert long_context_above(model_id) == tokens
