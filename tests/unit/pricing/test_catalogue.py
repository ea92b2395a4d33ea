"""The catalogue's shapes become long rows, and nothing of it is lost without a reason."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import DataSnapshot
from genai_prices.types import (
    ClauseContains,
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from genai_finops.errors import FinopsError
from genai_finops.pricing.catalogue import read_catalogue
from genai_finops.pricing.catalogue_map import EARLIEST
from genai_finops.pricing.frames import price_book_frame
from genai_finops.pricing.sources.statement import StatedRate, Statement

CHANGE = dt.date(2026, 5, 1)
NOW = dt.datetime(2026, 11, 2, 6, tzinfo=dt.UTC)
ONE, TWO, FOUR = Decimal(1), Decimal(2), Decimal(4)


def openai_with(prices: ModelPrice | list[ConditionalPrice], *variants: PriceVariant, model_id: str = "m") -> Statement:
    priced = ModelInfo(id=model_id, match=ClauseEquals("m"), prices=prices, price_variants=list(variants))
    return of_provider("openai", catalogue_of({"openai": [priced]}))


def catalogue_of(models: dict[str, list[ModelInfo]]) -> Statement:
    """A catalogue that has these models by list, and none in the other lists."""
    providers = [
        Provider(id=name, name=name, api_pattern=name, models=models.get(name, []))
        for name in ("openai", "anthropic", "google", "aws", "azure")
    ]
    return read_catalogue(NOW, DataSnapshot(providers=providers, from_auto_update=False), package_version="test")


def of_provider(provider: str, catalogue: Statement) -> Statement:
    return replace(
        catalogue,
        rates=tuple(rate for rate in catalogue.rates if rate.provider == provider),
        skipped=tuple(entry for entry in catalogue.skipped if entry.provider == provider),
    )


def model(model_id: str, prices: ModelPrice, *variants: PriceVariant, contains: str | None = None) -> ModelInfo:
    match = ClauseContains(contains) if contains else ClauseEquals(model_id)
    return ModelInfo(id=model_id, match=match, prices=prices, price_variants=list(variants))


def of(catalogue: Statement, meter: str, tier: str = "standard") -> list[StatedRate]:
    return [rate for rate in catalogue.rates if (rate.meter, rate.service_tier) == (meter, tier)]


def dated(price: ModelPrice, since: dt.date) -> ConditionalPrice:
    return ConditionalPrice(StartDateConstraint(since), prices=price)


def test_a_price_change_closes_one_row_and_opens_the_next() -> None:
    catalogue = openai_with(
        [ConditionalPrice(prices=ModelPrice(input_mtok=TWO)), dated(ModelPrice(input_mtok=ONE), CHANGE)]
    )

    history = [(rate.valid_from, rate.valid_to, rate.unit_price) for rate in of(catalogue, "uncached_input")]

    assert history == [(EARLIEST, CHANGE, TWO), (CHANGE, None, ONE)]


def test_a_price_that_a_change_leaves_alone_stays_one_row() -> None:
    catalogue = openai_with(
        [
            ConditionalPrice(prices=ModelPrice(input_mtok=TWO, output_mtok=FOUR)),
            dated(ModelPrice(input_mtok=ONE, output_mtok=FOUR), CHANGE),
        ]
    )

    assert [(rate.valid_from, rate.valid_to) for rate in of(catalogue, "output")] == [(EARLIEST, None)]


def test_a_tiered_price_becomes_bands_that_meet_at_the_threshold() -> None:
    catalogue = openai_with(ModelPrice(input_mtok=TieredPrices(base=ONE, tiers=[Tier(start=272_000, price=TWO)])))

    bands = [
        (rate.context_tokens_above, rate.context_tokens_up_to, rate.unit_price)
        for rate in of(catalogue, "uncached_input")
    ]

    assert bands == [(0, 272_000, ONE), (272_000, None, TWO)]


def test_a_tier_has_no_price_before_the_catalogue_dates_it() -> None:
    batch = PriceVariant({"processing": "batch"}, ModelPrice(input_mtok=ONE), StartDateConstraint(CHANGE))

    catalogue = openai_with(ModelPrice(input_mtok=TWO), batch)

    assert [rate.valid_from for rate in of(catalogue, "uncached_input", "batch")] == [CHANGE]


def test_a_tier_inherits_what_it_does_not_price() -> None:
    batch = PriceVariant({"processing": "batch"}, ModelPrice(input_mtok=ONE))

    catalogue = openai_with(ModelPrice(input_mtok=TWO, cache_read_mtok=ONE, output_mtok=FOUR), batch)

    assert [rate.unit_price for rate in of(catalogue, "output", "batch")] == [FOUR]


def test_a_tier_follows_a_change_of_the_standard_price_that_it_inherits() -> None:
    batch = PriceVariant({"processing": "batch"}, ModelPrice(input_mtok=ONE))
    conditions = [
        ConditionalPrice(prices=ModelPrice(input_mtok=TWO, output_mtok=TWO)),
        dated(ModelPrice(input_mtok=TWO, output_mtok=FOUR), CHANGE),
    ]

    history = [(rate.valid_from, rate.unit_price) for rate in of(openai_with(conditions, batch), "output", "batch")]

    assert history == [(EARLIEST, TWO), (CHANGE, FOUR)]


def test_fast_is_another_word_for_priority_at_openai() -> None:
    fast = PriceVariant({"service_tier": "fast"}, ModelPrice(input_mtok=FOUR))

    assert [
        rate.unit_price for rate in of(openai_with(ModelPrice(input_mtok=TWO), fast), "uncached_input", "priority")
    ] == [FOUR]


def test_two_words_for_one_tier_that_disagree_are_reported() -> None:
    priority = PriceVariant({"service_tier": "priority"}, ModelPrice(input_mtok=FOUR))
    fast = PriceVariant({"service_tier": "fast"}, ModelPrice(input_mtok=ONE))

    catalogue = openai_with(ModelPrice(input_mtok=TWO), priority, fast)

    assert [skipped.reason for skipped in catalogue.skipped] == [
        "contradicts {'service_tier': 'priority'}, which is the same service tier priority"
    ]


@pytest.mark.parametrize(
    ("meter", "price"), [("cache_write", TWO), ("cache_read_audio", ONE), ("uncached_input_image", TWO)]
)
def test_a_class_without_a_price_costs_what_the_class_above_it_costs(meter: str, price: Decimal) -> None:
    catalogue = openai_with(ModelPrice(input_mtok=TWO, cache_read_mtok=ONE))

    assert [rate.unit_price for rate in of(catalogue, meter)] == [price]


def test_a_class_between_two_prices_has_none_and_is_reported() -> None:
    catalogue = openai_with(ModelPrice(input_mtok=TWO, cache_read_mtok=ONE, input_audio_mtok=FOUR))

    assert of(catalogue, "cache_read_audio") == []
    assert [(skipped.subject, skipped.reason) for skipped in catalogue.skipped] == [
        ("m cache_read_audio", "cache_read_mtok and input_audio_mtok both cover it and neither is more specific")
    ]


def test_an_unpriced_direction_has_no_rate() -> None:
    assert of(openai_with(ModelPrice(input_mtok=TWO)), "output") == []


def test_an_embedding_model_is_charged_by_its_own_meter_alone() -> None:
    catalogue = openai_with(ModelPrice(input_mtok=TWO), model_id="text-embedding-9")

    assert {rate.meter for rate in catalogue.rates} == {"embedding_input"}


def test_an_hour_of_audio_becomes_a_price_per_second_rounded_to_twelve_decimals() -> None:
    catalogue = openai_with(ModelPrice(audio_hours=Decimal(3)))

    assert [rate.unit_price for rate in of(catalogue, "audio_second")] == [Decimal("0.000833333333")]


def test_a_price_by_the_time_of_day_is_skipped_with_its_reason() -> None:
    night = TimeOfDateConstraint(dt.time(1), dt.time(5))

    catalogue = openai_with(
        [ConditionalPrice(prices=ModelPrice(input_mtok=TWO)), ConditionalPrice(night, prices=ModelPrice())]
    )

    assert catalogue.rates == ()
    assert [skipped.reason for skipped in catalogue.skipped] == [
        "the price depends on the time of day, and usage is counted by day"
    ]


@pytest.mark.parametrize(
    ("prices", "variants", "subject"),
    [
        (ModelPrice(input_mtok=ONE, input_gpixels=ONE), [], "input_gpixels"),
        (ModelPrice(input_mtok=ONE), [PriceVariant({"moon": "full"}, ModelPrice())], "variant {'moon': 'full'}"),
        (
            ModelPrice(input_mtok=ONE),
            [PriceVariant({"service_tier": "default"}, ModelPrice(input_mtok=TWO))],
            "variant {'service_tier': 'default'}",
        ),
        (ModelPrice(), [], "prices"),
    ],
    ids=["field without a meter", "unknown context", "standard price of its own", "model without a price"],
)
def test_what_has_no_row_is_reported(prices: ModelPrice, variants: list[PriceVariant], subject: str) -> None:
    assert [skipped.subject for skipped in openai_with(prices, *variants).skipped] == [f"m {subject}"]


def test_a_missing_provider_is_an_error_that_names_it() -> None:
    with pytest.raises(FinopsError, match="no provider openai"):
        read_catalogue(NOW, DataSnapshot(providers=[], from_auto_update=False))


def prices_of(
    catalogue: Statement, provider: str, meter: str = "uncached_input"
) -> dict[tuple[str | None, str | None], Decimal | None]:
    """By canonical model and geography."""
    return {
        (rate.model_id, rate.geography): rate.unit_price
        for rate in of_provider(provider, catalogue).rates
        if (rate.meter, rate.service_tier) == (meter, "standard")
    }


def test_a_model_of_bedrock_has_a_price_in_each_geography_under_one_id() -> None:
    catalogue = catalogue_of(
        {
            "anthropic": [model("claude-x-5", ModelPrice(input_mtok=FOUR))],
            "aws": [
                model("global.anthropic.claude-x-5-v1:0", ModelPrice(input_mtok=ONE)),
                model("regional.anthropic.claude-x-5-v1:0", ModelPrice(input_mtok=TWO)),
            ],
        }
    )

    assert prices_of(catalogue, "aws_bedrock") == {("claude-x-5", "global"): ONE, ("claude-x-5", "regional"): TWO}


def test_a_model_of_bedrock_without_a_prefix_is_sold_regionally_alone() -> None:
    catalogue = catalogue_of({"aws": [model("amazon.nova-x-v1:0", ModelPrice(input_mtok=ONE))]})

    assert prices_of(catalogue, "aws_bedrock") == {("nova-x", "regional"): ONE}


def test_two_entries_of_one_model_and_geography_that_disagree_are_reported() -> None:
    versions = [
        model("mistral.large-v0:1", ModelPrice(input_mtok=ONE)),
        model("mistral.large-v0:2", ModelPrice(input_mtok=TWO)),
    ]

    assert [skipped.reason for skipped in catalogue_of({"aws": versions}).skipped] == [
        "another entry of large has other prices in the geography regional"
    ]


def test_no_two_entries_of_the_packaged_catalogue_disagree() -> None:
    assert [skipped for skipped in read_catalogue(NOW).skipped if skipped.reason.startswith("another entry")] == []


def test_a_reseller_has_its_own_price_of_a_model_under_the_id_of_the_first_party() -> None:
    catalogue = catalogue_of(
        {
            "openai": [model("o9", ModelPrice(input_mtok=FOUR))],
            "azure": [model("o9-2026-01-01", ModelPrice(input_mtok=ONE), contains="o9")],
        }
    )

    assert prices_of(catalogue, "azure_openai") == {("o9", "global"): ONE}


def test_a_reseller_without_a_price_of_its_own_has_that_of_the_first_party() -> None:
    catalogue = catalogue_of({"anthropic": [model("claude-x", ModelPrice(input_mtok=FOUR))]})

    assert prices_of(catalogue, "gcp_vertex") == {("claude-x", "global"): FOUR}


def test_claude_of_the_google_list_is_sold_on_vertex_and_not_on_the_gemini_api() -> None:
    catalogue = catalogue_of({"google": [model("claude-x", ModelPrice(input_mtok=ONE))]})

    assert (prices_of(catalogue, "gemini"), prices_of(catalogue, "gcp_vertex")) == ({}, {("claude-x", "global"): ONE})


def test_gemini_has_one_price_on_both_of_googles_apis() -> None:
    catalogue = catalogue_of({"google": [model("gemini-x", ModelPrice(input_mtok=ONE))]})

    assert prices_of(catalogue, "gemini") == prices_of(catalogue, "gcp_vertex") == {("gemini-x", "global"): ONE}


@pytest.mark.parametrize("meter", ["embedding_input", "uncached_input"])
def test_a_cloud_counts_the_tokens_of_an_embedding_by_either_meter(meter: str) -> None:
    catalogue = catalogue_of({"aws": [model("amazon.x-embed-v1", ModelPrice(input_mtok=ONE))]})

    assert prices_of(catalogue, "aws_bedrock", meter) == {("x-embed", "regional"): ONE}


@pytest.mark.parametrize("meter", ["uncached_input_audio", "uncached_input_image", "uncached_input_video"])
def test_an_embedding_model_of_several_modalities_has_a_price_for_each(meter: str) -> None:
    prices = ModelPrice(input_mtok=ONE, input_audio_mtok=TWO, input_image_mtok=TWO, input_video_mtok=TWO)
    catalogue = catalogue_of({"google": [model("gemini-embedding-2", prices)]})

    assert prices_of(catalogue, "gemini", meter) == {("gemini-embedding-2", "global"): TWO}


@pytest.mark.parametrize(
    ("meter", "prices"),
    [
        ("cache_write", {}),
        ("cache_write_5m", {("claude-x", "regional"): TWO}),
        ("cache_write_1h", {("claude-x", "regional"): FOUR}),
    ],
)
def test_claude_on_a_cloud_has_prices_of_the_lifetimes_and_none_without(
    meter: str, prices: dict[tuple[str, str], Decimal]
) -> None:
    offered = ModelPrice(input_mtok=ONE, cache_write_mtok=TWO, cache_write_1h_mtok=FOUR)
    catalogue = catalogue_of({"aws": [model("anthropic.claude-x", offered)]})

    assert prices_of(catalogue, "aws_bedrock", meter) == prices


def test_azure_has_no_price_for_tiers_that_its_metrics_cannot_name() -> None:
    flex = PriceVariant({"service_tier": "flex"}, ModelPrice(input_mtok=ONE))
    catalogue = catalogue_of({"openai": [model("gpt-x", ModelPrice(input_mtok=TWO), flex)]})

    assert {rate.service_tier for rate in of_provider("azure_openai", catalogue).rates} == {"standard"}


def test_the_packaged_catalogue_loses_nothing_but_what_is_named_here() -> None:
    skipped = {(entry.provider, entry.subject) for entry in read_catalogue(NOW).skipped}

    assert skipped == {
        (provider, subject)
        for provider in ("openai", "azure_openai")
        for subject in (
            # Their input_audio_hours says the same.
            "gpt-transcribe audio_hours",
            "whisper-1 audio_hours",
            # Free; our own list says so.
            "moderation prices",
        )
    } | {
        # Open weights: free on the Gemini API, and not priced by the token on Vertex AI.
        (provider, f"{gemma} prices")
        for provider in ("gemini", "gcp_vertex")
        for gemma in ("gemma-3", "gemma-3n", "gemma-4-26b-a4b-it", "gemma-4-31b-it")
    } | {
        # A router's names of free models, which Azure does not sell.
        ("azure_openai", f"{free} prices")
        for free in ("mai-ds-r1:free", "phi-4-reasoning-plus:free", "phi-4-reasoning:free")
    }


def test_a_catalogue_keeps_models_that_it_no_longer_names() -> None:
    assert not openai_with(ModelPrice(input_mtok=TWO)).is_complete


def test_every_row_of_the_book_names_source_version_and_moment() -> None:
    frame = price_book_frame(openai_with(ModelPrice(input_mtok=TWO)))

    assert frame.select("source", "source_version", "retrieved_at").unique().rows() == [("genai-prices", "test", NOW)]


def test_the_packaged_catalogue_fits_the_book() -> None:
    statement = read_catalogue(NOW)

    assert price_book_frame(statement).height == len(statement.rates)
