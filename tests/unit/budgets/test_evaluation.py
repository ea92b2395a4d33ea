"""How a budget stands, by figures that can be added up in the head."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from genai_finops.budgets.budget import Budget, Threshold
from genai_finops.budgets.evaluation import evaluate, evaluate_settling, next_change, with_forecast
from genai_finops.forecasting.forecast import PeriodForecast
from genai_finops.warehouse.spend_scope import SpendScope

_HOUR = dt.timedelta(hours=1)
_NOW = dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC)
_BUDGET = Budget(
    owner="acme",
    name="all",
    scope=SpendScope.of({"org": "acme"}),
    period="monthly",
    time_zone="UTC",
    measure="effective_cost",
    amount=Decimal(1000),
    currency="USD",
    valid_from=dt.date(2026, 8, 1),
)
_FORECAST = PeriodForecast(
    total=Decimal(950),
    lower_80=Decimal(900),
    upper_80=Decimal(1000),
    lower_95=Decimal(850),
    upper_95=Decimal(1100),
    exhaustion_day=None,
    method="level",
    backtest_error=None,
    history_days=7,
)


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _state(budget: Budget = _BUDGET, spend=None, now: dt.datetime = _NOW, **as_of: dt.datetime):
    return evaluate(budget, spend or {}, now=now, data_as_of=as_of)


def _crossed(state) -> list[str]:
    return [f"{each.kind} {each.share:f}" for each in state.crossed]


def test_a_share_is_crossed_when_it_is_reached_and_not_before():
    spends = [_state(spend={_day("2026-10-05"): Decimal(amount)}) for amount in ("749.999999999999999999", "750")]
    assert [_crossed(state) for state in spends] == [["actual 0.5"], ["actual 0.5", "actual 0.75"]]


def test_spend_of_other_months_is_not_counted():
    spend = {_day("2026-09-30"): Decimal(1), _day("2026-10-01"): Decimal(2), _day("2026-11-01"): Decimal(4)}
    assert _state(spend=spend).spend == 2


def test_credits_above_the_cost_are_a_spend_below_zero():
    state = _state(spend={_day("2026-10-05"): Decimal(-30)})
    assert (state.share, state.crossed) == (Decimal("-0.03"), ())


def test_of_the_present_day_only_the_passed_part_is_shared_with_the_day_before():
    budget = dataclasses.replace(_BUDGET, period="daily", time_zone="America/New_York")
    # New York's day began at 04:00Z, and 12 hours of the UTC day have passed.
    state = _state(budget, {_day("2026-10-20"): Decimal(120)})
    before = evaluate_settling(budget, {_day("2026-10-20"): Decimal(120)}, now=_NOW, data_as_of={})[-1]
    assert (before.spend, state.spend) == (40, 80)


def test_only_a_crossed_threshold_whose_action_is_to_block_blocks():
    block = Threshold(share=Decimal("0.9"), kind="actual", severity="critical", actions=("block",))
    notify = Threshold(share=Decimal("0.5"), kind="actual", severity="info")
    budget = dataclasses.replace(_BUDGET, thresholds=(notify, block))
    states = [_state(budget, {_day("2026-10-05"): Decimal(amount)}) for amount in (899, 900)]
    assert [state.is_blocked for state in states] == [False, True]


def test_what_is_left_of_a_month_is_available_in_the_next():
    budget = dataclasses.replace(_BUDGET, is_rolling_over=True)
    spend = {_day("2026-08-10"): Decimal(700), _day("2026-09-10"): Decimal(1100), _day("2026-10-10"): Decimal(600)}
    state = _state(budget, spend)
    assert (state.carried, state.available, _crossed(state)) == (200, 1200, ["actual 0.5"])


def test_what_was_overspent_is_no_debt():
    budget = dataclasses.replace(_BUDGET, is_rolling_over=True)
    assert _state(budget, {_day("2026-09-10"): Decimal(5000)}).available == 1000


def test_no_more_than_the_limit_rolls_over():
    budget = dataclasses.replace(_BUDGET, is_rolling_over=True, rollover_limit=Decimal(150))
    assert _state(budget).carried == 150


def test_a_forecast_crosses_what_is_not_spent_yet():
    state = with_forecast(_BUDGET, _state(spend={_day("2026-10-05"): Decimal(760)}), _FORECAST)
    assert _crossed(state) == ["actual 0.5", "actual 0.75", "forecast 0.9"]


def test_a_forecast_that_rests_on_less_than_a_week_crosses_nothing():
    young = dataclasses.replace(_FORECAST, history_days=6)
    assert with_forecast(_BUDGET, _state(), young).crossed == ()


@pytest.mark.parametrize(("age", "late"), [(36, ()), (37, ("openai",))])
def test_data_that_is_older_than_it_should_be_is_late(age, late):
    state = _state(openai=_NOW - age * _HOUR, anthropic=_NOW - 30 * _HOUR)
    assert (state.late, state.known_until) == (late, _NOW - max(age, 30) * _HOUR)


def test_logs_of_requests_do_not_hide_that_a_provider_is_late():
    old = {"openai": _NOW - 37 * _HOUR}
    state = evaluate(_BUDGET, {}, now=_NOW, data_as_of={"openai": _NOW}, provider_as_of=old)
    assert (state.late, state.known_until) == (("openai",), _NOW)


def test_nothing_is_late_of_a_period_that_is_known_to_its_end():
    now = dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
    as_of = {"openai": dt.datetime(2026, 11, 1, tzinfo=dt.UTC), "gemini": dt.datetime(2026, 10, 31, tzinfo=dt.UTC)}
    settling = evaluate_settling(_BUDGET, {}, now=now, data_as_of=as_of)
    assert [state.late for state in settling] == [("gemini",)]


def test_the_last_day_of_a_period_counts_when_it_is_known_at_last():
    now = dt.datetime(2026, 11, 1, 6, tzinfo=dt.UTC)
    settling = evaluate_settling(_BUDGET, {_day("2026-10-31"): Decimal(1000)}, now=now, data_as_of={})
    assert [(state.period.end, state.share) for state in settling] == [(dt.datetime(2026, 11, 1, tzinfo=dt.UTC), 1)]


def test_other_currencies_are_told_and_not_added():
    state = evaluate(
        _BUDGET,
        {_day("2026-10-05"): Decimal(10)},
        now=_NOW,
        data_as_of={},
        uncounted={"EUR": {_day("2026-10-05"): Decimal(7), _day("2026-09-05"): Decimal(9)}, "GBP": {}},
    )
    assert (state.spend, state.uncounted) == (10, {"EUR": 7})


@pytest.mark.parametrize("now", ["2026-07-31T23:59:59+00:00", "2026-10-01T00:00:00+00:00"])
def test_outside_its_validity_a_budget_has_no_state(now):
    budget = dataclasses.replace(_BUDGET, valid_to=_day("2026-10-01"))
    assert _state(budget, now=dt.datetime.fromisoformat(now)) is None


def test_nothing_changes_by_itself_until_data_is_late_or_the_period_ends():
    as_of = _NOW - 30 * _HOUR
    state = evaluate(_BUDGET, {}, now=_NOW, data_as_of={"openai": _NOW}, provider_as_of={"openai": as_of})
    change = next_change(_BUDGET, state, now=_NOW)
    assert as_of + 36 * _HOUR < change < as_of + 36 * _HOUR + dt.timedelta(seconds=1)
    assert next_change(_BUDGET, _state(), now=_NOW) == state.period.end


def test_while_the_present_day_is_shared_between_two_periods_time_alone_changes_them():
    budget = dataclasses.replace(_BUDGET, period="daily", time_zone="America/New_York")
    moments = [_NOW.replace(hour=hour) for hour in (3, 12)]
    changes = [next_change(budget, _state(budget, now=now), now=now) for now in moments]
    assert changes == [_NOW.replace(hour=4), moments[1]]
