import datetime as dt

import pytest

from genai_finops.errors import FinopsError
from genai_finops.focus.window import BillingMonth, DayWindow, utc_text


@pytest.mark.parametrize(
    ("first", "last", "start", "end"),
    [
        ("2026-10-05", "2026-10-05", dt.date(2026, 10, 5), dt.date(2026, 10, 6)),
        ("2026-10", "2026-10", dt.date(2026, 10, 1), dt.date(2026, 11, 1)),
        ("2026-12-31", "2027-02", dt.date(2026, 12, 31), dt.date(2027, 3, 1)),
        ("2028-02", "2028-02", dt.date(2028, 2, 1), dt.date(2028, 3, 1)),
    ],
    ids=["one day", "one month", "over the year", "leap year"],
)
def test_days_and_months_are_inclusive_at_both_ends(first: str, last: str, start: dt.date, end: dt.date) -> None:
    assert DayWindow.parse(first, last) == DayWindow(start, end)


@pytest.mark.parametrize("text", ["2026-13", "2026-02-30", "yesterday", "2026"])
def test_what_is_no_day_is_named_in_the_error(text: str) -> None:
    with pytest.raises(FinopsError, match=f"'{text}' is no day and no month"):
        DayWindow.parse(text, "2026-10")


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(FinopsError, match="holds no day"):
        DayWindow.parse("2026-10-05", "2026-10-04")


def test_the_months_of_a_window_are_those_that_it_touches() -> None:
    window = DayWindow(dt.date(2026, 12, 31), dt.date(2027, 2, 1))
    assert list(window.months()) == [BillingMonth(2026, 12), BillingMonth(2027, 1)]


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    moment = dt.datetime(2026, 10, 1, 1, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert utc_text(moment) == "2026-09-30T23:30:00Z"
