"""Capacity by the hour from periods of resources."""

import datetime as dt
from decimal import Decimal

from genai_finops.providers.base import ProviderResource
from genai_finops.providers.resources import ResourcePeriod
from genai_finops.providers.unit_hours import unit_hours

START = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


def at(hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
    return START + dt.timedelta(hours=hour, minutes=minute, seconds=second)


def model(units: int, name: str = "m") -> ProviderResource:
    return ProviderResource(
        resource_type="Provisioned model",
        resource_id="pm",
        resource_name="pm",
        provider_model_id=name,
        capacity=Decimal(units),
    )


def hours(*periods: ResourcePeriod, end: dt.datetime) -> list[tuple[int, str | None, Decimal]]:
    return [
        (found.hour.hour, found.resource.provider_model_id, found.quantity) for found in unit_hours(periods, START, end)
    ]


def test_a_part_of_an_hour_is_its_share() -> None:
    period = ResourcePeriod(model(2), at(1, 45), at(3, 15))
    assert hours(period, end=at(24)) == [(1, "m", Decimal("0.5")), (2, "m", Decimal(2)), (3, "m", Decimal("0.5"))]


def test_a_period_without_end_goes_on_to_the_end_and_one_of_before_begins_at_the_start() -> None:
    period = ResourcePeriod(model(1), START - dt.timedelta(days=9), None)
    assert hours(period, end=at(2)) == [(0, "m", Decimal(1)), (1, "m", Decimal(1))]


def test_units_that_change_within_an_hour_are_added_before_they_are_rounded() -> None:
    periods = [ResourcePeriod(model(1), at(0), at(0, 20)), ResourcePeriod(model(4), at(0, 20), at(1))]
    assert hours(*periods, end=at(24)) == [(0, "m", Decimal(3))]


def test_a_model_that_changes_within_an_hour_has_two_entries() -> None:
    periods = [ResourcePeriod(model(1, "a"), at(0), at(0, 15)), ResourcePeriod(model(1, "b"), at(0, 15), at(1))]
    assert hours(*periods, end=at(24)) == [(0, "a", Decimal("0.25")), (0, "b", Decimal("0.75"))]


def test_what_cannot_be_a_decimal_is_rounded_to_six_digits() -> None:
    assert hours(ResourcePeriod(model(1), at(0), at(0, 20)), end=at(24)) == [(0, "m", Decimal("0.333333"))]


def test_a_resource_without_units_holds_none() -> None:
    assert hours(ResourcePeriod(model(0), at(0), None), end=at(2)) == []
