"""Every day of the window, once, and sums that keep their first page."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from genai_finops.providers.base import MalformedPageError, UsageRow, Window
from genai_finops.providers.http import page_of
from genai_finops.providers.records import DayCoverage, Record, UsageTotals

WINDOW = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 2))
PAGE = page_of(b"{}", source="usage", request={})
BUCKET = Record("toy", PAGE, "bucket", {})
ROW = UsageRow(
    period_start=WINDOW.start,
    period_end=WINDOW.start + dt.timedelta(days=1),
    meter="output",
    quantity=Decimal(2),
    page="first",
    service_tier="standard",
)


def day(number: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2026, 10, number, hour, tzinfo=dt.UTC)


def test_a_window_with_each_day_once_is_covered():
    coverage = DayCoverage("toy", WINDOW)
    coverage.add("usage", BUCKET, day(1), day(2))
    coverage.add("usage", BUCKET, day(2), day(3))
    coverage.check()


@pytest.mark.parametrize(
    ("start", "end", "named"),
    [
        (day(1, 1), day(2), "no UTC day"),
        (day(1), day(3), "no UTC day"),
        (day(1), day(1), "no UTC day"),
        (day(3), day(4), "outside the window"),
        (dt.datetime(2026, 9, 30, tzinfo=dt.UTC), day(1), "outside the window"),
    ],
)
def test_a_bucket_that_is_no_day_of_the_window_is_refused(start, end, named):
    with pytest.raises(MalformedPageError, match=named):
        DayCoverage("toy", WINDOW).add("usage", BUCKET, start, end)


def test_a_series_without_any_bucket_is_missed():
    coverage = DayCoverage("toy", WINDOW)
    coverage.expect("usage")
    with pytest.raises(MalformedPageError, match="no bucket for 2 of 2 days, the first 2026-10-01"):
        coverage.check()


def test_rows_of_one_key_are_summed_and_keep_the_first_page():
    totals = UsageTotals()
    totals.add(ROW)
    totals.add(replace(ROW, quantity=Decimal(3), page="second"))
    assert list(totals) == [replace(ROW, quantity=Decimal(5))]


def test_zero_leaves_no_row():
    totals = UsageTotals()
    totals.add(replace(ROW, quantity=Decimal(0)))
    assert list(totals) == []
