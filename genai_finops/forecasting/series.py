"""From spend by day to the arrays that many forecasts are made of at once. Columns are series, rows are days."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

import numpy as np

from genai_finops.forecasting.forecast import KnownChange
from genai_finops.forecasting.wanted import WantedForecast
from genai_finops.forecasting.weekday_level import Flags, Floats, WeekdayLevel

#: Days of the past that a forecast rests on, at most: eight weeks.
HISTORY_DAYS = 56
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rest:
    """What is expected of the days that are not wholly known, by day from the first of these on."""

    #: Within the period, beyond what is known already.
    daily: Floats
    #: How much of the uncertainty of an unchanged series it has: what changes by a factor changes that too.
    spread: Floats


def history(wanted: Sequence[WantedForecast]) -> Floats:
    """The last days that are known, HISTORY_DAYS of them; NaN before the first day on which anything was spent.

    Days before a known change are told as they would be after it.
    """
    # All series in one go: in Python's steps it is the dearest part of a forecast.
    columns = np.repeat(np.arange(len(wanted)), [len(one.spend) for one in wanted])
    days = np.fromiter(map(dt.date.toordinal, chain.from_iterable(one.spend for one in wanted)), dtype=np.int64)
    amounts = np.fromiter(map(float, chain.from_iterable(one.spend.values() for one in wanted)), dtype=np.float64)
    sinces = np.array([one.known_until.toordinal() - HISTORY_DAYS for one in wanted], dtype=np.int64)
    places = days - sinces[columns]
    starts = np.full(len(wanted), HISTORY_DAYS)
    is_spent = (amounts != 0) & (places < HISTORY_DAYS)
    np.minimum.at(starts, columns[is_spent], np.maximum(places[is_spent], 0))
    found = np.zeros((HISTORY_DAYS, len(wanted)))
    is_within = (places >= 0) & (places < HISTORY_DAYS)
    found[places[is_within], columns[is_within]] = amounts[is_within]
    found[np.arange(HISTORY_DAYS)[:, None] < starts] = np.nan
    for column, one in enumerate(wanted):
        since, start = one.known_until - HISTORY_DAYS * _DAY, int(starts[column])
        for change in sorted(one.changes, key=lambda change: change.day):
            place = (change.day - since).days
            if start < place < HISTORY_DAYS:
                earlier = found[start:place, column]
                found[start:place, column] = earlier * float(change.factor) + float(change.amount_per_day)
    return found


def horizons(wanted: Sequence[WantedForecast]) -> Floats:
    """Days, whole and in part, of each period that are not wholly known."""
    starts = np.array([max(0.0, _days(one, one.start)) for one in wanted])
    ends = np.array([_days(one, one.end) for one in wanted])
    return np.asarray(np.maximum(ends - starts, 0.0))


def rest(wanted: Sequence[WantedForecast], expected: WeekdayLevel, *, may_fall: Flags) -> Rest:
    """What each period will have beyond what is known. Only where `may_fall` it may be below 0."""
    starts, ends, nows = (
        np.array([_days(one, moment) for one, moment in pairs])
        for pairs in (
            [(one, one.start) for one in wanted],
            [(one, one.end) for one in wanted],
            [(one, one.now) for one in wanted],
        )
    )
    days = np.arange(max(1, int(np.ceil(ends.max()))))[:, None]
    within = np.clip(np.minimum(days + 1, ends) - np.maximum(days, starts), 0.0, 1.0)
    to_come = np.clip(days + 1 - nows, 0.0, 1.0)
    unchanged = expected.level * expected.profile[days[:, 0] % len(expected.profile)]
    by_factor, daily = unchanged.copy(), unchanged.copy()
    seen = np.zeros_like(daily)
    for column, one in enumerate(wanted):
        for day, amount in one.spend.items():
            if day >= one.known_until and (place := (day - one.known_until).days) < len(days):
                seen[place, column] = float(amount)
        for change in _ahead(one):
            place = (change.day - one.known_until).days
            by_factor[place:, column] *= float(change.factor)
            daily[place:, column] *= float(change.factor)
            daily[place:, column] += float(change.amount_per_day)
    daily = np.where(may_fall, daily, np.maximum(daily, 0.0))
    # What is seen of a day is the least it has; what is left of today comes on top of what is seen.
    daily = np.where(daily > 0, np.maximum(daily - seen, daily * to_come), daily - seen)
    daily = np.where(may_fall, daily, np.maximum(daily, 0.0)) * within
    base, changed = _total(unchanged * within), _total(by_factor * within)
    return Rest(daily=daily, spread=np.where(base > 0, changed / np.where(base > 0, base, 1.0), 1.0))


def day_of_exhaustion(one: WantedForecast, amount: Decimal, daily: Floats) -> dt.date | None:
    """First day on which as much as `amount` is spent of the period, by expectation; None: not within it."""
    if one.spent < amount:
        reached = np.cumsum(daily) >= float(amount - one.spent)
        return one.known_until + int(reached.argmax()) * _DAY if reached.any() else None
    total, day = Decimal(0), one.start.date()
    while day < one.now.date():
        share = min(dt.timedelta(days=1), _midnight(day + _DAY) - one.start) / _DAY
        total += one.spend.get(day, Decimal(0)) * Decimal(share)
        if total >= amount:
            break
        day += _DAY
    return day


def _ahead(one: WantedForecast) -> list[KnownChange]:
    """The changes that the known days have not seen, in their order."""
    return sorted((each for each in one.changes if each.day >= one.known_until), key=lambda each: each.day)


def _days(one: WantedForecast, moment: dt.datetime) -> float:
    return (moment - _midnight(one.known_until)) / _DAY


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def _total(values: Floats) -> Floats:
    return np.asarray(np.cumsum(values, axis=0)[-1])
