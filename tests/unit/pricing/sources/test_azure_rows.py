"""From rows of the Azure Retail Prices API to rates: the traps of the list, each in a test of its own."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.pricing.sources.azure_rows import parse_row, rates_of
from genai_finops.pricing.sources.statement import SkippedPrice, StatedRate
from genai_finops.providers.base import MalformedPageError

SUBJECT = "azure_openai azure_retail (page 1)"


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": Decimal("0.0"),
        "retailPrice": Decimal("0.002"),
        "unitPrice": Decimal("0.002"),
        "armRegionName": "eastus",
        "effectiveStartDate": "2025-04-01T00:00:00Z",
        "meterName": "gpt 4.1 Inp glbl Tokens",
        "productName": "Azure OpenAI",
        "serviceName": "Foundry Models",
        "unitOfMeasure": "1K",
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        **changes,
    }


def read(*entries: dict[str, Any]) -> tuple[tuple[StatedRate, ...], tuple[SkippedPrice, ...]]:
    rows = [parse_row(one, currency="USD", subject=SUBJECT) for one in entries]
    return rates_of(rows, provider="azure_openai", currency="USD")


def validities(rates: tuple[StatedRate, ...]) -> list[tuple[Decimal | None, str, str]]:
    return [(rate.unit_price, str(rate.valid_from), str(rate.valid_to)) for rate in rates]


def only_reason(*entries: dict[str, Any]) -> str:
    rates, skipped = read(*entries)
    assert rates == ()
    (reason,) = {one.reason for one in skipped}
    return reason


def test_a_row_becomes_a_rate_of_its_pricing_unit_with_its_meter_as_reference():
    assert read(entry()) == (
        (
            StatedRate(
                provider="azure_openai",
                model_id="gpt-4.1",
                meter="uncached_input",
                service_tier="standard",
                geography="global",
                currency="USD",
                unit_price=Decimal(2),
                valid_from=dt.date(2025, 4, 1),
                source_reference="Azure OpenAI: gpt 4.1 Inp glbl Tokens",
            ),
        ),
        (),
    )


def test_another_type_of_sale_is_skipped():
    assert only_reason(entry(type="DevTestConsumption")) == "type DevTestConsumption: no price of usage on demand"


@pytest.mark.parametrize("price", [0, Decimal("0.0")])
def test_a_zero_priced_row_is_no_price(price):
    assert only_reason(entry(retailPrice=price)) == "a price of zero is no price"


def test_an_unmatched_meter_is_reported_with_its_name():
    rates, skipped = read(entry(meterName="gpt-4o-0806-FT-inp-glbl Tokens"))
    assert (rates, skipped) == (
        (),
        (
            SkippedPrice(
                provider="azure_openai",
                subject="Azure OpenAI: gpt-4o-0806-FT-inp-glbl Tokens",
                reason="unmatched meter",
            ),
        ),
    )


def test_a_meter_outside_its_primary_region_is_skipped():
    assert "primary region" in only_reason(entry(isPrimaryMeterRegion=False))


def test_a_future_row_is_a_dated_rate_and_closes_the_one_of_today():
    rates, _ = read(
        entry(effectiveStartDate="2027-01-01T00:00:00Z", retailPrice=Decimal("0.0015")),
        entry(),
    )
    assert validities(rates) == [(Decimal(2), "2025-04-01", "2027-01-01"), (Decimal("1.5"), "2027-01-01", "None")]


def test_a_global_meter_that_regions_list_alike_is_one_rate():
    rates, skipped = read(entry(), entry(armRegionName="swedencentral"))
    assert (validities(rates), skipped) == ([(Decimal(2), "2025-04-01", "None")], ())


def test_a_rate_holds_from_the_first_day_that_a_region_lists_it_for():
    rates, _ = read(entry(effectiveStartDate="2025-06-01T00:00:00Z"), entry(armRegionName="swedencentral"))
    assert validities(rates) == [(Decimal(2), "2025-04-01", "None")]


def test_data_zone_meters_are_of_the_zone_of_their_region():
    rates, _ = read(
        entry(meterName="gpt 4.1 Inp Data Zone Tokens", retailPrice=Decimal("0.0022")),
        entry(
            meterName="gpt 4.1 Inp Data Zone Tokens", retailPrice=Decimal("0.0023"), armRegionName="germanywestcentral"
        ),
    )
    assert [(rate.geography, rate.unit_price) for rate in rates] == [
        ("data_zone_eu", Decimal("2.3")),
        ("data_zone_us", Decimal("2.2")),
    ]


def test_a_data_zone_meter_of_a_region_without_a_known_zone_is_skipped():
    reason = only_reason(entry(meterName="gpt 4.1 Inp Data Zone Tokens", armRegionName="japaneast"))
    assert reason == "region japaneast is in no data zone that is known"


def test_regional_prices_that_are_equal_are_the_regional_price():
    regional = entry(meterName="gpt 4.1 Inp regnl Tokens")
    rates, _ = read(regional, {**regional, "armRegionName": "swedencentral"})
    assert [(rate.geography, rate.unit_price) for rate in rates] == [("regional", Decimal(2))]


def test_regional_prices_that_differ_are_skipped_with_both_named():
    regional = entry(meterName="gpt 4.1 Inp regnl Tokens")
    reason = only_reason(regional, {**regional, "armRegionName": "swedencentral", "retailPrice": Decimal("0.003")})
    assert reason == (
        "prices differ from 2025-04-01 on: 2 in eastus (gpt 4.1 Inp regnl Tokens), "
        "3 in swedencentral (gpt 4.1 Inp regnl Tokens)"
    )


def test_days_on_which_regions_differ_have_no_rate_and_the_days_before_keep_theirs():
    rates, skipped = read(
        entry(),
        entry(armRegionName="swedencentral"),
        entry(armRegionName="swedencentral", effectiveStartDate="2026-01-01T00:00:00Z", retailPrice=1),
        entry(effectiveStartDate="2026-02-01T00:00:00Z", retailPrice=1),
    )
    assert validities(rates) == [
        (Decimal(2), "2025-04-01", "2026-01-01"),
        (Decimal(1000), "2026-02-01", "None"),
    ]
    assert [one.reason.partition(":")[0] for one in skipped] == ["prices differ from 2026-01-01 on"]


def test_the_same_price_before_and_after_days_without_a_rate_is_not_one_rate():
    rates, _ = read(
        entry(),
        entry(armRegionName="swedencentral"),
        entry(armRegionName="swedencentral", effectiveStartDate="2026-01-01T00:00:00Z", retailPrice=1),
        entry(armRegionName="swedencentral", effectiveStartDate="2026-02-01T00:00:00Z"),
    )
    assert validities(rates) == [
        (Decimal(2), "2025-04-01", "2026-01-01"),
        (Decimal(2), "2026-02-01", "None"),
    ]


def test_a_newer_version_with_another_price_does_not_replace_the_older_one():
    rates, skipped = read(
        entry(meterName="gpt-4o-0806-Inp-glbl Tokens"),
        entry(meterName="gpt 4o 1120 Inp glbl Tokens", effectiveStartDate="2026-01-01T00:00:00Z", retailPrice=1),
    )
    assert validities(rates) == [(Decimal(2), "2025-04-01", "2026-01-01")]
    assert [one.subject for one in skipped] == [
        "Azure OpenAI: gpt 4o 1120 Inp glbl Tokens",
        "Azure OpenAI: gpt-4o-0806-Inp-glbl Tokens",
    ]


def test_two_prices_of_one_meter_from_one_day_on_are_no_rate():
    assert only_reason(entry(), entry(retailPrice=Decimal("0.003"))).startswith("prices differ from 2025-04-01 on")


def test_a_row_that_two_pages_repeat_counts_once():
    rates, skipped = read(entry(), entry())
    assert (len(rates), skipped) == (1, ())


def test_two_versions_with_one_name_in_the_catalogue_are_one_rate_where_they_agree():
    rates, _ = read(
        entry(meterName="gpt-4o-0806-Inp-glbl Tokens"),
        entry(meterName="gpt 4o 1120 Inp glbl Tokens"),
    )
    assert [(rate.model_id, rate.source_reference) for rate in rates] == [
        ("gpt-4o", "Azure OpenAI: gpt 4o 1120 Inp glbl Tokens; Azure OpenAI: gpt-4o-0806-Inp-glbl Tokens")
    ]


def test_a_tier_of_volume_starts_at_its_units_in_tokens():
    # 5,000 units of 1,000 tokens.
    rates, _ = read(entry(), entry(tierMinimumUnits=5000, retailPrice=Decimal("0.0018")))
    assert [(rate.pricing_type, rate.volume_threshold_tokens, rate.unit_price) for rate in rates] == [
        ("standard", None, Decimal(2)),
        ("volume_discount", 5_000_000, Decimal("1.8")),
    ]


def test_a_tier_of_volume_that_is_not_in_tokens_is_skipped():
    tool = entry(meterName="file-search-tool-calls-glbl Calls", tierMinimumUnits=10)
    assert only_reason(tool) == "a volume tier from 10 units of 1K on, not in whole tokens"


def test_a_tier_of_volume_without_a_first_tier_is_skipped():
    assert only_reason(entry(tierMinimumUnits=5000)) == "a volume tier without a first tier"


def test_a_free_first_tier_leaves_no_tier_above_it():
    rates, _ = read(entry(retailPrice=0), entry(tierMinimumUnits=5000))
    assert rates == ()


@pytest.mark.parametrize("unit", ["1/Hour", "1 Hour", "1 Second", "1/Day"])
def test_tokens_priced_by_time_are_skipped(unit):
    assert only_reason(entry(unitOfMeasure=unit)) == f"unit {unit!r} is a unit of time: uncached_input is counted"


def test_a_unit_that_is_not_known_is_skipped():
    assert only_reason(entry(unitOfMeasure="10K")) == "unit '10K' is not known: uncached_input is counted"


def test_a_unit_that_contradicts_the_name_of_the_meter_is_skipped():
    reason = only_reason(entry(productName="Azure OpenAI GPT5", meterName="GPT 5 Inpt Glbl 1M Tokens"))
    assert reason == "unit '1K' is not the one that the meter's name says"


def test_a_price_that_ends_is_left_to_the_one_that_follows():
    assert only_reason(entry(effectiveEndDate="2025-12-31T23:59:59Z")).startswith("a price that ends")


def test_a_price_that_begins_within_a_day_is_skipped():
    reason = only_reason(entry(effectiveStartDate="2025-04-01T07:00:00Z"))
    assert reason == "a price from 2025-04-01T07:00:00+00:00 on: rates begin with a day"


def test_a_price_in_another_currency_than_was_asked_for_is_refused():
    with pytest.raises(MalformedPageError, match="has a price in EUR, asked for was USD; set the option currency"):
        read(entry(currencyCode="EUR"))


@pytest.mark.parametrize("field", ["currencyCode", "retailPrice", "unitOfMeasure", "type", "effectiveStartDate"])
def test_a_row_without_a_documented_field_is_refused(field):
    row = entry()
    del row[field]
    with pytest.raises(MalformedPageError, match=f"field {field} of meter 'gpt 4.1 Inp glbl Tokens' is None"):
        read(row)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("retailPrice", "0.002"),
        ("retailPrice", True),
        ("retailPrice", Decimal("-0.002")),
        ("tierMinimumUnits", -1),
        ("isPrimaryMeterRegion", "true"),
        ("effectiveStartDate", "April 2025"),
        ("effectiveStartDate", "2025-04-01T00:00:00"),
        ("effectiveStartDate", "2025-04-01T00:00:00+02:00"),
    ],
)
def test_a_value_that_no_documented_row_has_is_refused(field, value):
    with pytest.raises(MalformedPageError, match=r"gpt 4\.1 Inp glbl Tokens"):
        read(entry(**{field: value}))


def test_an_entry_that_is_no_object_is_refused():
    with pytest.raises(MalformedPageError, match="an entry of Items is list, no object"):
        parse_row([], currency="USD", subject=SUBJECT)


def test_the_order_of_the_rows_does_not_matter():
    rows = [
        entry(),
        entry(effectiveStartDate="2027-01-01T00:00:00Z", retailPrice=Decimal("0.0015")),
        entry(meterName="gpt 4.1 Outp glbl Tokens", retailPrice=Decimal("0.008")),
        entry(meterName="unheard of glbl Tokens"),
    ]
    assert read(*rows) == read(*reversed(rows))
