"""SKUs are known by id, or by a description that is understood word for word; the rest stays unmapped."""

import pytest

from genai_finops.providers.billing_skus import SKU_SEED, BillingSku, read_billing_skus, read_description
from genai_finops.providers.config import ProviderConfigError
from genai_finops.schemas.columns import SERVICE_TIERS
from genai_finops.schemas.meters import METERS

SHORT = {"context_band": "short", "context_tokens_above": 0, "context_tokens_up_to": 200_000}
LONG = {"context_band": "long", "context_tokens_above": 200_000, "context_tokens_up_to": None}


@pytest.mark.parametrize(
    ("description", "meter", "model", "more"),
    [
        pytest.param(
            "Generate content input token count gemini 2.5 flash short input text",
            "uncached_input",
            "gemini-2.5-flash",
            SHORT,
            id="older style",
        ),
        pytest.param(
            "Generate_content text input token count for gemini 3 flash",
            "uncached_input",
            "gemini-3-flash",
            {},
            id="newer style",
        ),
        pytest.param(
            "EmbedContent input token count for gemini-embedding-001",
            "embedding_input",
            "gemini-embedding-001",
            {},
            id="embedding style",
        ),
        pytest.param(
            "Generate content output token count gemini 2.5 flash short input text (thinking output)",
            "output",
            "gemini-2.5-flash",
            SHORT,
            id="thinking output is output",
        ),
        pytest.param(
            "Generate content input token count gemini 2.5 pro long input text",
            "uncached_input",
            "gemini-2.5-pro",
            LONG,
            id="long context",
        ),
        pytest.param(
            "Generate content input token count gemini 2.5 flash short input audio",
            "uncached_input_audio",
            "gemini-2.5-flash",
            SHORT,
            id="modality of the input",
        ),
        pytest.param(
            "Generate content cached input token count gemini 2.5 flash short input text",
            "cache_read",
            "gemini-2.5-flash",
            SHORT,
            id="cached",
        ),
        pytest.param(
            "Generate content input token count gemini 2.5 pro short input text batch",
            "uncached_input",
            "gemini-2.5-pro",
            {**SHORT, "service_tier": "batch"},
            id="batch",
        ),
        pytest.param(
            "Generate_content text output token count for gemini 3.6 flash priority",
            "output",
            "gemini-3.6-flash",
            {"service_tier": "priority"},
            id="priority",
        ),
        pytest.param(
            "Cached content storage token hours gemini 2.5 pro",
            "cache_storage_token_hour",
            "gemini-2.5-pro",
            {},
            id="cache storage",
        ),
        pytest.param("Grounding with Google Search", "web_search", None, {}, id="grounding"),
    ],
)
def test_each_style_of_description_is_understood(description, meter, model, more):
    assert read_description(description) == BillingSku(meter=meter, provider_model_id=model, **more)


@pytest.mark.parametrize(
    "description",
    [
        pytest.param("Generate content input token count gemini 2.5 flash gigantic input text", id="unknown band"),
        pytest.param("Generate content input token count gemini 3.7 flash image flex caching", id="image of whom"),
        pytest.param(
            "Generate content output token count gemini 2.5 pro short output text caching", id="cached output"
        ),
        pytest.param("Generate content batch input token count gemini 2.5 pro short flex", id="two tiers"),
        pytest.param("Generate content input token count gemini 2.5 ultra short input text", id="unknown family"),
        pytest.param("Grounding with Google Maps", id="another tool"),
        pytest.param("", id="no words"),
    ],
)
def test_a_word_that_is_not_understood_leaves_the_sku_unmapped(description):
    assert read_description(description) is None


def test_the_seed_maps_to_meters_and_tiers_that_exist():
    skus = read_billing_skus(SKU_SEED)
    assert {sku.meter for sku in skus.values()} <= set(METERS)
    assert {sku.service_tier for sku in skus.values()} <= set(SERVICE_TIERS)


def test_the_seed_and_the_grammar_agree_where_both_know_a_sku():
    lines = SKU_SEED.read_text(encoding="utf-8").splitlines()[1:]
    described = {line.split(",")[1]: read_description(line.split(",")[2]) for line in lines}
    skus = read_billing_skus(SKU_SEED)
    understood = {sku_id: sku for sku_id, sku in described.items() if sku is not None}
    # The bill says `gemini 3 flash` of the model whose id is gemini-3-flash-preview.
    differing = {sku_id for sku_id, sku in understood.items() if sku != skus[sku_id]}
    assert differing == {"F2C1-F842-5D84"}


def test_a_seed_that_is_missing_is_named(tmp_path):
    with pytest.raises(ProviderConfigError, match=r"nowhere\.csv is no list of billing SKUs"):
        read_billing_skus(tmp_path / "nowhere.csv")
