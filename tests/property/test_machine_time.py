"""Times of machines are cut at the hours of the clock and added up again without a loss."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from genai_finops.providers.base import UsageRow
from genai_finops.providers.machine_time import MachineHours, elapsed_hours, hour_parts, rounded_hours

_HOUR = dt.timedelta(hours=1)
_FIRST = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
moments = st.integers(0, 4 * 86_400_000_000).map(lambda n: _FIRST + dt.timedelta(microseconds=n))
counts = st.integers(min_value=1, max_value=512)


@given(moments, moments)
def test_the_parts_of_a_time_are_the_whole_of_it(start, end):
    parts = list(hour_parts(start, end))
    assert sum((elapsed_hours(*part) for part in parts), Fraction(0)) == max(elapsed_hours(start, end), 0)
    assert [one[1] for one in parts[:-1]] == [following[0] for following in parts[1:]]


@given(moments, moments)
def test_no_part_of_a_time_reaches_over_an_hour_of_the_clock(start, end):
    for begins, ends in hour_parts(start, end):
        hour = begins.replace(minute=0, second=0, microsecond=0)
        assert hour <= begins < ends <= hour + _HOUR


def _row() -> UsageRow:
    return UsageRow(
        period_start=_FIRST,
        period_end=_FIRST + _HOUR,
        meter="gpu_hour",
        quantity=Decimal(0),
        page="0" * 64,
        service_tier="standard",
    )


@given(st.lists(st.tuples(st.integers(0, 3_600_000_000), counts), min_size=1, max_size=30))
def test_what_is_added_up_to_one_row_is_rounded_once(parts):
    hours = MachineHours.none()
    exact = Fraction(0)
    for microseconds, count in parts:
        part = Fraction(microseconds, 3_600_000_000) * count
        exact += part
        hours.add(_row(), part)
    total = sum((row.quantity for row in hours.rows()), Decimal(0))
    assert total == rounded_hours(exact)
    assert abs(Fraction(total) - exact) <= Fraction(1, 2_000_000)
