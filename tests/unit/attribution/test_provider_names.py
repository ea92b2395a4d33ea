"""Spellings of providers, hosts and tiers."""

import pytest

from genai_finops.attribution.provider_names import (
    Endpoint,
    canonical_provider,
    endpoint_of,
    provider_of_model,
    provider_of_spelling,
)
from genai_finops.attribution.service_tiers import canonical_tier


@pytest.mark.parametrize(
    ("spelled", "provider"),
    [
        ("openai", "openai"),
        ("OpenAI", "openai"),
        ("az.ai.openai", "azure_openai"),
        ("azure.ai.inference", "azure_openai"),
        ("azure", "azure_openai"),
        ("aws.bedrock", "aws_bedrock"),
        ("bedrock_converse", "aws_bedrock"),
        ("vertex_ai", "gcp_vertex"),
        ("gcp.vertex_ai", "gcp_vertex"),
        ("vertex_ai-anthropic_models", "gcp_vertex"),
        ("gcp.gemini", "gemini"),
        ("gcp.gen_ai", "gemini"),
        ("Mistral AI", "mistral_ai"),
        ("x/\u00fc!", "x"),
        ("  ", None),
        (None, None),
    ],
)
def test_a_spelling_is_mapped_to_who_bills_or_kept_as_a_slug(spelled: str | None, provider: str | None) -> None:
    assert canonical_provider(spelled) == provider


@pytest.mark.parametrize(
    ("spelled", "host", "provider"),
    [
        ("openai", "my-resource.openai.azure.com", "azure_openai"),
        ("gcp.gen_ai", "europe-west1-aiplatform.googleapis.com", "gcp_vertex"),
        ("anthropic", "bedrock-runtime.us-east-1.amazonaws.com", "aws_bedrock"),
        ("openai", "https://openrouter.ai/api/v1", "openrouter"),
        ("openai", "gateway.internal:4000", "openai"),
        ("openai", "api.openai.com.evil.example", "openai"),
    ],
)
def test_a_known_host_decides_over_the_name_of_the_client_library(spelled: str, host: str, provider: str) -> None:
    assert canonical_provider(spelled, host=host) == provider


def test_a_maker_or_product_tells_which_of_googles_services_it_is() -> None:
    assert canonical_provider("google", vendor="vertexai") == "gcp_vertex"


def test_a_host_names_its_region() -> None:
    assert endpoint_of("us-east5-aiplatform.googleapis.com") == Endpoint("gcp_vertex", "us-east5")
    assert endpoint_of("aiplatform.googleapis.com") == Endpoint("gcp_vertex", "global")
    assert endpoint_of("bedrock-runtime.eu-west-1.amazonaws.com") == Endpoint("aws_bedrock", "eu-west-1")


@pytest.mark.parametrize(
    ("model", "sure", "guess"),
    [
        ("us.anthropic.claude-sonnet-4-6", "aws_bedrock", "aws_bedrock"),
        ("azure/gpt-5", "azure_openai", "azure_openai"),
        ("claude-sonnet-4-6@20260101", "gcp_vertex", "gcp_vertex"),
        ("claude-sonnet-4-6", None, "anthropic"),
        ("gpt-5.4-mini", None, "openai"),
        ("models/gemini-3-pro", None, "gemini"),
        ("our-own-model", None, None),
        ("gpt-4.1.internal", None, "openai"),
    ],
)
def test_a_model_tells_its_provider_only_where_no_other_spells_it_so(
    model: str, sure: str | None, guess: str | None
) -> None:
    assert (provider_of_spelling(model), provider_of_model(model)) == (sure, guess)


@pytest.mark.parametrize(
    ("spelled", "provider", "tier"),
    [
        ("default", "openai", "standard"),
        ("auto", "openai", None),
        ("scale", "openai", "committed"),
        ("priority", "openai", "priority"),
        ("priority", "anthropic", "committed"),
        ("batch", "anthropic", "batch"),
        ("ON_DEMAND", "gcp_vertex", "standard"),
        ("gold", "openai", None),
        (None, None, None),
    ],
)
def test_a_tier_is_canonical_or_unknown(spelled: str | None, provider: str | None, tier: str | None) -> None:
    assert canonical_tier(spelled, provider) == tier
