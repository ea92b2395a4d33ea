"""Spend of a period from spend by UTC day: a day that a border cuts is shared by time, and nothing is lost."""

import datetime as dt
from collections.abc import Mapping
from decimal import Context, Decimal, localcontext
from functools import lru_cache

from genai_finops.budgets.budget import Measure
from genai_finops.budgets.periods import Period

_DAY = dt.timedelta(days=1)
_TICK = dt.timedelta.resolution
#: As many as the tables hold; tokens are whole.
_DECIMALS = 18
#: The default of 28 digits would round sums of 18 decimals.
EXACT = Context(prec=60)


def spend_in(spend: Mapping[dt.date, Decimal], period: Period, measure: Measure, *, now: dt.datetime) -> Decimal:
    """What of the spend by UTC day lies in the period. Exact: periods that tile the days add up to the whole.

    The spend of a day that a border cuts is taken to be even in time: over the day, or, of the day of `now`, over the
    part of it that has passed. Money is cut at 18 decimals, tokens at whole ones; what is cut off is the later part's.
    """
    whole, cut = _days_of(period)
    with localcontext(EXACT):
        total = sum(filter(None, map(spend.get, whole)), start=Decimal(0))
        for day in cut:
            if day in spend:
                total += _part(spend[day], day, period, measure, now)
        return total


def shared_days(
    spend: Mapping[dt.date, Decimal], period: Period, measure: Measure, *, now: dt.datetime
) -> dict[dt.date, Decimal]:
    """What of the spend of each UTC day lies in the period; the days add up to `spend_in`."""
    whole, cut = _days_of(period)
    found = {day: spend[day] for day in whole if day in spend}
    with localcontext(EXACT):
        found |= {day: _part(spend[day], day, period, measure, now) for day in cut if day in spend}
    return found


@lru_cache(maxsize=65_536)
def _days_of(period: Period) -> tuple[tuple[dt.date, ...], tuple[dt.date, ...]]:
    """The UTC days that lie in the period as a whole, and those in part."""
    first, end = period.days
    days = [first + number * _DAY for number in range((end - first).days)]
    whole = [day for day in days if period.start <= _start(day) and _start(day + _DAY) <= period.end]
    return tuple(whole), tuple(sorted({*days}.difference(whole)))


def _part(amount: Decimal, day: dt.date, period: Period, measure: Measure, now: dt.datetime) -> Decimal:
    begins, ends = _start(day), _start(day + _DAY)
    if begins < now < ends:
        ends = now
    decimals = 0 if measure == "tokens" else _DECIMALS
    before = _until(period.start, amount, begins, ends, decimals)
    # Both neighbours of a border round the same running total there, so that nothing falls between them.
    return _until(period.end, amount, begins, ends, decimals) - before


def _until(moment: dt.datetime, amount: Decimal, begins: dt.datetime, ends: dt.datetime, decimals: int) -> Decimal:
    if moment <= begins:
        return Decimal(0)
    if moment >= ends:
        return amount
    dividend, divisor = amount.as_integer_ratio()
    dividend *= (moment - begins) // _TICK * 10**decimals
    return Decimal(dividend // (divisor * ((ends - begins) // _TICK))).scaleb(-decimals)


def _start(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
