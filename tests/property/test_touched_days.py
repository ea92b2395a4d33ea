"""Whatever days logs touch: few runs hold them all, and no more days than they must."""

import datetime as dt
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from genai_finops.attribution.touched_days import few_ranges

ONE_DAY = dt.timedelta(days=1)
days = st.sets(st.integers(0, 40).map(lambda number: dt.date(2026, 10, 1) + number * ONE_DAY), max_size=15)


def held(ranges: tuple[tuple[dt.date, dt.date], ...]) -> list[dt.date]:
    return [first + number * ONE_DAY for first, last in ranges for number in range((last - first).days + 1)]


@given(days, st.integers(1, 6))
def test_the_ranges_are_few_apart_and_hold_every_day(touched: set[dt.date], at_most: int) -> None:
    ranges = few_ranges(touched, at_most=at_most)
    assert len(ranges) <= at_most
    assert touched <= set(held(ranges))
    assert all(later - ONE_DAY > last for (_, last), (later, _) in pairwise(ranges))


@given(days, st.integers(1, 6))
def test_no_day_is_added_that_one_more_range_would_not_save(touched: set[dt.date], at_most: int) -> None:
    gaps = sorted((later - earlier).days - 1 for earlier, later in pairwise(sorted(touched)))
    added = len(held(few_ranges(touched, at_most=at_most))) - len(touched)
    assert added == sum(gaps[: max(len(gaps) - at_most + 1, 0)])
