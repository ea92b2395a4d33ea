"""Our rate rows charge what the catalogue's own calculation charges, to the last decimal."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Protocol, cast

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_finops.pricing.catalogue import read_catalogue
from genai_finops.pricing.catalogue_map import EARLIEST, PROVIDERS
from genai_finops.pricing.entries import CatalogueModel, catalogue_provider, priced_models
from genai_finops.schemas.meters import METERS

#: What one unit of a meter adds to the catalogue's counts, which include the special cases in the general ones.
COUNTS_OF: dict[str, tuple[str, ...]] = {
    "uncached_input": ("input_tokens",),
    "embedding_input": ("input_tokens",),
    "cache_read": ("input_tokens", "cache_read_tokens"),
    "cache_write": ("input_tokens", "cache_write_tokens"),
    "cache_write_5m": ("input_tokens", "cache_write_tokens", "cache_write_5m_tokens"),
    "cache_write_1h": ("input_tokens", "cache_write_tokens", "cache_write_1h_tokens"),
    "uncached_input_audio": ("input_tokens", "input_audio_tokens"),
    "uncached_input_image": ("input_tokens", "input_image_tokens"),
    "uncached_input_video": ("input_tokens", "input_video_tokens"),
    "cache_read_audio": ("input_tokens", "cache_read_tokens", "input_audio_tokens", "cache_audio_read_tokens"),
    "cache_read_image": ("input_tokens", "cache_read_tokens", "input_image_tokens", "cache_image_read_tokens"),
    "cache_read_video": ("input_tokens", "cache_read_tokens", "input_video_tokens", "cache_video_read_tokens"),
    "output": ("output_tokens",),
    "output_audio": ("output_tokens", "output_audio_tokens"),
    "output_image": ("output_tokens", "output_image_tokens"),
    "output_video": ("output_tokens", "output_video_tokens"),
    "web_search": ("web_searches",),
    "file_search": ("storage_searches",),
    "character": ("input_characters",),
}


class CatalogueRate(Protocol):
    """A stated rate of which everything is known that a rate of the catalogue has."""

    provider: str
    model_id: str
    meter: str
    service_tier: str
    geography: str
    context_tokens_above: int
    context_tokens_up_to: int | None
    unit_price: Decimal
    valid_from: dt.date
    valid_to: dt.date | None


CATALOGUE = cast("tuple[CatalogueRate, ...]", read_catalogue(dt.datetime(2026, 11, 2, 6, tzinfo=dt.UTC)).rates)
#: Every model of the catalogue that has a price of ours. Several may have one canonical id, and then they agree.
MODELS = {
    f"{named.provider}/{named.geography}/{named.model_id}/{named.model.id}": named
    for mapped in PROVIDERS
    for named in priced_models(get_snapshot(), mapped)
}
RATES: dict[tuple[str, str, str], list[CatalogueRate]] = defaultdict(list)
for rate in CATALOGUE:
    RATES[rate.provider, rate.model_id, rate.geography].append(rate)


@cache
def rates_of(model: str) -> tuple[CatalogueRate, ...]:
    named = MODELS[model]
    return tuple(RATES[named.provider, named.model_id, named.geography])


def days_of(rates: Iterable[CatalogueRate]) -> list[dt.date]:
    """Every first day of a rate and the day before it."""
    starts = {rate.valid_from for rate in rates}
    return sorted(starts | {start - dt.timedelta(days=1) for start in starts - {EARLIEST}})


def prompt_sizes_of(rates: Iterable[CatalogueRate]) -> list[int]:
    """A small prompt, and those at and just above every threshold."""
    thresholds = {rate.context_tokens_above for rate in rates}
    return sorted({100} | thresholds - {0} | {threshold + 1 for threshold in thresholds})


def our_cost(rates: Iterable[CatalogueRate], tier: str, day: dt.date, counts: dict[str, int]) -> Decimal:
    prompt = sum(count for meter, count in counts.items() if METERS[meter].token_direction == "Input")
    return sum(
        (
            counts[rate.meter] * rate.unit_price * METERS[rate.meter].per_block
            for rate in rates
            if rate.meter in counts
            and rate.service_tier == tier
            and rate.valid_from <= day
            and (rate.valid_to is None or day < rate.valid_to)
            and rate.context_tokens_above < max(prompt, 1)
            and (rate.context_tokens_up_to is None or prompt <= rate.context_tokens_up_to)
        ),
        Decimal(0),
    )


def their_cost(named: CatalogueModel, context: dict[str, str], day: dt.date, counts: dict[str, int]) -> Decimal:
    # Every count is given, also where it is 0: the catalogue refuses to guess the overlap of two counts.
    usage = dict.fromkeys((key for keys in COUNTS_OF.values() for key in keys), 0)
    for meter, count in counts.items():
        for key in COUNTS_OF[meter]:
            usage[key] += count
    moment = dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC)
    provider = catalogue_provider(get_snapshot(), named.price_list.catalogue_id)
    calculation = named.model.calc_price(
        Usage(**usage), provider, genai_request_timestamp=moment, price_context=context or None
    )
    return calculation.total_price


def contexts_of(named: CatalogueModel, tier: str) -> list[dict[str, str]]:
    tiers = named.price_list.tiers
    return [{}] if tier == "standard" else [dict([key]) for key, mapped_to in tiers.items() if mapped_to == tier]


def some_counts(model: str, prompt: int) -> dict[str, int]:
    """A mix of every meter whose prompt has about that many tokens: the largest class carries what is left."""
    meters = sorted({rate.meter for rate in rates_of(model)} & COUNTS_OF.keys())
    counts = {meter: 1 + index for index, meter in enumerate(meters)}
    inputs = [meter for meter in meters if METERS[meter].token_direction == "Input"]
    rest = prompt - sum(counts[meter] for meter in inputs)
    largest = {meter: counts[meter] + max(rest, 0) for meter in inputs[:1]}
    return {**counts, **largest}


@pytest.mark.parametrize("model", MODELS)
def test_every_tier_band_and_day_of_a_model_costs_what_the_catalogue_says(model: str) -> None:
    named = MODELS[model]
    rates = rates_of(model)
    cases = [
        (tier, context, day, some_counts(model, prompt))
        for tier in sorted({rate.service_tier for rate in rates})
        for context in contexts_of(named, tier)
        for day in days_of(rate for rate in rates if rate.service_tier == tier)
        for prompt in prompt_sizes_of(rates)
        if any(rate.service_tier == tier and rate.valid_from <= day for rate in rates)
        and any(variant.when == context for variant in [*(named.model.price_variants or [])]) | (not context)
    ]

    ours = [our_cost(rates, tier, day, counts) for tier, _, day, counts in cases]
    theirs = [their_cost(named, context, day, counts) for _, context, day, counts in cases]

    assert ours == theirs


@pytest.mark.parametrize(
    ("provider", "list_id", "spelling", "model", "geography"),
    [
        ("gemini", "google", "gemini-2.5-pro", "gemini-2.5-pro", "global"),
        ("gcp_vertex", "google", "gemini-3.6-flash", "gemini-3.6-flash", "global"),
        ("gcp_vertex", "google", "claude-opus-4-5@20251101", "claude-opus-4-5", "global"),
        ("gcp_vertex", "google", "claude-sonnet-5", "claude-sonnet-5", "global"),
        ("aws_bedrock", "aws", "global.anthropic.claude-opus-5", "claude-opus-5", "global"),
        ("aws_bedrock", "aws", "eu.anthropic.claude-opus-5", "claude-opus-5", "regional"),
        ("aws_bedrock", "aws", "us.amazon.nova-pro-v1:0", "nova-pro", "regional"),
        ("aws_bedrock", "aws", "openai.gpt-5.6-terra", "gpt-5.6-terra", "regional"),
        ("azure_openai", "azure", "gpt-4.1-2025-04-14", "gpt-4.1", "global"),
        ("azure_openai", "azure", "o3", "o3", "global"),
        ("azure_openai", "azure", "claude-haiku-4-5", "claude-haiku-4-5", "global"),
    ],
)
def test_a_request_to_a_cloud_costs_what_the_catalogue_says_of_its_own_spelling(
    provider: str, list_id: str, spelling: str, model: str, geography: str
) -> None:
    usage = Usage(input_tokens=1_500, cache_read_tokens=500, output_tokens=300)
    moment = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    counts = {"uncached_input": 1_000, "cache_read": 500, "output": 300}

    theirs = calc_price(usage, spelling, provider_id=list_id, genai_request_timestamp=moment).total_price

    assert our_cost(RATES[provider, model, geography], "standard", moment.date(), counts) == theirs


@given(
    model=st.sampled_from(sorted(MODELS)),
    day=st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31)),
    counts=st.dictionaries(st.sampled_from(sorted(COUNTS_OF)), st.integers(0, 10_000_000)),
)
@settings(max_examples=300, deadline=None)
def test_any_mix_of_tokens_costs_what_the_catalogue_says(model: str, day: dt.date, counts: dict[str, int]) -> None:
    rates = rates_of(model)
    priced = {meter: count for meter, count in counts.items() if any(rate.meter == meter for rate in rates)}

    assert our_cost(rates, "standard", day, priced) == their_cost(MODELS[model], {}, day, priced)


@pytest.mark.parametrize("rate", [rate for rate in CATALOGUE if rate.meter == "audio_second"], ids=str)
def test_an_hour_of_audio_costs_what_the_catalogue_says_but_for_the_twelfth_decimal_of_a_second(
    rate: CatalogueRate,
) -> None:
    named = next(
        named
        for named in MODELS.values()
        if (named.provider, named.model_id, named.geography) == (rate.provider, rate.model_id, rate.geography)
    )
    moment = dt.datetime.combine(rate.valid_from, dt.time(12), tzinfo=dt.UTC)
    usage = Usage(audio_seconds=3600, input_audio_seconds=3600)
    provider = catalogue_provider(get_snapshot(), named.price_list.catalogue_id)
    price = named.model.calc_price(usage, provider, genai_request_timestamp=moment).total_price

    assert abs(rate.unit_price * 3600 - price) <= 3600 * Decimal("0.0000000000005")
