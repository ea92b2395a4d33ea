"""What the name of an entry of LiteLLM's price file says: model, geography, region, publisher, size of an image."""

import pytest

from genai_finops.pricing.sources.litellm_models import SoldModel, UnsoldEntry, provider_of, sold_model


@pytest.mark.parametrize(
    ("listed", "provider"),
    [
        ("openai", "openai"),
        ("text-completion-openai", "openai"),
        ("anthropic", "anthropic"),
        ("gemini", "gemini"),
        ("azure", "azure_openai"),
        ("azure_ai", "azure_openai"),
        ("bedrock", "aws_bedrock"),
        ("bedrock_converse", "aws_bedrock"),
        ("bedrock_mantle", "aws_bedrock"),
        ("vertex_ai", "gcp_vertex"),
        ("vertex_ai-anthropic_models", "gcp_vertex"),
        ("vertex_ai-language-models", "gcp_vertex"),
        ("amazon_nova", None),
        ("openrouter", None),
        ("sagemaker", None),
    ],
)
def test_a_provider_of_the_file_is_one_of_ours_or_none(listed: str, provider: str | None) -> None:
    assert provider_of(listed) == provider


@pytest.mark.parametrize(
    ("entry", "provider", "model_id", "geography"),
    [
        ("gpt-4o-2024-11-20", "openai", "gpt-4o-2024-11-20", "global"),
        ("ft:gpt-4o-2024-08-06", "openai", "ft:gpt-4o-2024-08-06", "global"),
        ("gemini/gemini-2.5-pro", "gemini", "gemini-2.5-pro", "global"),
        ("azure/gpt-4o", "azure_openai", "gpt-4o", "global"),
        ("azure/global/gpt-5.1", "azure_openai", "gpt-5.1", "global"),
        ("azure/global-standard/gpt-4o-mini", "azure_openai", "gpt-4o-mini", "global"),
        ("azure/us/gpt-4o", "azure_openai", "gpt-4o", "data_zone_us"),
        ("azure/eu/gpt-4o", "azure_openai", "gpt-4o", "data_zone_eu"),
        ("azure_ai/claude-opus-5", "azure_openai", "claude-opus-5", "global"),
        ("global.anthropic.claude-opus-5", "aws_bedrock", "global.anthropic.claude-opus-5", "global"),
        ("us.anthropic.claude-opus-4-6-v1:0", "aws_bedrock", "us.anthropic.claude-opus-4-6-v1:0", "regional"),
        ("eu.amazon.nova-pro-v1:0", "aws_bedrock", "eu.amazon.nova-pro-v1:0", "regional_eu"),
        ("apac.amazon.nova-pro-v1:0", "aws_bedrock", "apac.amazon.nova-pro-v1:0", "regional_ap"),
        ("us-gov.anthropic.claude-opus-5", "aws_bedrock", "us-gov.anthropic.claude-opus-5", "regional_other"),
        ("bedrock/us-east-1/zai.glm-5", "aws_bedrock", "zai.glm-5", "regional"),
        ("bedrock/eu-west-2/qwen.qwen3-coder-next", "aws_bedrock", "qwen.qwen3-coder-next", "regional_eu"),
        ("bedrock/ap-south-1/deepseek.v3.2", "aws_bedrock", "deepseek.v3.2", "regional_ap"),
        ("bedrock/us-gov-west-1/openai.gpt-oss-20b-1:0", "aws_bedrock", "openai.gpt-oss-20b-1:0", "regional_other"),
        ("bedrock/sa-east-1/deepseek.v3.2", "aws_bedrock", "deepseek.v3.2", "regional_other"),
        ("bedrock/us.meta.llama3-3-70b-v1:0", "aws_bedrock", "us.meta.llama3-3-70b-v1:0", "regional"),
        ("gemini-2.5-pro", "gcp_vertex", "gemini-2.5-pro", "global"),
        ("vertex_ai/claude-opus-4-5@20251101", "gcp_vertex", "claude-opus-4-5@20251101", "global"),
        ("vertex_ai/meta/llama-3.3-70b-instruct-maas", "gcp_vertex", "llama-3.3-70b-instruct-maas", "global"),
    ],
)
def test_a_name_is_stripped_of_its_place(entry: str, provider: str, model_id: str, geography: str) -> None:
    sold = sold_model(entry, provider)
    assert isinstance(sold, SoldModel)
    assert (sold.model_id, sold.geography, sold.names_no_place) == (model_id, geography, False)


@pytest.mark.parametrize(
    "entry", ["amazon.nova-pro-v1:0", "bedrock/invoke/anthropic.claude-v2:1", "bedrock_mantle/zai.glm-5"]
)
def test_a_bare_id_of_bedrock_names_no_place(entry: str) -> None:
    sold = sold_model(entry, "aws_bedrock")
    assert isinstance(sold, SoldModel)
    assert (sold.geography, sold.names_no_place) == ("regional", True)


@pytest.mark.parametrize(
    ("regions", "geography"), [(["us-central1"], "regional"), (["global", "us-south1"], "global"), ([], "global")]
)
def test_a_model_sold_in_some_regions_only_has_regional_prices(regions: list[str], geography: str) -> None:
    sold = sold_model("vertex_ai/deepseek-ai/deepseek-v3.1-maas", "gcp_vertex", regions)
    assert isinstance(sold, SoldModel)
    assert sold.geography == geography


@pytest.mark.parametrize(("provider", "variant"), [("openai", "1g"), ("azure_openai", None)])
def test_a_container_has_no_model_and_is_the_smallest_where_sizes_are_sold(provider: str, variant: str | None) -> None:
    assert sold_model(f"{provider.removesuffix('_openai')}/container", provider) == SoldModel(
        provider=provider, model_id=None, variant=variant
    )


@pytest.mark.parametrize(
    ("entry", "provider", "reason"),
    [
        ("bedrock/*/1-month-commitment/cohere.command-text-v14", "aws_bedrock", "bought throughput"),
        ("bedrock/us-east-1/6-month-commitment/anthropic.claude-v1", "aws_bedrock", "bought throughput"),
        ("high/1024-x-1536/gpt-image-1.5", "openai", "quality and size"),
        ("azure/hd/1024-x-1024/dall-e-3", "azure_openai", "quality and size"),
        ("max-x-max/50-steps/stability.stable-diffusion-xl-v0", "aws_bedrock", "quality and size"),
        ("azure_ai/model-router", "azure_openai", "a fee beside the price of the model"),
        ("azure/us-gov/gpt-5.1", "azure_openai", "us-gov is no geography"),
        ("azure/apac/gpt-6.1-sol", "azure_openai", "apac is no geography"),
        ("azure/speech/azure-tts", "azure_openai", "names no model"),
        ("bedrock/somewhere/anthropic.claude-v1", "aws_bedrock", "names no model"),
        ("openai/some/thing", "openai", "names no model"),
    ],
)
def test_an_entry_without_rates_of_usage_says_why(entry: str, provider: str, reason: str) -> None:
    sold = sold_model(entry, provider)
    assert isinstance(sold, UnsoldEntry)
    assert reason in sold.reason
