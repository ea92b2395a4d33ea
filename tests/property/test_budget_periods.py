"""Periods tile the validity of a budget, in every zone, whatever its clocks do."""

import dataclasses
import datetime as dt
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.periods import earlier_periods, needed_days, next_border, period_at, periods_between
from genai_finops.warehouse.spend_scope import SpendScope

# Quarter hours, a day that never was, skips and repeats at midnight, half hours of daylight.
ZONES = (
    "UTC",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Santiago",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "America/Havana",
)
_MICROSECOND = dt.timedelta.resolution
_DAY = dt.timedelta(days=1)

days = st.dates(dt.date(2009, 1, 1), dt.date(2028, 12, 31))


@st.composite
def budgets(draw):
    valid_from = draw(days)
    valid_to = valid_from + draw(st.integers(1, 1_500)) * _DAY
    period = draw(st.sampled_from(["daily", "weekly", "monthly", "quarterly", "yearly", "custom"]))
    if period != "custom" and draw(st.booleans()):
        valid_to = None
    return Budget(
        owner="acme",
        name="all",
        scope=SpendScope(),
        period=period,
        time_zone=draw(st.sampled_from(ZONES)),
        measure="effective_cost",
        amount=Decimal(100),
        currency="USD",
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _instant(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _label(budget: Budget, moment: dt.datetime) -> object:
    day = moment.astimezone(ZoneInfo(budget.time_zone)).date()
    quarter = (day.month - 1) // 3
    return {
        "daily": day,
        "weekly": day.isocalendar()[:2],
        "monthly": (day.year, day.month),
        "quarterly": (day.year, quarter),
        "yearly": day.year,
        "custom": None,
    }[budget.period]


def _is_valid(budget: Budget, moment: dt.datetime) -> bool:
    day = moment.astimezone(ZoneInfo(budget.time_zone)).date()
    return budget.valid_from <= day and (budget.valid_to is None or day < budget.valid_to)


@settings(max_examples=60)
@given(budgets(), st.integers(-3, 400))
def test_each_period_begins_where_the_one_before_ends(budget, later):
    since = _instant(budget.valid_from + later * _DAY)
    periods = list(periods_between(budget, since, since + 70 * _DAY))
    assert all(period.start < period.end for period in periods)
    assert all(one.end == following.start for one, following in pairwise(periods))


@settings(max_examples=300)
@given(budgets(), st.timedeltas(dt.timedelta(days=-3), dt.timedelta(days=1_600)))
@example(
    Budget(
        owner="acme",
        name="apia",
        scope=SpendScope(),
        period="daily",
        time_zone="Pacific/Apia",
        measure="tokens",
        amount=Decimal(1),
        currency=None,
        valid_from=dt.date(2011, 12, 29),
        valid_to=dt.date(2012, 1, 2),
    ),
    dt.timedelta(days=1, hours=10),
)
def test_a_period_is_the_moments_of_the_validity_that_the_calendar_there_puts_together(budget, later):
    moment = _instant(budget.valid_from) + later
    period = period_at(budget, moment)
    assert (period is not None) == _is_valid(budget, moment)
    if period is None:
        return
    assert period.start <= moment < period.end
    # The calendar says the same of its first and last moment, and something else just outside.
    inside = [_label(budget, each) for each in (period.start, moment, period.end - _MICROSECOND)]
    assert len(set(inside)) == 1
    for outside in (period.start - _MICROSECOND, period.end):
        assert not _is_valid(budget, outside) or _label(budget, outside) != inside[0]


@settings(max_examples=60)
@given(budgets(), st.integers(0, 1_500), st.integers(1, 12))
def test_earlier_periods_lead_without_a_gap_to_the_period_and_back_to_the_first_day(budget, later, count):
    period = period_at(budget, _instant(budget.valid_from + later * _DAY))
    if period is None:
        return
    earlier = earlier_periods(budget, period, count)
    assert all(one.end == following.start for one, following in pairwise([*earlier, period]))
    first = [*earlier, period][0]
    assert len(earlier) == count or first == next(
        periods_between(budget, _instant(budget.valid_from) - _DAY, period.end)
    )


@settings(max_examples=100)
@given(budgets(), st.timedeltas(dt.timedelta(days=-3), dt.timedelta(days=1_600)))
def test_the_period_changes_at_the_next_border_and_not_before(budget, later):
    moment = _instant(budget.valid_from) + later
    border = next_border(budget, moment)
    if border is None:
        assert period_at(budget, moment + 400 * _DAY) is None
        return
    assert border > moment
    assert period_at(budget, border - _MICROSECOND) == period_at(budget, moment)
    assert period_at(budget, border) != period_at(budget, moment)


@settings(max_examples=60)
@given(budgets(), st.integers(0, 1_500), st.booleans())
def test_needed_days_hold_all_that_periods_of_the_present_and_of_rollover_touch(budget, later, is_rolling_over):
    now = _instant(budget.valid_from + later * _DAY)
    period = period_at(budget, now)
    if period is None or budget.period == "custom":
        return
    budget = dataclasses.replace(budget, is_rolling_over=is_rolling_over)
    since, until = needed_days(budget, now)
    assert _instant(until) >= period.end
    first = [*earlier_periods(budget, period, 12 if is_rolling_over else 0), period][0]
    assert _instant(since) <= first.start
