"""What is told of a budget, and what is not told again."""

import dataclasses
import datetime as dt
from decimal import Decimal

from genai_finops.budgets.alert_identity import threshold_id
from genai_finops.budgets.alert_memory import KnownAlert, Telling, remembered
from genai_finops.budgets.budget import Budget, Threshold
from genai_finops.budgets.evaluation import BudgetState, evaluate, evaluate_settling, with_forecast
from genai_finops.budgets.periods import period_at
from genai_finops.budgets.telling import alerts_of, next_telling
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
    valid_from=dt.date(2026, 10, 1),
    remind_after=24 * _HOUR,
    cool_down=2 * _HOUR,
)


class _Told:
    """A budget that is looked at, and a log of what was told of it."""

    def __init__(self, budget: Budget = _BUDGET) -> None:
        self.budget = budget
        self.known: dict[str, KnownAlert] = {}

    def look(self, spend: int, now: dt.datetime, *, expected: int | None = None, **as_of: dt.datetime) -> Telling:
        state = evaluate(self.budget, {dt.date(2026, 10, 5): Decimal(spend)}, now=now, data_as_of=as_of)
        if expected is not None:
            state = with_forecast(self.budget, state, _forecast(expected))
        telling = alerts_of(self.budget, [state], self.known, now=now)
        self.known = remembered(self.known, telling, now=now)
        return telling


def _forecast(total: int) -> PeriodForecast:
    return PeriodForecast(
        total=Decimal(total),
        lower_80=Decimal(total),
        upper_80=Decimal(total),
        lower_95=Decimal(total),
        upper_95=Decimal(total),
        exhaustion_day=None,
        method="level",
        backtest_error=None,
        history_days=30,
    )


def _told(telling: Telling) -> list[str]:
    """`!` is sent, `.` is in the log only."""
    return [f"{alert.kind} {alert.threshold:f}{'!' if alert.is_sent else '.'}" for alert in telling.alerts]


def _reminded(telling: Telling) -> list[Decimal | None]:
    return [reminder.alert.threshold for reminder in telling.reminders]


def _crossed(state: BudgetState) -> list[Decimal]:
    return [threshold.share for threshold in state.crossed]


def test_of_thresholds_crossed_at_once_the_highest_is_sent():
    assert _told(_Told().look(950, _NOW)) == ["threshold 0.5.", "threshold 0.75.", "threshold 0.9!"]


def test_a_threshold_without_the_action_notify_is_kept_in_the_log_only():
    quiet = Threshold(share=Decimal("0.9"), kind="actual", severity="critical", actions=("log", "block"))
    loud = Threshold(share=Decimal("0.5"), kind="actual", severity="info")
    told = _Told(dataclasses.replace(_BUDGET, thresholds=(loud, quiet)))
    assert _told(told.look(950, _NOW)) == ["threshold 0.5!", "threshold 0.9."]


def test_a_threshold_that_goes_on_holding_is_not_told_again_before_the_reminder():
    told = _Told()
    told.look(800, _NOW)
    assert told.look(820, _NOW + 23 * _HOUR) == Telling()
    assert _reminded(told.look(830, _NOW + 24 * _HOUR)) == [Decimal("0.75")]


def test_nothing_is_reminded_of_where_the_budget_does_not_say_so():
    told = _Told(dataclasses.replace(_BUDGET, remind_after=None))
    told.look(800, _NOW)
    assert told.look(800, _NOW + 200 * _HOUR) == Telling()


def test_of_a_period_that_has_ended_nothing_is_reminded_of():
    spend, end = {dt.date(2026, 10, 5): Decimal(800)}, dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    told = _Told()
    told.look(800, end - _HOUR)
    later = end + 40 * _HOUR
    settling = evaluate_settling(_BUDGET, spend, now=later, data_as_of={})
    assert [_crossed(state) for state in settling] == [[Decimal("0.5"), Decimal("0.75")]]
    assert alerts_of(_BUDGET, settling, told.known, now=later) == Telling()


def test_a_threshold_that_no_longer_holds_is_taken_back_once():
    told = _Told()
    told.look(800, _NOW)
    assert _told(told.look(700, _NOW + _HOUR)) == ["recovery 0.75!"]
    assert told.look(700, _NOW + 2 * _HOUR) == Telling()


def test_a_higher_amount_takes_back_what_was_told():
    told = _Told()
    told.look(800, _NOW)
    told.budget = dataclasses.replace(_BUDGET, amount=Decimal(10_000))
    assert _told(told.look(800, _NOW + _HOUR)) == ["recovery 0.5.", "recovery 0.75!"]


def test_a_threshold_that_holds_again_is_the_same_alert_after_the_cool_down():
    told = _Told()
    told.look(800, _NOW)
    told.look(700, _NOW + _HOUR)
    assert told.look(800, _NOW + 2 * _HOUR) == Telling()
    again = told.look(800, _NOW + 3 * _HOUR)
    assert again.alerts == ()
    assert [reminder.alert.alert_id for reminder in again.reminders] == [
        threshold_id(_BUDGET, period_at(_BUDGET, _NOW), "actual", Decimal("0.75"))
    ]


def test_each_time_that_a_threshold_was_told_it_is_taken_back_by_an_alert_of_its_own():
    told = _Told()
    told.look(800, _NOW)
    first = told.look(700, _NOW + _HOUR).alerts[-1]
    told.look(800, _NOW + 9 * _HOUR)
    second = told.look(700, _NOW + 10 * _HOUR).alerts[-1]
    assert first.recovers == second.recovers
    assert first.alert_id != second.alert_id


def test_a_forecast_that_came_true_is_not_taken_back():
    told = _Told()
    told.look(400, _NOW, expected=700)
    later = told.look(600, _NOW + _HOUR, expected=700)
    assert _told(later) == ["threshold 0.5!"]


def test_a_forecast_that_falls_is_taken_back():
    told = _Told()
    told.look(400, _NOW, expected=700)
    assert _told(told.look(400, _NOW + _HOUR, expected=450)) == ["recovery 0.5!"]


def test_a_forecast_that_is_missing_takes_nothing_back():
    told = _Told()
    told.look(400, _NOW, expected=700)
    assert told.look(400, _NOW + _HOUR) == Telling()


def test_late_data_is_told_once_until_it_is_there():
    told, as_of = _Told(), _NOW - 37 * _HOUR
    late = told.look(0, _NOW, openai=as_of, gemini=_NOW)
    assert [(alert.kind, alert.figures["provider"]) for alert in late.alerts] == [("data_late", "openai")]
    # A part of it comes, and it is still late.
    assert told.look(0, _NOW + 20 * _HOUR, openai=as_of + 12 * _HOUR, gemini=_NOW) == Telling()
    there = told.look(0, _NOW + 21 * _HOUR, openai=_NOW, gemini=_NOW)
    assert [alert.recovers for alert in there.alerts] == [late.alerts[0].alert_id]


def test_a_clock_that_is_set_back_tells_nothing_again():
    told = _Told()
    told.look(800, _NOW)
    told.look(700, _NOW + _HOUR)
    assert told.look(800, _NOW - 100 * _HOUR) == Telling()
    assert told.look(700, _NOW - 100 * _HOUR) == Telling()


def test_the_next_thing_to_tell_without_new_data_is_a_reminder_or_the_end_of_a_cool_down():
    told = _Told()
    assert next_telling(_BUDGET, told.known, now=_NOW) is None
    told.look(800, _NOW)
    assert next_telling(_BUDGET, told.known, now=_NOW) == _NOW + 24 * _HOUR
    told.look(700, _NOW + 3 * _HOUR)
    assert next_telling(_BUDGET, told.known, now=_NOW + 3 * _HOUR) == _NOW + 5 * _HOUR


def test_an_alert_is_of_a_budget_a_period_a_kind_and_a_share():
    period, later = period_at(_BUDGET, _NOW), period_at(_BUDGET, _NOW + 30 * 24 * _HOUR)
    half = Decimal("0.5")
    ids = [
        threshold_id(_BUDGET, period, "actual", half),
        threshold_id(_BUDGET, period, "forecast", half),
        threshold_id(_BUDGET, period, "actual", Decimal(1)),
        threshold_id(_BUDGET, later, "actual", half),
        threshold_id(dataclasses.replace(_BUDGET, name="other"), period, "actual", half),
        threshold_id(dataclasses.replace(_BUDGET, owner="globex"), period, "actual", half),
        # A quarter begins with the month.
        threshold_id(dataclasses.replace(_BUDGET, period="quarterly"), period, "actual", half),
    ]
    assert len(set(ids)) == len(ids)
    assert threshold_id(_BUDGET, period, "actual", Decimal("0.50")) == ids[0]
