"""Hours of machines and accelerators: what ran for how long, added up exactly and rounded once for each row."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from genai_finops.providers.base import UsageRow

_HOUR = dt.timedelta(hours=1)
_MICROSECOND = dt.timedelta(microseconds=1)
_MICROSECONDS_OF_AN_HOUR = _HOUR // _MICROSECOND
#: Decimals of the landing column.
_PLACES = Decimal("0.000001")
_EXACT = Context(prec=60)


def hour_parts(start: dt.datetime, end: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """The parts of [start, end), UTC, in each hour of the clock that it touches; together they are the whole of it."""
    while start < end:
        following = start.replace(minute=0, second=0, microsecond=0) + _HOUR
        yield start, min(following, end)
        start = following


def elapsed_hours(start: dt.datetime, end: dt.datetime) -> Fraction:
    """Hours from start to end, exactly."""
    return Fraction((end - start) // _MICROSECOND, _MICROSECONDS_OF_AN_HOUR)


def rounded_hours(hours: Fraction) -> Decimal:
    """The hours with six decimals, half to even: seconds rarely are a finite decimal of an hour."""
    scaled = round(hours * 10**6)
    return Decimal(scaled).scaleb(-6, _EXACT)


def rounded_rows(rows: Iterable[UsageRow]) -> Iterator[UsageRow]:
    """The rows with six decimals, half to even; one that rounds to nothing is left out."""
    for row in rows:
        quantity = row.quantity.quantize(_PLACES, rounding=ROUND_HALF_EVEN, context=_EXACT)
        if quantity:
            yield replace(row, quantity=quantity)


@dataclass(slots=True)
class MachineHours:
    """Adds up hours of what belongs to one row, so that a row is rounded once, whatever it is the sum of."""

    _hours: dict[UsageRow, tuple[UsageRow, Fraction]]

    @classmethod
    def none(cls) -> "MachineHours":
        """Without hours."""
        return cls({})

    def add(self, row: UsageRow, hours: Fraction) -> None:
        """Hours of the key of a row, whose own quantity is ignored; its page and name are those of the first."""
        key = replace(row, quantity=Decimal(0), page="", resource_name=None)
        first, known = self._hours.get(key, (row, Fraction(0)))
        self._hours[key] = first, known + hours

    def rows(self) -> Iterator[UsageRow]:
        """A row for each key, in the order in which they came; hours that round to nothing leave none."""
        for row, hours in self._hours.values():
            quantity = rounded_hours(hours)
            if quantity:
                yield replace(row, quantity=quantity)
