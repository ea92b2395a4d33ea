"""Periods of budgets: which moments belong together. They begin at local midnights, and tile the validity."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from genai_finops.budgets.budget import Budget, PeriodKind

#: `waiting`: the first period is still to come. `over`: the last one has ended.
Standing = Literal["running", "waiting", "over"]

#: For so long after its end a period is still looked at: its last days come late, and providers restate. As long as
#: most of them are read again.
SETTLING = dt.timedelta(days=3)
#: What is left of a period expires after so many more.
ROLLOVER_PERIODS = 12

#: Kind of period, time zone and validity: thousands of budgets have the same few, and are asked at one moment.
_Calendar = tuple[PeriodKind, str, dt.date, dt.date | None]

_DAY = dt.timedelta(days=1)
_MONTHS: dict[PeriodKind, int] = {"monthly": 1, "quarterly": 3, "yearly": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """The moments [start, end), in UTC."""

    start: dt.datetime
    end: dt.datetime

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """The UTC days [first, end) that it lies on, also in part."""
        return self.start.date(), (self.end - dt.timedelta.resolution).date() + _DAY


def period_at(budget: Budget, moment: dt.datetime) -> Period | None:
    """The period of the moment; None outside the validity.

    Days are those of the budget's time zone, weeks begin on Monday. The first period is cut by `valid_from` and the
    last by `valid_to`; the amount of a period that is cut is the whole amount.
    """
    return _period_at(_calendar_of(budget), moment)


def standing_at(budget: Budget, moment: dt.datetime) -> Standing:
    """Whether the budget has a period at the moment, and if not, why."""
    return _standing_at(_calendar_of(budget), moment)


def periods_between(budget: Budget, since: dt.datetime, until: dt.datetime) -> Iterator[Period]:
    """The periods that lie in [since, until), also in part; the earliest first."""
    yield from _periods_between(_calendar_of(budget), since, until)


def earlier_periods(budget: Budget, period: Period, count: int) -> list[Period]:
    """At most `count` periods before this one, the earliest first."""
    first = local_midnight(budget.valid_from, budget.time_zone)
    found: list[Period] = []
    start = period.start
    while len(found) < count and start > first:
        before = period_at(budget, start - dt.timedelta.resolution)
        if before is None:
            break
        found.append(before)
        start = before.start
    return found[::-1]


def settling_periods(budget: Budget, now: dt.datetime) -> list[Period]:
    """The periods that have ended, and whose spend may still change; the earliest first."""
    return [*_settling_periods(_calendar_of(budget), now)]


def next_border(budget: Budget, moment: dt.datetime) -> dt.datetime | None:
    """When the next period begins, or the present one ends; None after the last."""
    period = period_at(budget, moment)
    if period is not None:
        return period.end
    first = local_midnight(budget.valid_from, budget.time_zone)
    return first if moment < first else None


def needed_days(budget: Budget, now: dt.datetime) -> tuple[dt.date, dt.date] | None:
    """The UTC days [since, until) whose spend an evaluation at `now` reads; None where it reads none."""
    present = period_at(budget, now)
    periods = [*settling_periods(budget, now), *([] if present is None else [present])]
    if not periods:
        return None
    earlier = earlier_periods(budget, periods[0], ROLLOVER_PERIODS) if budget.is_rolling_over else []
    return (earlier or periods)[0].days[0], periods[-1].days[1]


@lru_cache(maxsize=65_536)
def local_midnight(day: dt.date, zone_name: str) -> dt.datetime:
    """The first moment of the day there, in UTC.

    Where clocks skip midnight it is the moment of the skip, where they skip the whole day the next day's, and where
    midnight comes twice it is the first.
    """
    zone = ZoneInfo(zone_name)
    midnight = dt.datetime.combine(day, dt.time(), zone)
    moment = midnight.astimezone(dt.UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return moment
    # Inside a skip `fold` chooses between the offsets before and after, so that the skip lies between both.
    low, high = midnight.replace(fold=1).astimezone(dt.UTC), moment
    while high - low > dt.timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).date() < day:
            low = middle
        else:
            high = middle
    return high


def _calendar_of(budget: Budget) -> _Calendar:
    return budget.period, budget.time_zone, budget.valid_from, budget.valid_to


def _standing_at(calendar: _Calendar, moment: dt.datetime) -> Standing:
    _, zone_name, valid_from, valid_to = calendar
    if moment < local_midnight(valid_from, zone_name):
        return "waiting"
    if valid_to is not None and moment >= local_midnight(valid_to, zone_name):
        return "over"
    return "running"


@lru_cache(maxsize=16_384)
def _period_at(calendar: _Calendar, moment: dt.datetime) -> Period | None:
    if _standing_at(calendar, moment) != "running":
        return None
    day = moment.astimezone(ZoneInfo(calendar[1])).date()
    period = _period_of_day(calendar, day)
    # Where clocks go back over midnight, they show the day before once more.
    return period if moment < period.end else _period_of_day(calendar, day + _DAY)


def _periods_between(calendar: _Calendar, since: dt.datetime, until: dt.datetime) -> Iterator[Period]:
    _, zone_name, valid_from, _ = calendar
    moment = max(since, local_midnight(valid_from, zone_name))
    while moment < until and (period := _period_at(calendar, moment)) is not None:
        yield period
        moment = period.end


@lru_cache(maxsize=16_384)
def _settling_periods(calendar: _Calendar, now: dt.datetime) -> tuple[Period, ...]:
    return tuple(period for period in _periods_between(calendar, now - SETTLING, now) if period.end <= now)


def _period_of_day(calendar: _Calendar, day: dt.date) -> Period:
    return _cut_period(*calendar, _first_day(calendar, day))


def _first_day(calendar: _Calendar, day: dt.date) -> dt.date:
    kind, _, valid_from, _ = calendar
    match kind:
        case "daily":
            return day
        case "weekly":
            return day - day.weekday() * _DAY
        case "custom":
            return valid_from
        case _:
            months = _MONTHS[kind]
            return day.replace(month=(day.month - 1) // months * months + 1, day=1)


@lru_cache(maxsize=65_536)
def _cut_period(
    kind: PeriodKind, zone_name: str, valid_from: dt.date, valid_to: dt.date | None, first: dt.date
) -> Period:
    end = valid_to if kind == "custom" and valid_to is not None else _next_first(kind, first)
    first = max(first, valid_from)
    return Period(
        local_midnight(first, zone_name), local_midnight(end if valid_to is None else min(end, valid_to), zone_name)
    )


def _next_first(kind: PeriodKind, first: dt.date) -> dt.date:
    if kind in _MONTHS:
        months = first.month - 1 + _MONTHS[kind]
        return dt.date(first.year + months // 12, months % 12 + 1, 1)
    return first + (7 if kind == "weekly" else 1) * _DAY
