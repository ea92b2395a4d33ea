"""The windows in which scattered days are built again."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_finops.transform.reprice import day_ranges

DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2026, 3, 1))


@pytest.mark.parametrize(
    ("days", "ranges"),
    [
        ([], []),
        ([5], [(5, 6)]),
        ([5, 6, 7], [(5, 8)]),
        ([7, 5, 5], [(5, 6), (7, 8)]),
        ([1, 2, 4, 5, 9], [(1, 3), (4, 6), (9, 10)]),
    ],
)
def test_days_that_follow_each_other_are_one_range(days: list[int], ranges: list[tuple[int, int]]) -> None:
    found = day_ranges(dt.date(2026, 10, day) for day in days)
    assert [(first.day, end.day) for first, end in found] == ranges


@given(st.sets(DAYS))
def test_ranges_hold_the_days_and_no_other(days: set[dt.date]) -> None:
    held = [
        first + dt.timedelta(days=number) for first, end in day_ranges(days) for number in range((end - first).days)
    ]
    assert held == sorted(days)
