"""The registry of meters: exact blocks, disjoint names."""

from decimal import Decimal

import pytest

from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.meters import METERS


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
