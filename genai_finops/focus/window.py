"""Days and billing months of an export, half-open and in UTC."""

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from genai_finops.errors import FinopsError

_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True)
class DayWindow:
    """The UTC days from `start` (inclusive) to `end` (exclusive)."""

    start: dt.date
    end: dt.date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise FinopsError(
                f"the window from {self.start} to before {self.end} holds no day",
                remedy="give a first day that is not after the last day",
            )

    @classmethod
    def parse(cls, first: str, last: str) -> "DayWindow":
        """A window from two days or months, both inclusive: `2026-10-05`, or `2026-10` for all its days.

        Raises FinopsError that names the value which is neither.
        """
        return cls(_bounds(first)[0], _bounds(last)[1] + dt.timedelta(days=1))

    def days(self) -> Iterator[dt.date]:
        day = self.start
        while day < self.end:
            yield day
            day += dt.timedelta(days=1)

    def months(self) -> Iterator["BillingMonth"]:
        """The billing months that the window touches, in order."""
        month = BillingMonth(self.start.year, self.start.month)
        while month.start < self.end:
            yield month
            month = BillingMonth(month.end.year, month.end.month)

    def within(self, month: "BillingMonth") -> "DayWindow":
        """The days of the window that lie in one of its months."""
        return DayWindow(max(self.start, month.start), min(self.end, month.end))


@dataclass(frozen=True, slots=True, order=True)
class BillingMonth:
    """One calendar month."""

    year: int
    month: int

    @property
    def start(self) -> dt.date:
        return dt.date(self.year, self.month, 1)

    @property
    def end(self) -> dt.date:
        """First day of the next month."""
        return self.start + dt.timedelta(days=calendar.monthrange(self.year, self.month)[1])

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def utc_midnight(day: dt.date) -> dt.datetime:
    """The moment at which a UTC day starts."""
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


def utc_text(moment: dt.datetime) -> str:
    """FOCUS date/time text, to the second: 2026-10-01T00:00:00Z."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bounds(text: str) -> tuple[dt.date, dt.date]:
    try:
        if matched := _MONTH.fullmatch(text):
            month = BillingMonth(int(matched[1]), int(matched[2]))
            return month.start, month.end - dt.timedelta(days=1)
        day = dt.date.fromisoformat(text)
    except ValueError as failure:
        raise FinopsError(f"{text!r} is no day and no month", remedy="write 2026-10-05 or 2026-10") from failure
    return day, day
