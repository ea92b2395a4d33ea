"""Where the calendars of the world are odd."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.periods import (
    Period,
    local_midnight,
    period_at,
    periods_between,
    settling_periods,
    standing_at,
)
from genai_finops.warehouse.spend_scope import SpendScope

_SECOND, _DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)
_BUDGET = Budget(
    owner="acme",
    name="all",
    scope=SpendScope(),
    period="monthly",
    time_zone="UTC",
    measure="effective_cost",
    amount=Decimal(100),
    currency="USD",
    valid_from=dt.date(2024, 1, 1),
)


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("day", "zone", "moment"),
    [
        ("2026-10-20", "UTC", "2026-10-20T00:00:00+00:00"),
        ("2026-10-20", "Asia/Kathmandu", "2026-10-19T18:15:00+00:00"),
        # The clocks of Cairo go from midnight to one on 24 April 2026, and from midnight back to eleven on 30 October.
        ("2026-04-24", "Africa/Cairo", "2026-04-24T01:00:00+03:00"),
        ("2026-10-30", "Africa/Cairo", "2026-10-30T00:00:00+02:00"),
        # Those of Havana go back from one to midnight on 1 November 2026.
        ("2026-11-01", "America/Havana", "2026-11-01T00:00:00-04:00"),
        # Those of Toronto once went from half past eleven to half past midnight.
        ("1919-03-31", "America/Toronto", "1919-03-31T00:30:00-04:00"),
        # Samoa had no 30 December 2011.
        ("2011-12-30", "Pacific/Apia", "2011-12-31T00:00:00+14:00"),
        ("2011-12-31", "Pacific/Apia", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_a_day_begins_at_its_first_moment(day, zone, moment):
    assert local_midnight(dt.date.fromisoformat(day), zone) == _at(moment)


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [
        ("daily", "2024-02-29T00:00:00+01:00", "2024-03-01T00:00:00+01:00"),
        ("weekly", "2024-02-26T00:00:00+01:00", "2024-03-04T00:00:00+01:00"),
        ("monthly", "2024-02-01T00:00:00+01:00", "2024-03-01T00:00:00+01:00"),
        ("quarterly", "2024-01-01T00:00:00+01:00", "2024-04-01T00:00:00+02:00"),
        ("yearly", "2024-01-01T00:00:00+01:00", "2025-01-01T00:00:00+01:00"),
    ],
)
def test_a_period_is_that_of_the_calendar_there(kind, start, end):
    budget = dataclasses.replace(_BUDGET, period=kind, time_zone="Europe/Berlin")
    assert period_at(budget, _at("2024-02-29T23:30:00+01:00")) == Period(_at(start), _at(end))


def test_samoa_goes_from_one_day_to_the_day_after_the_next():
    budget = dataclasses.replace(
        _BUDGET,
        period="daily",
        time_zone="Pacific/Apia",
        valid_from=dt.date(2011, 12, 29),
        valid_to=dt.date(2012, 1, 1),
    )
    skip = _at("2011-12-30T10:00:00+00:00")
    assert list(periods_between(budget, skip - 5 * _DAY, skip + 5 * _DAY)) == [
        Period(skip - _DAY, skip),
        Period(skip, skip + _DAY),
    ]


def test_an_hour_that_clocks_repeat_before_midnight_is_of_the_day_that_had_begun():
    # In Newfoundland, 00:01 on 7 November 2010 was followed by 23:01 on the day before.
    budget = dataclasses.replace(_BUDGET, period="daily", time_zone="America/St_Johns", valid_from=dt.date(2010, 1, 1))
    begins = _at("2010-11-07T00:00:00-02:30")
    for moment in (begins, begins + dt.timedelta(minutes=30), begins + dt.timedelta(hours=2)):
        assert period_at(budget, moment).start == begins


def test_the_first_period_is_cut_by_the_first_day_and_the_last_by_the_end():
    budget = dataclasses.replace(_BUDGET, valid_from=dt.date(2026, 1, 20), valid_to=dt.date(2026, 2, 10))
    assert list(periods_between(budget, _at("2025-01-01T00:00+00:00"), _at("2027-01-01T00:00+00:00"))) == [
        Period(_at("2026-01-20T00:00+00:00"), _at("2026-02-01T00:00+00:00")),
        Period(_at("2026-02-01T00:00+00:00"), _at("2026-02-10T00:00+00:00")),
    ]


@pytest.mark.parametrize(
    ("moment", "standing"),
    [
        ("2026-01-19T23:59:59+01:00", "waiting"),
        ("2026-01-20T00:00:00+01:00", "running"),
        ("2026-02-09T23:59:59+01:00", "running"),
        ("2026-02-10T00:00:00+01:00", "over"),
    ],
)
def test_validity_is_of_days_of_the_zone(moment, standing):
    budget = dataclasses.replace(
        _BUDGET,
        period="custom",
        time_zone="Europe/Berlin",
        valid_from=dt.date(2026, 1, 20),
        valid_to=dt.date(2026, 2, 10),
    )
    assert standing_at(budget, _at(moment)) == standing


def test_a_period_that_has_ended_settles_for_three_days():
    end = _at("2026-03-01T00:00+00:00")
    settling = [settling_periods(_BUDGET, end + after) for after in (-_SECOND, 0 * _DAY, 3 * _DAY - _SECOND, 3 * _DAY)]
    assert [[period.end for period in found] for found in settling] == [[], [end], [end], []]
