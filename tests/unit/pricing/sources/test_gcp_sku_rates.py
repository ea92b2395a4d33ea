"""One key, one price: what becomes of SKUs that price the same thing."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.pricing.sources.gcp_sku_descriptions import PricedSku
from genai_finops.pricing.sources.gcp_sku_prices import PriceVersion, Tier
from genai_finops.pricing.sources.gcp_sku_rates import ReadSku, stated_rates
from genai_finops.pricing.sources.statement import SkippedPrice, StatedRate

NEW_YEAR = dt.date(2027, 1, 1)


def version(*tiers: tuple[int, str], day: dt.date | None = None, reset: Any = None, level: Any = None) -> PriceVersion:
    made = tuple(Tier(start=Decimal(start), price=Decimal(price)) for start, price in tiers)
    return PriceVersion(valid_from=day, tiers=made, reset=reset, level=level)


def sku(
    name: str,
    *versions: PriceVersion,
    model: str = "gemini-2.5-pro",
    meter: str = "uncached_input",
    geography: Any = "global",
    regions: tuple[str, ...] = (),
    **more: Any,
) -> ReadSku:
    priced = PricedSku(model_id=model, meter=meter, **more)
    return ReadSku(sku_id=name, priced=priced, geography=geography, regions=regions, versions=versions)


def rates_of(*skus: ReadSku, asked: frozenset[str] = frozenset()) -> list[StatedRate]:
    return stated_rates("gcp_vertex", "USD", skus, asked=asked)[0]


def skipped_of(*skus: ReadSku, asked: frozenset[str] = frozenset()) -> list[SkippedPrice]:
    return stated_rates("gcp_vertex", "USD", skus, asked=asked)[1]


def test_a_price_is_one_open_rate_with_its_sku():
    assert rates_of(sku("A", version((0, "1.25")))) == [
        StatedRate(
            provider="gcp_vertex",
            model_id="gemini-2.5-pro",
            meter="uncached_input",
            unit_price=Decimal("1.25"),
            valid_from=None,
            source_reference="SKU A",
        )
    ]


def test_prices_in_time_follow_each_other_without_gap_or_overlap():
    rates = rates_of(sku("A", version((0, "0.75")), version((0, "1.50"), day=NEW_YEAR)))
    assert [(rate.unit_price, rate.valid_from, rate.valid_to) for rate in rates] == [
        (Decimal("0.75"), None, NEW_YEAR),
        (Decimal("1.50"), NEW_YEAR, None),
    ]


def test_a_zero_priced_first_tier_is_an_allowance_and_no_free_price():
    free = version((0, "0"), (1500, "35"), reset="daily", level="billing account")
    price, allowance = rates_of(sku("A", free, meter="web_search"))
    assert (price.pricing_type, price.unit_price) == ("standard", Decimal(35))
    assert (allowance.pricing_type, allowance.unit_price) == ("free_tier", None)
    assert (allowance.free_tier_quantity, allowance.free_tier_reset_frequency) == (Decimal(1500), "daily")
    assert allowance.source_reference == "SKU A, allowance per billing account"


def test_a_price_of_zero_without_another_is_no_price():
    (skipped,) = skipped_of(sku("A", version((0, "0"))))
    assert "price 0" in skipped.reason
    assert rates_of(sku("A", version((0, "0")))) == []


@pytest.mark.parametrize(
    ("meter", "reset", "reason"),
    [
        ("uncached_input", None, "neither each day nor each month"),
        ("cache_read", "monthly", "part of a direction"),
        ("uncached_input_audio", "monthly", "part of a direction"),
    ],
)
def test_an_allowance_that_our_rows_cannot_say_leaves_the_price_and_is_reported(meter, reset, reason):
    made = sku("A", version((0, "0"), (1000, "2"), reset=reset), meter=meter)
    (rate,) = rates_of(made)
    assert rate.unit_price == 2
    (skipped,) = skipped_of(made)
    assert reason in skipped.reason


def test_a_further_tier_of_a_month_is_a_volume_discount_from_its_tokens_on():
    made = sku("A", version((0, "0.40"), (10**9, "0.35"), reset="monthly"), meter="output")
    price, discount = rates_of(made)
    assert (price.unit_price, price.volume_threshold_tokens) == (Decimal("0.40"), None)
    assert (discount.pricing_type, discount.volume_threshold_tokens) == ("volume_discount", 10**9)
    assert (discount.unit_price, discount.discount_reason) == (Decimal("0.35"), "volume")


@pytest.mark.parametrize(
    ("meter", "reset", "reason"),
    [("output", "daily", "not that of a month"), ("web_search", "monthly", "something else than tokens")],
)
def test_a_further_tier_that_our_rows_cannot_say_is_reported(meter, reset, reason):
    made = sku("A", version((0, "0.40"), (1000, "0.35"), reset=reset), meter=meter)
    assert [rate.pricing_type for rate in rates_of(made)] == ["standard"]
    (skipped,) = skipped_of(made)
    assert reason in skipped.reason


def test_skus_that_agree_are_one_rate():
    (rate,) = rates_of(sku("B", version((0, "10")), meter="output"), sku("A", version((0, "10")), meter="output"))
    assert (rate.unit_price, rate.source_reference) == (Decimal(10), "SKU A, B")


def test_skus_that_disagree_are_no_rate_and_both_are_named():
    first = sku("A", version((0, "0.15")), geography="regional", regions=("us-central1",))
    second = sku("B", version((0, "0.18")), geography="regional", regions=("asia-south1",))
    assert rates_of(first, second) == []
    (skipped,) = skipped_of(first, second)
    assert skipped.reason == "its SKUs disagree about the price: A in us-central1 0.15; B in asia-south1 0.18"


def test_skus_that_change_their_prices_on_different_days_disagree():
    first = sku("A", version((0, "1")), version((0, "2"), day=NEW_YEAR))
    second = sku("B", version((0, "1")), version((0, "2"), day=NEW_YEAR + dt.timedelta(days=1)))
    assert rates_of(first, second) == []


def test_what_skus_agree_about_begins_when_the_last_of_them_does():
    dated = [sku(name, version((0, "1"), day=dt.date(2026, month, 1))) for name, month in (("A", 9), ("B", 10))]
    assert [rate.valid_from for rate in rates_of(*dated)] == [dt.date(2026, 10, 1)]
    assert [rate.valid_from for rate in rates_of(*dated, sku("C", version((0, "1"))))] == [None]


def test_a_region_that_is_asked_for_and_has_no_price_leaves_regional_endpoints_without_one():
    made = sku("A", version((0, "1")), geography="regional", regions=("us-central1",))
    assert rates_of(made, asked=frozenset({"us-central1", "europe-west4"})) == []
    (skipped,) = skipped_of(made, asked=frozenset({"us-central1", "europe-west4"}))
    assert skipped.reason == "has no price in europe-west4"


def test_a_global_price_needs_no_region():
    (rate,) = rates_of(sku("A", version((0, "1"))), asked=frozenset({"europe-west4"}))
    assert rate.geography == "global"


def bands(*skus: ReadSku) -> list[tuple[int, int | None, Decimal | None]]:
    return [(rate.context_tokens_above, rate.context_tokens_up_to, rate.unit_price) for rate in rates_of(*skus)]


def test_a_sku_without_a_band_is_for_short_prompts_where_the_model_has_long_ones():
    long = sku("B", version((0, "15")), meter="output", context_tokens_above=200_000)
    assert bands(sku("A", version((0, "10")), meter="output"), long) == [
        (0, 200_000, Decimal(10)),
        (200_000, None, Decimal(15)),
    ]


def test_a_meter_whose_long_price_is_missing_has_none_for_long_prompts():
    long = sku("B", version((0, "15")), meter="output", context_tokens_above=200_000)
    assert (0, 200_000, Decimal("1.25")) in bands(sku("A", version((0, "1.25"))), long)


def test_a_sku_without_a_band_is_for_all_prompts_where_the_model_has_no_long_ones():
    assert bands(sku("A", version((0, "0.30")))) == [(0, None, Decimal("0.30"))]


def test_bands_with_prompts_in_common_are_no_rate_and_both_are_reported():
    first = sku("A", version((0, "3")), context_tokens_above=0, context_tokens_up_to=200_000)
    second = sku("B", version((0, "4")), context_tokens_above=100_000, context_tokens_up_to=1_000_000)
    assert rates_of(first, second) == []
    assert {skipped.reason for skipped in skipped_of(first, second)} == {
        "its band and that of another SKU have prompts in common"
    }


def test_a_sku_without_a_band_must_agree_with_that_of_short_prompts():
    short = sku("A", version((0, "3")), context_tokens_above=0, context_tokens_up_to=200_000)
    assert bands(short, sku("B", version((0, "3")))) == [(0, 200_000, Decimal(3))]
    assert bands(short, sku("B", version((0, "4")))) == []


def test_storage_has_no_bands():
    long = sku("B", version((0, "2.5")), context_tokens_above=200_000)
    storage = sku("A", version((0, "0.0000045")), meter="cache_storage_token_hour")
    assert (0, None, Decimal("0.0000045")) in bands(storage, long)


def test_bands_that_cost_the_same_are_one():
    short = sku("A", version((0, "0.30")), context_tokens_above=0, context_tokens_up_to=200_000)
    long = sku("B", version((0, "0.30")), context_tokens_above=200_000)
    (rate,) = rates_of(short, long)
    assert (rate.context_tokens_above, rate.context_tokens_up_to) == (0, None)
    assert rate.source_reference == "SKU A, B"


def test_what_is_left_over_from_a_preview_gives_way_to_the_release():
    left_over = sku("A", version((0, "0.15")))
    released = sku("B", version((0, "0.30")), stage="ga")
    (rate,) = rates_of(left_over, released)
    assert (rate.unit_price, rate.source_reference) == (Decimal("0.30"), "SKU B")
    (skipped,) = skipped_of(left_over, released)
    assert "before the release" in skipped.reason


def test_a_meter_of_a_released_model_takes_no_price_of_the_preview():
    left_over = sku("A", version((0, "3.50")), meter="output")
    released = sku("B", version((0, "0.30")), stage="ga")
    assert [rate.meter for rate in rates_of(left_over, released)] == ["uncached_input"]


def test_the_order_of_the_skus_does_not_matter():
    skus = [sku("A", version((0, "1"))), sku("B", version((0, "2")), meter="output"), sku("C", version((0, "1")))]
    assert rates_of(*skus) == rates_of(*reversed(skus))
