"""What the texts of Azure's meters mean. They are spelled as captures of the price list of 2026 have them."""

import re
from decimal import Decimal, Inexact

import pytest

from genai_finops.pricing.aliases import AliasRule, read_alias_rules
from genai_finops.pricing.sources.azure_meters import (
    counted_block,
    is_commitment,
    is_timed,
    known_models,
    price_per_pricing_unit,
    read_meter,
)

OPENAI, GPT5 = "Azure OpenAI", "Azure OpenAI GPT5"


@pytest.fixture(scope="module")
def azure_rules() -> list[AliasRule]:
    rules = [rule for rule in read_alias_rules().rules if rule.provider == "azure_openai"]
    return sorted(rules, key=lambda rule: rule.rank)


def canonical(spelling: str, rules: list[AliasRule]) -> str | None:
    for rule in rules:
        is_excluded = rule.excluded_pattern is not None and re.search(rule.excluded_pattern, spelling)
        if re.search(rule.pattern, spelling) and not is_excluded:
            return rule.model_id
    return None


@pytest.mark.parametrize(
    ("text", "meter"),
    [
        ("gpt 4.1 Inp glbl Tokens", "uncached_input"),
        ("gpt 4o 0513 Input global Tokens", "uncached_input"),
        ("GPT 5 Inpt Glbl 1M Tokens", "uncached_input"),
        ("5.4 inp Gl 1M Tokens", "uncached_input"),
        ("gpt 4.1 Outp glbl Tokens", "output"),
        ("gpt 4o 0513 Output global Tokens", "output"),
        ("GPT 5 outpt Glbl 1M Tokens", "output"),
        ("gpt 5 pro out glbl Tokens", "output"),
        ("5.4 opt Gl 1M Tokens", "output"),
    ],
)
def test_input_and_output_are_read_in_each_of_their_spellings(text, meter):
    assert read_meter(GPT5, text).meter == meter


@pytest.mark.parametrize(
    "text",
    [
        "gpt 4.1 cached Inp glbl Tokens",
        "o1 mini cached input glbl Tokens",
        "GPT 5 cchd Inpt Glbl 1M Tokens",
        "5.4 cd inp Gl 1M Tokens",
        "codex mini inp cchd glbl Tokens",
    ],
)
def test_cached_input_is_never_read_as_input(text):
    assert read_meter(OPENAI, text).meter == "cache_read"


def test_cd_wr_is_a_cache_write_and_not_cached_input():
    assert read_meter(GPT5, "5.6-sol ShortCo Cd Wr Std Gl 1M Tokens").meter == "cache_write"


@pytest.mark.parametrize(
    ("text", "geography"),
    [
        ("gpt 4.1 Inp glbl Tokens", "global"),
        ("5.4 inp Gl 1M Tokens", "global"),
        ("gpt 4o 0513 Input global Tokens", "global"),
        ("gpt 4.1 Inp Data Zone Tokens", "data_zone"),
        ("gpt 4.1 Inp DZone Tokens", "data_zone"),
        ("GPT 5 Inpt DZ 1M Tokens", "data_zone"),
        ("5.4 inp Dz 1M Tokens", "data_zone"),
        ("gpt 4.1 Inp regnl Tokens", "regional"),
        ("gpt 4.1 Inp rgnl Tokens", "regional"),
    ],
)
def test_the_geography_is_read_in_each_of_its_spellings(text, geography):
    assert read_meter(GPT5, text).geography == geography


def test_a_meter_that_names_no_geography_is_not_taken_for_a_global_one():
    assert read_meter(OPENAI, "gpt 4.1 Inp Tokens") is None


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("5.4 mini pp Inp Gl 1M Tokens", "priority"),
        ("5.6-sol ShortCo Inp PP Gl 1M Tokens", "priority"),
        ("gpt 4.1 mini Batch Inp glbl Tokens", "batch"),
        ("54 mini Inp Flex Gl 1M Tokens", "flex"),
        ("5.6-sol ShortCo Inp Std Gl 1M Tokens", "standard"),
        ("gpt 4.1 Inp glbl Tokens", "standard"),
    ],
)
def test_pp_is_priority_and_batch_is_batch(text, tier):
    assert read_meter(GPT5, text).service_tier == tier


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("5.6-sol ShortCo Inp Std Gl 1M Tokens", (0, 272_000)),
        ("5.6-sol LongCo Inp Std Gl 1M Tokens", (272_000, None)),
        # The short rate of this model is the one without a word.
        ("5.4 inp Gl 1M Tokens", (0, 272_000)),
        ("5.4 longco inp Gl 1M Tokens", (272_000, None)),
        ("gpt 4.1 Inp glbl Tokens", (0, None)),
    ],
)
def test_shortco_and_longco_are_bands_of_the_prompt(text, band):
    reading = read_meter(GPT5, text)
    assert (reading.context_tokens_above, reading.context_tokens_up_to) == band


def test_a_band_of_a_model_whose_threshold_is_not_known_is_not_guessed():
    assert read_meter(GPT5, "gpt 4.1 LongCo Inp glbl Tokens") is None


@pytest.mark.parametrize(
    ("product", "text", "model"),
    [
        (OPENAI, "gpt 4.1 Inp glbl Tokens", "gpt-4.1"),
        (OPENAI, "gpt 4.1 mini Inp glbl Tokens", "gpt-4.1-mini"),
        (OPENAI, "gpt-4o-0806-Inp-glbl Tokens", "gpt-4o"),
        (OPENAI, "gpt 4o 1120 Inp glbl Tokens", "gpt-4o"),
        (OPENAI, "gpt 4o 0513 Input global Tokens", "gpt-4o-2024-05-13"),
        (OPENAI, "gpt-4o-mini-0718-Inp-glbl Tokens", "gpt-4o-mini"),
        (GPT5, "GPT 5 Mini Inpt Glbl 1M Tokens", "gpt-5-mini"),
        (GPT5, "5.4 mini Inp Gl 1M Tokens", "gpt-5.4-mini"),
        (GPT5, "5.6-sol ShortCo Inp Std Gl 1M Tokens", "gpt-5.6-sol"),
        ("Azure OpenAI Reasoning", "o3 0416 Inp glbl Tokens", "o3"),
        ("Azure OpenAI Reasoning", "o4-mini 0416 Inp glbl Tokens", "o4-mini"),
        ("Azure OpenAI Reasoning", "o3-deep research 0626-inp-glbl 1M Tokens", "o3-deep-research"),
        ("Azure OpenAI OSS Models", "gpt-oss-120B Inp glbl Tokens", "gpt-oss-120b"),
        ("Azure OpenAI PP FT GPT4s", "4.1 pp inp Dz 1M Tokens", "gpt-4.1"),
        ("Azure OpenAI Embedding", "text-embedding-3-small-glbl Tokens", "text-embedding-3-small"),
    ],
)
def test_the_model_is_read_in_irregular_spellings(product, text, model):
    assert read_meter(product, text).model_id == model


def test_tokens_of_an_embedding_are_embedding_input():
    assert read_meter("Azure OpenAI Embedding", "text-embedding-3-large-glbl Tokens").meter == "embedding_input"


def test_an_output_of_an_embedding_is_unmatched():
    assert read_meter("Azure OpenAI Embedding", "text-embedding-3-large Outp glbl Tokens") is None


def test_a_tool_has_no_model():
    reading = read_meter(OPENAI, "file-search-tool-calls-glbl Calls")
    assert (reading.model_id, reading.meter) == (None, "file_search")


@pytest.mark.parametrize(
    ("product", "text"),
    [
        (OPENAI, "gpt-4o-0806-FT-inp-glbl Tokens"),
        (OPENAI, "gpt 4.1 dev ft training glbl Tokens"),
        (OPENAI, "gpt-4o-aud-1217 Inp glbl Tokens"),
        (OPENAI, "gpt-4o-rt-txt-1217 Inp glbl Tokens"),
        (OPENAI, "gpt-image-1-inp-img-glbl Tokens"),
        (OPENAI, "gpt-4o-0806-Inp-Outp-glbl Tokens"),
        (OPENAI, "gpt 4.1 Inp glbl Data Zone Tokens"),
        (OPENAI, "gpt 4.1 mini Batch pp Inp glbl Tokens"),
        (OPENAI, "text-embedding-3-small LongCo glbl Tokens"),
        (OPENAI, "file-search-tool-calls Inp glbl Calls"),
        (GPT5, "5.7-nova inp Gl 1M Tokens"),
        (GPT5, "chat-latest 08062026 inp Gl 1M Tokens"),
        # The catalogue calls it gpt-5: stated apart, gpt-5 would have two prices.
        (GPT5, "gpt-5-codex-inp-glbl Tokens"),
        # A bare number is the version of another maker's model.
        ("Azure Grok Models", "4.1 Inp glbl Tokens"),
        ("Azure OpenAI Media", "gpt 4.1 Inp glbl Tokens"),
        (OPENAI, ""),
    ],
)
def test_a_meter_with_a_word_that_no_table_has_is_unmatched(product, text):
    assert read_meter(product, text) is None


@pytest.mark.parametrize("model", known_models())
def test_every_model_that_a_meter_can_name_is_one_that_the_alias_rules_recognise(model, azure_rules):
    assert canonical(model, azure_rules) is not None


def test_no_two_models_of_the_table_are_one_model_for_the_alias_rules(azure_rules):
    found = [canonical(model, azure_rules) for model in known_models()]
    assert sorted(found) == sorted(set(found))


@pytest.mark.parametrize(
    ("product", "text", "is_one"),
    [
        (OPENAI, "Provisioned Managed Global Unit", True),
        (OPENAI, "Provisioned Managed Regional Unit", True),
        ("Azure AI Foundry Provisioned Throughput Reservation", "Global", True),
        (OPENAI, "gpt 4.1 Inp glbl Tokens", False),
    ],
)
def test_provisioned_capacity_is_a_commitment(product, text, is_one):
    assert is_commitment(product, text) is is_one


@pytest.mark.parametrize(
    ("price", "unit", "meter", "expected"),
    [
        # 0.002 a thousand tokens are 2 a million.
        ("0.002", "1K", "uncached_input", "2"),
        ("5", "1M", "uncached_input", "5"),
        # 0.00003 for a hundred tokens are 0.3 a million.
        ("0.00003", "100", "output", "0.3"),
        ("0.000002", "1", "uncached_input", "2"),
        ("0.0025", "1", "file_search", "2.5"),
        ("2.5", "1K", "file_search", "2.5"),
        # No binary fraction, and below a hundredth of a cent.
        ("0.0000001", "1M", "cache_read", "0.0000001"),
    ],
)
def test_mixed_units_are_brought_to_the_pricing_unit_exactly(price, unit, meter, expected):
    assert price_per_pricing_unit(Decimal(price), counted_block(unit), meter) == Decimal(expected)


def test_a_price_with_more_digits_than_can_be_kept_is_refused_and_not_rounded():
    with pytest.raises(Inexact):
        price_per_pricing_unit(Decimal("0." + "1" * 40), 1000, "uncached_input")


@pytest.mark.parametrize("unit", ["1/Hour", "1 Hour", "1 Second", "1/Day", "1/Month"])
def test_units_of_time_count_nothing(unit):
    assert (counted_block(unit), is_timed(unit)) == (None, True)


@pytest.mark.parametrize("unit", ["1k", "10K", "1M Tokens", "", "1 GB"])
def test_a_unit_that_is_not_known_counts_nothing(unit):
    assert (counted_block(unit), is_timed(unit)) == (None, False)
