"""The registry of meters: exact blocks, disjoint names."""

from decimal import Decimal

import pytest

from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.tables.pricing import PRICED_TIERS, RATED_METERS


@pytest.mark.parametrize("meter", METERS.values(), ids=lambda meter: meter.name)
def test_a_quantity_divided_by_its_block_is_an_exact_decimal_of_six_places(meter: object) -> None:
    assert meter.per_block * meter.pricing_block == 1  # type: ignore[attr-defined]
    assert meter.per_block == meter.per_block.quantize(Decimal("0.000001"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("meter", METERS.values(), ids=lambda meter: meter.name)
def test_the_pricing_unit_says_its_block(meter: object) -> None:
    block = meter.pricing_block  # type: ignore[attr-defined]
    unit = meter.pricing_unit  # type: ignore[attr-defined]
    assert unit == (meter.consumed_unit if block == 1 else f"{block} {meter.consumed_unit}")  # type: ignore[attr-defined]


def test_the_frame_holds_every_meter_once() -> None:
    assert sorted(meters_frame()["meter"].to_list()) == sorted(METERS)


ADDED_UP = [meter for meter in METERS.values() if meter.parts]
INPUTS = ["input", "input_audio", "input_image", "input_video"]


def test_input_of_an_unknown_cached_share_exists_in_every_modality() -> None:
    assert [meter.name for meter in ADDED_UP if meter.parts.reason == "unknown_cache_share"] == INPUTS  # type: ignore[union-attr]


@pytest.mark.parametrize("meter", ADDED_UP, ids=lambda meter: meter.name)
def test_a_meter_is_priced_as_meters_of_its_own_modality_direction_and_block(meter: object) -> None:
    parts = [METERS[name] for name in (meter.parts.priced_as, meter.parts.bounded_by)]  # type: ignore[attr-defined]
    kinds = {(part.modality, part.token_direction, part.pricing_unit) for part in (*parts, meter)}  # type: ignore[attr-defined]
    assert len(kinds) == 1


@pytest.mark.parametrize("name", [*INPUTS, "unmapped"])
def test_a_price_list_cannot_price_what_it_does_not_know_apart(name: str) -> None:
    assert name not in RATED_METERS


def test_a_price_list_can_price_a_cache_write_that_has_no_lifetime() -> None:
    assert "cache_write" in RATED_METERS


@pytest.mark.parametrize("tier", ["free", "committed"])
def test_a_price_list_has_no_price_of_traffic_that_is_not_charged(tier: str) -> None:
    assert tier not in PRICED_TIERS


def test_what_nothing_maps_is_billable_so_that_it_is_seen_as_unpriced() -> None:
    assert METERS["unmapped"].is_billable


def test_a_cache_that_is_kept_is_priced_in_a_unit_that_the_focus_validator_takes() -> None:
    meter = METERS["cache_storage_token_hour"]
    assert (meter.consumed_unit, meter.pricing_unit, meter.token_direction) == ("Token-Hours", "Token-Hours", None)


@pytest.mark.parametrize(
    ("meter", "relation"),
    [
        ("input_audio", ("uncached_input_audio", "cache_read_audio", "unknown_cache_share")),
        ("cache_write", ("cache_write_5m", "cache_write_1h", "unknown_cache_lifetime")),
        ("uncached_input", (None, None, None)),
    ],
)
def test_the_frame_says_which_meters_price_a_meter(meter: str, relation: tuple[str | None, ...]) -> None:
    (row,) = (row for row in meters_frame().to_dicts() if row["meter"] == meter)
    assert (row["priced_as_meter"], row["bounding_meter"], row["estimate_reason"]) == relation


@pytest.mark.parametrize("table", ["genai_payg_usage_raw", "genai_usage_daily_unified", "genai_costs_daily_unified"])
def test_usage_of_two_metering_sources_is_kept_apart(table: str) -> None:
    assert "metering_source" in TABLES[table].grain
