"""Amounts, units, tiers and days of one SKU of Google's price list."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.pricing.sources.gcp_sku_prices import (
    ForeignCurrencyError,
    PriceVersion,
    Tier,
    UnreadablePriceError,
    read_versions,
)
from genai_finops.schemas.meters import METERS

READ_AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
TODAY = "2026-11-22T07:00:00.417Z"


def money(units: Any = "0", nanos: Any = 1250, code: str = "USD") -> dict[str, Any]:
    return {"currencyCode": code, "units": units, "nanos": nanos}


def entry(
    price: Any = None,
    *,
    time: Any = TODAY,
    unit: Any = "count",
    display: Any = 1_000_000,
    rates: Any = None,
    **more: Any,
) -> dict[str, Any]:
    tiers = [{"startUsageAmount": 0, "unitPrice": money() if price is None else price}] if rates is None else rates
    expression = {"usageUnit": unit, "displayQuantity": display, "tieredRates": tiers}
    return {"effectiveTime": time, "pricingExpression": expression, **more}


def read(*entries: Any, meter: str = "uncached_input") -> tuple[PriceVersion, ...]:
    return read_versions(list(entries), METERS[meter], currency="USD", retrieved_at=READ_AT)


def price_of(*entries: Any, meter: str = "uncached_input") -> Decimal:
    (version,) = read(*entries, meter=meter)
    (tier,) = version.tiers
    return tier.price


@pytest.mark.parametrize(
    ("units", "nanos", "meter", "price"),
    [
        pytest.param("0", 1250, "uncached_input", "1.25", id="nanos of a token"),
        pytest.param("0", 75, "cache_read", "0.075", id="a price below a cent per million"),
        pytest.param("2", 500_000_000, "image", "2.5", id="whole units and billionths together"),
        pytest.param("0", 14_000_000, "web_search", "14", id="of one search, per thousand"),
        pytest.param("0", 4500, "cache_storage_token_hour", "0.0000045", id="of a token-hour, per token-hour"),
    ],
)
def test_a_price_is_units_plus_nanos_exactly(units, nanos, meter, price):
    assert price_of(entry(money(units, nanos)), meter=meter) == Decimal(price)


@pytest.mark.parametrize(("present", "price"), [({"units": "3"}, 3_000_000), ({"nanos": 300}, Decimal("0.3"))])
def test_a_part_of_the_amount_that_is_zero_may_be_left_out(present, price):
    assert price_of(entry({"currencyCode": "USD", **present})) == price


@pytest.mark.parametrize("display", [1, 1000, 1_000_000, None])
def test_display_quantity_is_presentation_and_no_factor(display):
    assert price_of(entry(display=display)) == Decimal("1.25")


@pytest.mark.parametrize(
    ("unit", "meter", "nanos", "price"),
    [
        ("s", "audio_second", 100_000, "0.0001"),
        ("min", "audio_second", 6_000_000, "0.0001"),
        ("h", "audio_second", 360_000_000, "0.0001"),
        ("h", "cache_storage_token_hour", 1000, "0.000001"),
    ],
)
def test_a_usage_unit_is_converted_to_what_the_meter_counts(unit, meter, nanos, price):
    assert price_of(entry(money("0", nanos), unit=unit), meter=meter) == Decimal(price)


@pytest.mark.parametrize(
    ("unit", "meter"),
    [("GiBy.mo", "uncached_input"), ("h", "uncached_input"), ("count", "audio_second"), (7, "output")],
)
def test_a_usage_unit_that_the_meter_does_not_count_is_not_priced(unit, meter):
    with pytest.raises(UnreadablePriceError, match=f"{unit!r} does not count"):
        read(entry(unit=unit), meter=meter)


def test_a_price_that_no_decimal_says_exactly_is_not_rounded():
    with pytest.raises(UnreadablePriceError, match="no decimal of 12 places"):
        read(entry(money("0", 100), unit="h"), meter="audio_second")


@pytest.mark.parametrize("code", ["EUR", None])
def test_a_price_in_another_currency_is_refused(code):
    with pytest.raises(ForeignCurrencyError, match="asked for was USD"):
        read(entry(money(code=code)))


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        pytest.param(entry(money(units=0)), "units is 0", id="units is a number"),
        pytest.param(entry(money(units="1.5")), "units is '1.5'", id="units has a fraction"),
        pytest.param(entry(money(nanos="1250")), "nanos is '1250'", id="nanos is text"),
        pytest.param(entry(money(nanos=10**9)), "nanos is 1000000000", id="nanos is a whole unit"),
        pytest.param(entry(money(nanos=True)), "nanos is True", id="nanos is a truth value"),
        pytest.param(entry(money(nanos=-1)), "negative", id="negative billionths"),
        pytest.param(entry(money(units="-1", nanos=0)), "negative", id="negative units"),
        pytest.param(entry({"currencyCode": "USD"}), "neither units nor nanos", id="no amount at all"),
        pytest.param(entry({}), "currencyCode is missing", id="no currency"),
        pytest.param(entry(rates=[]), "tieredRates holds no rate", id="no rate"),
        pytest.param(entry(rates={}), "tieredRates holds no rate", id="rates are no list"),
        pytest.param(entry(rates=[{"startUsageAmount": 5, "unitPrice": money()}]), "neither at 0", id="no first tier"),
        pytest.param(
            entry(rates=[{"startUsageAmount": start, "unitPrice": money()} for start in (0, 9, 9)]),
            "nor in rising order",
            id="a tier twice",
        ),
        pytest.param(
            entry(rates=[{"startUsageAmount": "0", "unitPrice": money()}]),
            "startUsageAmount is '0'",
            id="start is text",
        ),
        pytest.param(entry(time="2026-11-22"), "effectiveTime", id="a day in place of a time"),
        pytest.param(entry(time="2026-11-22T00:00:00"), "effectiveTime", id="a time without offset"),
        pytest.param(entry(time=None), "effectiveTime", id="no time"),
        pytest.param({"effectiveTime": TODAY}, "pricingExpression is missing", id="no expression"),
        pytest.param("free", "effectiveTime is missing", id="no object"),
    ],
)
def test_a_price_of_another_shape_is_refused_by_field_and_value(broken, named):
    with pytest.raises(UnreadablePriceError, match=named):
        read(broken)


@pytest.mark.parametrize("info", [[], None, {}])
def test_a_sku_without_prices_has_none(info):
    with pytest.raises(UnreadablePriceError, match="holds no price"):
        read_versions(info, METERS["output"], currency="USD", retrieved_at=READ_AT)


def test_tiers_begin_at_consumed_units_of_the_meter():
    rates = [{"unitPrice": money("0", 0)}, {"startUsageAmount": Decimal("2.5"), "unitPrice": money("0", 60_000_000)}]
    (version,) = read(entry(rates=rates, unit="min"), meter="audio_second")
    assert version.tiers == (Tier(start=Decimal(0), price=Decimal(0)), Tier(start=Decimal(150), price=Decimal("0.001")))


@pytest.mark.parametrize(
    ("found", "reset", "level"),
    [
        ({"aggregationInterval": "DAILY", "aggregationLevel": "PROJECT", "aggregationCount": 1}, "daily", "project"),
        ({"aggregationInterval": "MONTHLY", "aggregationLevel": "ACCOUNT"}, "monthly", "billing account"),
        ({"aggregationInterval": "DAILY", "aggregationCount": 14}, None, None),
        ({"aggregationInterval": "AGGREGATION_INTERVAL_UNSPECIFIED"}, None, None),
        (None, None, None),
    ],
)
def test_the_aggregation_says_when_tiers_start_anew_and_for_whom(found, reset, level):
    (version,) = read(entry(aggregationInfo=found))
    assert (version.reset, version.level) == (reset, level)


def days(*entries: Any) -> list[tuple[dt.date | None, Decimal]]:
    return [(version.valid_from, version.tiers[0].price) for version in read(*entries)]


def test_the_effective_time_of_the_latest_prices_is_that_of_the_reading_and_dates_nothing():
    assert days(entry()) == [(None, Decimal("1.25"))]


def test_a_future_effective_time_holds_from_that_day_on_and_not_before():
    later = entry(money("0", 2500), time="2027-01-01T00:00:00Z")
    assert days(entry(), later) == [(None, Decimal("1.25")), (dt.date(2027, 1, 1), Decimal("2.5"))]


def test_a_sku_that_is_only_announced_has_no_price_before():
    assert days(entry(time="2027-01-01T00:00:00Z")) == [(dt.date(2027, 1, 1), Decimal("1.25"))]


def test_an_effective_time_is_a_day_in_utc():
    assert days(entry(time="2026-10-31T23:30:00-07:00")) == [(dt.date(2026, 11, 1), Decimal("1.25"))]


def test_of_two_prices_of_one_day_the_later_one_holds():
    earlier = entry(money("0", 900), time="2026-11-01T01:00:00Z")
    later = entry(money("0", 1100), time="2026-11-01T02:00:00.123456789Z")
    assert days(later, earlier) == [(dt.date(2026, 11, 1), Decimal("1.1"))]


def test_a_price_that_changed_today_has_its_day_and_the_one_before_has_none():
    changed = entry(money("0", 2500), time="2026-11-22T08:00:00Z")
    assert days(entry(), changed) == [(dt.date(2026, 11, 22), Decimal("2.5"))]
