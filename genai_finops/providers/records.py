"""Reading a provider's records strictly, and adding up what belongs to one key.

A required field that is missing fails, and so does an unknown field that may carry money; other unknown fields are
reported.
"""

import datetime as dt
import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NoReturn

from genai_finops.providers.base import MalformedPageError, Page, UsageRow, Window

log = logging.getLogger(__name__)

#: The landing column holds 20 digits before the point.
_TOO_LARGE = 10**20
#: Zero quantities and differing spellings of a key are decided before a row is added, so names are no part of it.
_NOT_IN_KEY = {"quantity": Decimal(0), "page": "", "sub_account_name": None, "resource_name": None}
_SHOWN_CHARACTERS = 100
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object of a page, with its place for error messages."""

    provider: str
    page: Page
    place: str
    content: Mapping[str, Any]

    @classmethod
    def of(cls, value: Any, *, provider: str, page: Page, place: str) -> "Record":
        """Raises MalformedPageError where the value is no object."""
        if not isinstance(value, dict):
            raise MalformedPageError(
                f"{provider} {page.source} {place}: {type(value).__name__} in place of an object (page {page.sha256})"
            )
        return cls(provider, page, place, value)

    def fail(self, problem: str) -> NoReturn:
        """Raise MalformedPageError that names provider, request, bucket and page."""
        raise MalformedPageError(
            f"{self.provider} {self.page.source} {self.place}: {problem} (page {self.page.sha256})"
        )

    def required(self, name: str) -> Any:
        """The field, which may be null but not missing."""
        if name not in self.content:
            self.fail(f"field {name} is missing")
        return self.content[name]

    def count(self, name: str) -> int:
        """A required whole number, not negative."""
        return self._whole(name, self.required(name))

    def optional_count(self, name: str) -> int | None:
        """A whole number, or None where the field is missing or null."""
        value = self.content.get(name)
        return None if value is None else self._whole(name, value)

    def quantity(self, name: str) -> Decimal:
        """A required number, not negative, perhaps with a fraction of at most six digits."""
        value = self.required(name)
        if isinstance(value, Decimal):
            if not 0 <= value < _TOO_LARGE or value != round(value, 6):
                self.fail(f"field {name} is {value}, not a quantity of at most 20 digits and 6 decimals")
            return value
        return Decimal(self._whole(name, value))

    def text(self, name: str) -> str | None:
        """A required field that is a text or null."""
        value = self.required(name)
        if value is not None and (not isinstance(value, str) or not value):
            self.fail(f"field {name} is {_shown(value)}, neither text nor null")
        return value

    def flag(self, name: str) -> bool | None:
        """A required field that is true, false or null."""
        value = self.required(name)
        if value is not None and not isinstance(value, bool):
            self.fail(f"field {name} is {_shown(value)}, neither true, false nor null")
        return value

    def child(self, name: str) -> "Record":
        """A required object."""
        value = self.required(name)
        if not isinstance(value, dict):
            self.fail(f"field {name} is {type(value).__name__}, not an object")
        return Record(self.provider, self.page, f"{self.place} {name}", value)

    def children(self, name: str) -> "Iterator[Record]":
        """A required list of objects."""
        values = self.required(name)
        if not isinstance(values, list):
            self.fail(f"field {name} is {type(values).__name__}, not a list")
        for number, value in enumerate(values):
            yield Record.of(value, provider=self.provider, page=self.page, place=f"{self.place} {name}[{number}]")

    def unknown(self, known: Collection[str]) -> list[str]:
        """Names of the fields that are not known and carry no quantity. Raises MalformedPageError for one that may."""
        names = [name for name in self.content if name not in known]
        for name in names:
            value = self.content[name]
            if _may_be_usage(name, value):
                self.fail(
                    f"unknown field {name} = {_shown(value)} may be usage that is billed; "
                    f"the provider's module has to learn it before this day can be read"
                )
        return names

    def _whole(self, name: str, value: Any) -> int:
        if type(value) is not int:
            self.fail(f"field {name} is {_shown(value)}, not a whole number")
        if not 0 <= value < _TOO_LARGE:
            self.fail(f"field {name} is {value}, not a count of at most 20 digits")
        return int(value)


def _may_be_usage(name: str, value: Any) -> bool:
    if isinstance(value, dict):
        return any(_may_be_usage(key, part) for key, part in value.items())
    if isinstance(value, list):
        return any(_may_be_usage(name, part) for part in value)
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return (name.endswith("_tokens") and value is not None) or (is_number and value != 0)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


class UnknownFields:
    """Counts fields that are unknown and harmless, and reports them once."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def add(self, record: Record, known: Collection[str]) -> None:
        """Check one record. Raises MalformedPageError as Record.unknown."""
        for name in record.unknown(known):
            self._counts[record.provider, record.page.source, name] += 1

    def report(self) -> None:
        """One warning for each field."""
        for (provider, source, name), count in sorted(self._counts.items()):
            log.warning(
                "provider=%s source=%s unknown_field=%s rows=%d: kept in the raw page only",
                provider,
                source,
                name,
                count,
            )


class UsageTotals:
    """Adds up rows with one key; the page of a sum is that of its first row."""

    def __init__(self) -> None:
        self._rows: dict[UsageRow, UsageRow] = {}

    def add(self, row: UsageRow) -> None:
        """Add a row; a quantity of zero leaves no row."""
        if not row.quantity:
            return
        key = replace(row, **_NOT_IN_KEY)  # type: ignore[arg-type]  # the values have the fields' types
        known = self._rows.get(key)
        self._rows[key] = row if known is None else replace(known, quantity=known.quantity + row.quantity)

    def __iter__(self) -> Iterator[UsageRow]:
        return iter(self._rows.values())


class DayCoverage:
    """Checks that every series of requests answered each day of the window, once."""

    def __init__(self, provider: str, window: Window) -> None:
        self._provider = provider
        self._window = window
        self._seen: dict[str, set[dt.date]] = {}

    def expect(self, series: str) -> None:
        """A series of requests that must be there, even if none of its pages is."""
        self._seen.setdefault(series, set())

    def add(self, series: str, bucket: Record, start: dt.datetime, end: dt.datetime) -> None:
        """One bucket. Raises MalformedPageError where it is no day of the window, or a day that was there before."""
        if start.time() != dt.time(0) or not start < end <= start + _DAY:
            bucket.fail(f"bucket {start.isoformat()} to {end.isoformat()} is no UTC day")
        if start < self._window.start or end > self._window.end:
            bucket.fail(
                f"bucket {start.isoformat()} to {end.isoformat()} is outside the window "
                f"{self._window.start.isoformat()} to {self._window.end.isoformat()}"
            )
        days = self._seen.setdefault(series, set())
        if start.date() in days:
            bucket.fail(f"day {start.date().isoformat()} comes twice")
        days.add(start.date())

    def check(self) -> None:
        """Raises MalformedPageError for a day without a bucket: a page is missing."""
        for series, days in self._seen.items():
            missing = sorted(set(self._window.days) - days)
            if missing:
                raise MalformedPageError(
                    f"{self._provider} {series}: no bucket for {len(missing)} of {len(self._window.days)} days, "
                    f"the first {missing[0].isoformat()}; a page is missing"
                )
