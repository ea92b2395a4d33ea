"""Provisioned throughput in the Azure Retail Prices API: by the hour, and reserved for a term."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.pricing.sources.azure_capacity import capacity_rates_of, is_capacity
from genai_finops.pricing.sources.azure_rows import RetailRow, parse_row
from genai_finops.pricing.sources.statement import CapacityRate, SkippedPrice

RESERVED = "Azure AI Foundry Provisioned Throughput Reservation"
YEAR = {"type": "Reservation", "productName": RESERVED, "reservationTerm": "1 Year", "retailPrice": 2652}


def row(**fields: Any) -> RetailRow:
    """A row of the list as the API documents it."""
    entry = {
        "currencyCode": "USD",
        "tierMinimumUnits": Decimal("0.0"),
        "retailPrice": Decimal("1.0"),
        "armRegionName": "eastus",
        "effectiveStartDate": "2025-04-01T00:00:00Z",
        "meterName": "Provisioned Managed Global Unit",
        "productName": "Azure OpenAI",
        "unitOfMeasure": "1/Hour",
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
    }
    return parse_row(entry | fields, currency="USD", subject="azure_openai")


def read(*rows: RetailRow) -> tuple[tuple[CapacityRate, ...], tuple[SkippedPrice, ...]]:
    return capacity_rates_of(rows, provider="azure_openai", currency="USD")


def test_an_hour_of_a_unit_is_priced_on_demand() -> None:
    [rate], skipped = read(row(meterName="Provisioned Managed Data Zone Unit", retailPrice=Decimal("1.1")))

    assert skipped == ()
    assert rate == CapacityRate(
        provider="azure_openai",
        meter="ptu_hour",
        scope="data_zone",
        region_id="eastus",
        unit_price=Decimal("1.1"),
        valid_from=dt.date(2025, 4, 1),
        source_reference="Azure OpenAI: Provisioned Managed Data Zone Unit",
    )


@pytest.mark.parametrize(("term", "duration"), [("1 Month", "P1M"), ("1 Year", "P1Y")])
def test_a_reservation_costs_its_whole_term_although_its_unit_says_an_hour(term: str, duration: str) -> None:
    [rate], _ = read(row(**YEAR | {"reservationTerm": term}))

    assert (rate.purchase_option, rate.term, rate.price_period) == ("commitment", duration, "term")
    assert (rate.unit_price, rate.payment) == (Decimal(2652), None)


def test_a_price_of_a_later_day_ends_the_one_of_today() -> None:
    rates, _ = read(row(effectiveStartDate="2027-01-01T00:00:00Z", retailPrice=Decimal("0.9")), row())

    assert [(rate.unit_price, rate.valid_to) for rate in rates] == [
        (1, dt.date(2027, 1, 1)),
        (Decimal("0.9"), None),
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"productName": "Azure Deepseek Models"}, "capacity of another product"),
        ({"meterName": "Provisioned Managed Global Batch Unit"}, "unmatched meter of capacity"),
        ({"unitOfMeasure": "1/Month"}, "unit '1/Month' of capacity is no hour"),
        ({"type": "DevTestConsumption"}, "type DevTestConsumption: no price of capacity on demand"),
        ({"isPrimaryMeterRegion": False}, "not the primary region of the meter"),
        ({"retailPrice": 0}, "a price of zero is no price"),
        ({"tierMinimumUnits": 100}, "a volume tier of capacity"),
        ({"effectiveStartDate": "2025-04-01T08:00:00Z"}, "prices begin with a day"),
        (YEAR | {"reservationTerm": "3 Years"}, "a reservation for '3 Years', a term that is not known here"),
        (YEAR | {"reservationTerm": None}, "a reservation for None"),
        (YEAR | {"productName": "Virtual Machines Reservation"}, "capacity of another product"),
    ],
)
def test_what_is_no_price_of_capacity_is_skipped_with_its_reason(fields: dict[str, Any], reason: str) -> None:
    rates, [skipped] = read(row(**fields))

    assert rates == ()
    assert reason in skipped.reason


def test_two_prices_of_one_day_are_no_price() -> None:
    rates, [skipped] = read(row(), row(retailPrice=Decimal("1.5")))

    assert rates == ()
    assert skipped.reason == "prices in eastus differ from 2025-04-01 on"


def test_tokens_are_no_capacity() -> None:
    assert not is_capacity(row(meterName="gpt 4.1 Inp glbl Tokens", unitOfMeasure="1K"))
