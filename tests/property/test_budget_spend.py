"""What a UTC day spent is shared among the periods that it lies in, and nothing is lost or made up."""

import dataclasses
import datetime as dt
from decimal import Context, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from genai_finops.budgets.budget import DEFAULT_THRESHOLDS, Budget
from genai_finops.budgets.day_shares import shared_days, spend_in
from genai_finops.budgets.evaluation import evaluate, with_forecast
from genai_finops.budgets.periods import ROLLOVER_PERIODS, Period, earlier_periods, period_at, periods_between
from genai_finops.budgets.rollover import carried_into
from genai_finops.forecasting.forecast import PeriodForecast
from genai_finops.warehouse.spend_scope import SpendScope

_FIRST = dt.date(2026, 2, 20)
_DAY = dt.timedelta(days=1)
_ZONES = ("UTC", "Asia/Kathmandu", "Pacific/Apia", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe")
_EXACT = Context(prec=80)

# Restated and credited days are below 0.
costs = st.integers(-(10**24), 10**30).map(lambda n: Decimal(n).scaleb(-18))
counts = st.integers(0, 10**15).map(Decimal)
moments = st.timedeltas(dt.timedelta(days=-1), dt.timedelta(days=90)).map(
    lambda later: dt.datetime.combine(_FIRST, dt.time(), dt.UTC) + later
)


def _budget(**changes) -> Budget:
    budget = Budget(
        owner="acme",
        name="all",
        scope=SpendScope(),
        period="weekly",
        time_zone="UTC",
        measure="effective_cost",
        amount=Decimal(1000),
        currency="USD",
        valid_from=_FIRST,
    )
    return dataclasses.replace(budget, **changes)


@st.composite
def cut_budgets(draw):
    is_tokens = draw(st.booleans())
    return _budget(
        period=draw(st.sampled_from(["daily", "weekly", "monthly"])),
        time_zone=draw(st.sampled_from(_ZONES)),
        measure="tokens" if is_tokens else "effective_cost",
        currency=None if is_tokens else "USD",
        # Days before the spend begins, so that all of it lies in some period.
        valid_from=_FIRST - 2 * _DAY,
    )


def _by_day(amounts) -> dict[dt.date, Decimal]:
    return {_FIRST + number * _DAY: amount for number, amount in enumerate(amounts)}


def _added(amounts) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


@settings(max_examples=80)
@given(cut_budgets(), st.data(), moments)
def test_periods_share_all_that_was_spent_to_the_last_decimal(budget, data, now):
    amounts = data.draw(st.lists(counts if budget.measure == "tokens" else costs, min_size=1, max_size=40))
    spend = _by_day(amounts)
    until = dt.datetime.combine(_FIRST + 45 * _DAY, dt.time(), dt.UTC)
    periods = list(periods_between(budget, until - 60 * _DAY, until))
    parts = [spend_in(spend, period, budget.measure, now=now) for period in periods]
    assert _added(parts) == _added(amounts)
    if budget.measure == "tokens":
        assert all(part == part.to_integral_value() for part in parts)


@settings(max_examples=80)
@given(cut_budgets(), costs, moments, st.integers(0, 40))
def test_the_part_of_a_day_is_its_part_of_the_time_of_which_the_day_of_now_has_less(budget, amount, now, number):
    budget = dataclasses.replace(budget, measure="effective_cost", currency="USD")
    day = _FIRST + number * _DAY
    begins = dt.datetime.combine(day, dt.time(), dt.UTC)
    ends = now if begins < now < begins + _DAY else begins + _DAY
    for period in periods_between(budget, begins, begins + _DAY):
        common = max(min(ends, period.end) - max(begins, period.start), dt.timedelta(0))
        exact = Fraction(amount) * (common // dt.timedelta.resolution) / ((ends - begins) // dt.timedelta.resolution)
        part = shared_days({day: amount}, period, budget.measure, now=now)[day]
        assert abs(Fraction(part) - exact) <= Fraction(1, 10**18)


@settings(max_examples=60)
@given(
    st.sampled_from(_ZONES),
    st.lists(st.integers(-50, 400).map(Decimal), min_size=30, max_size=70),
    st.none() | st.integers(1, 2000).map(Decimal),
)
def test_what_is_carried_is_what_periods_had_and_neither_spent_nor_lost_at_the_limit(zone, amounts, limit):
    budget = _budget(time_zone=zone, is_rolling_over=True, rollover_limit=limit)
    spend = _by_day(amounts)
    now = dt.datetime.combine(_FIRST + 70 * _DAY, dt.time(12), dt.UTC)
    period = period_at(budget, now)
    earlier = earlier_periods(budget, period, ROLLOVER_PERIODS)
    assert len(earlier) < ROLLOVER_PERIODS, "none has expired"
    carried = [carried_into(budget, spend, each, now=now) for each in [*earlier, period]]
    spent = [spend_in(spend, each, budget.measure, now=now) for each in earlier]
    had = [_EXACT.add(budget.amount, into) for into in carried[:-1]]
    overspent = [max(_EXACT.subtract(out, into), Decimal(0)) for into, out in zip(had, spent, strict=True)]
    left = [_EXACT.subtract(into, out) for into, out in zip(had, spent, strict=True)]
    lost = [max(_EXACT.subtract(each, onward), 0) for each, onward in zip(left, carried[1:], strict=True)]
    assert carried[0] == 0
    assert carried[-1] == _added(
        [budget.amount * len(earlier), *map(_EXACT.minus, spent), *overspent, *map(_EXACT.minus, lost)]
    )
    assert all(
        each == 0 or (limit is not None and onward == limit) for each, onward in zip(lost, carried[1:], strict=True)
    )


@settings(max_examples=40)
@given(st.lists(st.integers(0, 2000).map(Decimal), min_size=17, max_size=17), st.integers(14, 16))
def test_what_was_left_more_than_twelve_periods_ago_has_expired(amounts, weeks):
    budget = _budget(is_rolling_over=True)
    now = dt.datetime.combine(_FIRST + weeks * 7 * _DAY, dt.time(), dt.UTC)
    period = period_at(budget, now)
    forgotten = earlier_periods(budget, period, ROLLOVER_PERIODS)[0].start.date()
    spend = {_FIRST + number * 7 * _DAY: amount for number, amount in enumerate(amounts)}
    without = {day: amount for day, amount in spend.items() if day >= forgotten}
    assert carried_into(budget, spend, period, now=now) == carried_into(budget, without, period, now=now)


def _forecast(total: Decimal, history_days: int = 30) -> PeriodForecast:
    return PeriodForecast(
        total=total,
        lower_80=total,
        upper_80=total,
        lower_95=total,
        upper_95=total,
        exhaustion_day=None,
        method="level",
        backtest_error=None,
        history_days=history_days,
    )


@settings(max_examples=150)
@given(
    st.integers(-100, 3000).map(Decimal),
    st.integers(0, 3000).map(Decimal),
    st.integers(0, 3000).map(Decimal),
    st.booleans(),
)
def test_more_spend_crosses_no_fewer_thresholds_and_a_share_is_either_spent_or_expected(spent, more, total, is_rolling):
    budget = _budget(valid_from=dt.date(2026, 3, 2) - 7 * _DAY, is_rolling_over=is_rolling)
    now = dt.datetime(2026, 3, 4, 12, tzinfo=dt.UTC)
    states = [
        with_forecast(budget, evaluate(budget, {dt.date(2026, 3, 2): amount}, now=now, data_as_of={}), _forecast(total))
        for amount in (spent, spent + more)
    ]
    actual, expected = (
        [{each.share for each in state.crossed if each.kind == kind} for state in states]
        for kind in ("actual", "forecast")
    )
    assert actual[0] <= actual[1]
    assert actual[0] | expected[0] <= actual[1] | expected[1]
    assert not actual[0] & expected[0]
    shares = sorted({each.share for each in DEFAULT_THRESHOLDS})
    # What is crossed has no gaps: a share is not crossed before a smaller one.
    assert all(sorted(each) == shares[: len(each)] for each in actual)


@settings(max_examples=20)
@given(st.lists(costs, min_size=10, max_size=10), st.sampled_from(_ZONES))
def test_the_zone_in_which_now_is_told_changes_nothing(amounts, zone):
    budget = _budget(time_zone="America/Santiago")
    now = dt.datetime(2026, 2, 27, 2, 3, tzinfo=dt.UTC)
    there = evaluate(budget, _by_day(amounts), now=now.astimezone(ZoneInfo(zone)), data_as_of={})
    here = evaluate(budget, _by_day(amounts), now=now, data_as_of={})
    assert there == here


def test_a_period_within_one_day_has_its_part_of_it():
    day = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    period = Period(day + dt.timedelta(hours=6), day + dt.timedelta(hours=12))
    assert spend_in({day.date(): Decimal(8)}, period, "effective_cost", now=day + 2 * _DAY) == 2
