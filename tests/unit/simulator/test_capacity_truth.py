"""The truth of reserved capacity against figures worked out by hand."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from genai_finops.simulator.capacity import BoughtCommitment, CapacityEstate, DrawnCapacity, ProvisionedCapacity
from genai_finops.simulator.capacity_truth import CapacityTruth, capacity_truth, payments_of

HOUR = dt.timedelta(hours=1)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def bought(**columns: Any) -> BoughtCommitment:
    values: dict[str, Any] = {
        "commitment_id": "res-1",
        "contract_id": "order-1",
        "commitment_type": "Reservation",
        "meter": "ptu_hour",
        "units": 100,
        "term": "P1M",
        "starts_at": at("2026-01-01"),
        "ends_at": at("2026-02-01"),
        "payment": "upfront",
        "unit_price": Decimal("297.6"),
        "price_period": "term",
        "scope": "global",
        "region_id": "eastus2",
    }
    return BoughtCommitment(**(values | columns))


def deployed(resource_id: str, units: int, **columns: Any) -> ProvisionedCapacity:
    values: dict[str, Any] = {
        "resource_id": resource_id,
        "resource_name": resource_id,
        "meter": "ptu_hour",
        "levels": ((at("2025-12-01"), units),),
        "region_id": "eastus2",
        "model": "gpt-4.1",
        "scope": "global",
    }
    return ProvisionedCapacity(**(values | columns))


def day_of(estate: CapacityEstate, day: str = "2026-01-15") -> CapacityTruth:
    return capacity_truth(estate, at(day), at(day) + 24 * HOUR)


def used_of(true: CapacityTruth, commitment_id: str) -> Fraction:
    return sum((hour.used for hour in true.committed if hour.commitment_id == commitment_id), Fraction(0))


def test_a_reservation_of_100_units_has_75_used_at_720_and_25_idle_at_240_dollars_a_day() -> None:
    true = day_of(CapacityEstate(capacities=(deployed("one", 75),), commitments=(bought(),)))
    assert sum(hour.used for hour in true.committed) == 1800
    assert sum(hour.unused for hour in true.committed) == 600
    assert sum(hour.effective_used for hour in true.committed) == 720
    assert sum(hour.effective_unused for hour in true.committed) == 240
    assert true.overage == ()


def test_ten_units_above_all_reservations_cost_the_hourly_price() -> None:
    estate = CapacityEstate(
        capacities=(deployed("one", 110),),
        commitments=(bought(),),
        hourly_prices=((("ptu_hour", "global", None), Decimal(1)),),
    )
    overage = day_of(estate).overage
    assert sum(hour.unit_hours for hour in overage) == 240
    assert sum(hour.cost or 0 for hour in overage) == 240


def test_overage_without_an_hourly_price_has_no_cost() -> None:
    (cost,) = {hour.cost for hour in day_of(CapacityEstate(capacities=(deployed("one", 1),))).overage}
    assert cost is None


def test_a_resources_own_reservation_is_used_before_an_earlier_shared_one() -> None:
    shared = bought(units=50, starts_at=at("2025-12-20"), ends_at=at("2026-01-20"))
    own = bought(commitment_id="res-2", units=50, resource_id="one")
    true = day_of(CapacityEstate(capacities=(deployed("one", 60),), commitments=(shared, own)))
    assert (used_of(true, "res-1"), used_of(true, "res-2")) == (10 * 24, 50 * 24)


def test_of_two_shared_reservations_the_earlier_is_used_first() -> None:
    later = bought(units=50)
    earlier = bought(commitment_id="res-2", units=50, starts_at=at("2025-12-20"), ends_at=at("2026-01-20"))
    true = day_of(CapacityEstate(capacities=(deployed("one", 60),), commitments=(later, earlier)))
    assert (used_of(true, "res-1"), used_of(true, "res-2")) == (10 * 24, 50 * 24)


@pytest.mark.parametrize(
    "other", [{"scope": "regional"}, {"region_id": "westus"}, {"meter": "model_unit_hour"}], ids=str
)
def test_capacity_of_another_pool_is_not_covered(other: dict[str, Any]) -> None:
    true = day_of(CapacityEstate(capacities=(deployed("one", 10, **other),), commitments=(bought(),)))
    assert used_of(true, "res-1") == 0


def test_a_scale_up_at_half_past_counts_from_then_on() -> None:
    levels = ((at("2025-12-01"), 50), (at("2026-01-15T13:30"), 70))
    true = day_of(CapacityEstate(capacities=(deployed("one", 0, levels=levels),), commitments=(bought(),)))
    by_hour = {hour.hour: hour.used for hour in true.committed}
    assert [by_hour[at(f"2026-01-15T{hour}:00")] for hour in (12, 13, 14)] == [50, 60, 70]


def test_what_is_drawn_of_an_order_is_used() -> None:
    gsu = bought(meter="gsu_hour", units=5, term="P1W", starts_at=at("2026-01-12"), ends_at=at("2026-01-19"))
    drawn = DrawnCapacity(commitment_id="res-1", hour=at("2026-01-15T10:00"), unit_hours=Decimal("3.25"))
    (hour,) = (hour for hour in day_of(CapacityEstate(commitments=(gsu,), drawn=(drawn,))).committed if hour.used)
    assert (hour.used, hour.unused) == (Fraction("3.25"), Fraction("1.75"))


def test_months_are_paid_on_the_day_of_the_start_or_the_last_of_a_shorter_month() -> None:
    half_year = bought(
        term="P6M",
        starts_at=at("2024-01-31T07:00:01"),
        ends_at=at("2024-07-31T07:00:01"),
        payment="monthly",
        unit_price=Decimal(600),
    )
    payments = payments_of(half_year)
    days = [payment.starts_at.date().isoformat()[5:] for payment in payments]
    assert days == ["01-31", "02-29", "03-31", "04-30", "05-31", "06-30"]
    assert {payment.amount for payment in payments} == {10_000}
    assert payments[-1].ends_at == half_year.ends_at


def test_an_hour_of_february_costs_more_of_a_months_price_than_one_of_january() -> None:
    quarter = bought(
        term="P3M", units=1, ends_at=at("2026-04-01"), payment="monthly", unit_price=Decimal(744), price_period="month"
    )
    estate = CapacityEstate(commitments=(quarter,))
    january, february = (day_of(estate, day).committed[0].effective_unused for day in ("2026-01-15", "2026-02-15"))
    assert (january, february) == (1, Fraction(744, 672))


def test_each_hour_is_paid_by_itself_and_parts_of_an_hour_in_part() -> None:
    hourly = bought(
        units=2,
        starts_at=at("2026-01-01T10:30"),
        ends_at=at("2026-01-01T12:15"),
        payment="hourly",
        unit_price=Decimal("18.40"),
        price_period="hour",
    )
    assert [payment.amount for payment in payments_of(hourly)] == [Fraction("18.4"), Fraction("36.8"), Fraction("9.2")]


@pytest.mark.parametrize("payment", ["upfront", "monthly", "hourly"])
def test_the_effective_cost_of_a_whole_term_is_what_was_billed(payment: str) -> None:
    odd = bought(
        units=7,
        starts_at=at("2024-01-31T05:17:43"),
        ends_at=at("2024-04-30T05:17:43"),
        term="P3M",
        payment=payment,
        unit_price=Decimal("1234.567891"),
    )
    true = capacity_truth(
        CapacityEstate(capacities=(deployed("one", 3),), commitments=(odd,)), at("2024-01-31"), at("2024-05-01")
    )
    effective = sum(hour.effective_used + hour.effective_unused for hour in true.committed)
    assert effective == sum(payment.amount for payment in payments_of(odd)) == 7 * Fraction("1234.567891")


def test_a_term_that_is_paid_and_stops_early_is_idle_until_its_end() -> None:
    cut = bought(ended_at=at("2026-01-15T12:00"))
    estate = CapacityEstate(capacities=(deployed("one", 100),), commitments=(cut,))
    true = capacity_truth(estate, at("2026-01-01"), at("2026-02-01"))
    assert sum(hour.used for hour in true.committed) == 100 * (14 * 24 + 12)
    assert sum(hour.unused for hour in true.committed) == 100 * (16 * 24 + 12)
    assert sum(hour.unit_hours for hour in true.overage) == 100 * (16 * 24 + 12)


def test_months_and_hours_after_a_term_stopped_early_are_not_paid() -> None:
    cut = {"term": "P3M", "ends_at": at("2026-04-01"), "ended_at": at("2026-02-01T02:00"), "price_period": "month"}
    monthly, hourly = (payments_of(bought(payment=payment, **cut)) for payment in ("monthly", "hourly"))
    assert [payment.starts_at.month for payment in monthly] == [1, 2]
    assert len(hourly) == 31 * 24 + 2
