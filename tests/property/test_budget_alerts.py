"""Each matter of a budget is told once, whoever looks at it, how often, in which order and by which clock."""

import dataclasses
import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from genai_finops.alerts.alert import Alert
from genai_finops.budgets.alert_memory import KnownAlert, Telling, known_alerts
from genai_finops.budgets.budget import DEFAULT_THRESHOLDS, Budget
from genai_finops.budgets.evaluation import BudgetState, evaluate, evaluate_settling, with_forecast
from genai_finops.budgets.replay import replay
from genai_finops.budgets.telling import alerts_of
from genai_finops.forecasting.forecast import PeriodForecast
from genai_finops.warehouse.spend_scope import SpendScope

_FIRST = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)
_COOL_DOWN = dt.timedelta(hours=2)


@dataclass
class _Row:
    """An alert in the log."""

    alert: Alert
    last_told_at: dt.datetime
    tellings: int = 1

    def __getattr__(self, name: str) -> object:
        return getattr(self.alert, name)


class _Log:
    """What the alert log promises: one row for an id, and a reminder only where nobody was quicker."""

    def __init__(self) -> None:
        self.rows: dict[str, _Row] = {}

    def read(self) -> dict[str, KnownAlert]:
        return known_alerts(self.rows.values())

    def write(self, telling: Telling, now: dt.datetime) -> None:
        for alert in telling.alerts:
            self.rows.setdefault(alert.alert_id, _Row(alert, now))
        for reminder in telling.reminders:
            row = self.rows[reminder.alert.alert_id]
            if row.alert.is_sent and now - row.last_told_at >= reminder.after:
                row.last_told_at, row.tellings = now, row.tellings + 1

    def matters(self) -> Counter[tuple[object, ...]]:
        return Counter(
            (row.alert.period_start, row.alert.kind, row.alert.threshold)
            for row in self.rows.values()
            if row.alert.kind in {"threshold", "forecast"}
        )


def _budget(**changes) -> Budget:
    values = {
        "owner": "acme",
        "name": "all",
        "scope": SpendScope(),
        "period": "weekly",
        "time_zone": "America/Santiago",
        "measure": "effective_cost",
        "amount": Decimal(1000),
        "currency": "USD",
        "valid_from": dt.date(2026, 2, 1),
        "cool_down": _COOL_DOWN,
    }
    return Budget(**{**values, **changes})


def _forecast(total: Decimal) -> PeriodForecast:
    return PeriodForecast(
        total=total,
        lower_80=total,
        upper_80=total,
        lower_95=total,
        upper_95=total,
        exhaustion_day=None,
        method="level",
        backtest_error=None,
        history_days=30,
    )


def _states(
    budget: Budget, spend: dict[dt.date, Decimal], as_of: dict[str, dt.datetime], now: dt.datetime, expected: Decimal
) -> list[BudgetState]:
    present = evaluate(budget, spend, now=now, data_as_of=as_of)
    settling = evaluate_settling(budget, spend, now=now, data_as_of=as_of)
    return [*settling, *([] if present is None else [with_forecast(budget, present, _forecast(expected))])]


# Two weeks of looks in any order: a clock that goes back, restated spend, a forecast that wavers.
looks = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.timedeltas(dt.timedelta(0), dt.timedelta(days=14)),
        st.integers(-100, 1500).map(Decimal),
        st.integers(0, 1500).map(Decimal),
        st.booleans(),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=80)
@given(looks, st.sampled_from([None, dt.timedelta(hours=6)]))
def test_a_threshold_of_a_period_is_one_alert_also_when_daemons_look_with_old_knowledge(ticks, remind_after):
    budget, log = _budget(remind_after=remind_after), _Log()
    stale: list[dict[str, KnownAlert]] = [{}, {}]
    held = set()
    for daemon, later, spent, expected, is_refreshed in ticks:
        now = _FIRST + later
        if is_refreshed:
            stale[daemon] = log.read()
        states = _states(budget, {(_FIRST + later // _DAY * _DAY).date(): spent}, {}, now, expected)
        for _ in range(2):
            log.write(alerts_of(budget, states, stale[daemon], now=now), now)
        held |= {(state.period.start, each.kind, each.share) for state in states for each in state.crossed}
    told = log.matters()
    assert max(told.values(), default=1) == 1
    names = {"threshold": "actual", "forecast": "forecast"}
    assert {(start, names[kind], share) for start, kind, share in told} == held
    assert all(row.alert.recovers in log.rows for row in log.rows.values() if row.alert.kind == "recovery")


@settings(max_examples=50)
@given(looks)
def test_looking_twice_at_the_same_tells_nothing_more(ticks):
    budget, log = _budget(remind_after=dt.timedelta(hours=6)), _Log()
    for _, later, spent, expected, _ in ticks:
        now = _FIRST + later
        as_of = {"openai": _FIRST + later / 2}
        states = _states(budget, {_FIRST.date(): spent}, as_of, now, expected)
        log.write(alerts_of(budget, states, log.read(), now=now), now)
        again = alerts_of(budget, states, log.read(), now=now)
        assert again == Telling()


@settings(max_examples=50)
@given(looks)
def test_after_every_look_the_log_says_of_each_threshold_whether_it_holds(ticks):
    budget, log = _budget(cool_down=dt.timedelta(0)), _Log()
    for step, (_, _, spent, _, _) in enumerate(ticks):
        now = _FIRST + step * dt.timedelta(hours=7)
        spend = {_FIRST.date(): spent}
        states = [evaluate(budget, spend, now=now, data_as_of={})]
        log.write(alerts_of(budget, states, log.read(), now=now), now)
        held = {each.share for each in states[0].crossed}
        known = log.read()
        of_period = [row for row in log.rows.values() if row.alert.kind == "threshold"]
        of_period = [row for row in of_period if row.alert.period_start == states[0].period.start]
        opened = {row.alert.threshold for row in of_period if known[row.alert.alert_id].is_open}
        # One that was only recorded, and taken back, is not taken up again: nobody was told of it.
        unsent = {row.alert.threshold for row in of_period if not row.alert.is_sent}
        assert opened <= held <= opened | unsent | _below_the_highest(held)


def _below_the_highest(shares: set[Decimal]) -> set[Decimal]:
    return shares - {max(shares, default=Decimal(0))}


@settings(max_examples=50)
@given(looks)
def test_of_one_look_at_most_one_threshold_of_a_kind_and_period_is_sent(ticks):
    budget, log = _budget(remind_after=dt.timedelta(hours=6)), _Log()
    for _, later, spent, expected, _ in ticks:
        now = _FIRST + later
        telling = alerts_of(budget, _states(budget, {_FIRST.date(): spent}, {}, now, expected), log.read(), now=now)
        log.write(telling, now)
        sent = [alert for alert in telling.alerts if alert.is_sent]
        sent += [reminder.alert for reminder in telling.reminders]
        assert (
            max(
                Counter((alert.kind, alert.figures["threshold_kind"], alert.period_start) for alert in sent).values(),
                default=1,
            )
            == 1
        )


@settings(max_examples=60)
@given(
    st.lists(st.integers(-50, 400).map(Decimal), min_size=1, max_size=20),
    st.lists(st.integers(1, 30), min_size=1, max_size=40),
    st.integers(20, 60),
    st.booleans(),
)
def test_a_replay_tells_and_blocks_what_a_live_run_did(amounts, pauses, hours, is_forecast):
    blocking = dataclasses.replace(DEFAULT_THRESHOLDS[3], actions=("notify", "block"))
    budget = _budget(
        remind_after=dt.timedelta(hours=48),
        late_after=dt.timedelta(hours=70),
        thresholds=(*DEFAULT_THRESHOLDS[:3], blocking, *DEFAULT_THRESHOLDS[4:]),
    )
    spend = {(_FIRST + number * _DAY).date(): amount for number, amount in enumerate(amounts)}
    moments = [_FIRST + dt.timedelta(hours=sum(pauses[: number + 1])) for number in range(len(pauses))]
    known_after = dt.timedelta(hours=hours)

    log, told, blocked = _Log(), [], set()
    for now in moments:
        # A warehouse that each day is loaded into when it is known.
        days = [_FIRST.date() + number * _DAY for number in range(-9, 90)]
        loaded = [day for day in days if dt.datetime.combine(day, dt.time(), dt.UTC) + known_after <= now]
        as_of = {"openai": min(dt.datetime.combine(loaded[-1] + _DAY, dt.time(), dt.UTC), now)}
        known = {day: spend[day] for day in loaded if day in spend}
        present = evaluate(budget, known, now=now, data_as_of=as_of)
        if is_forecast:
            present = with_forecast(budget, present, _forecast(2 * present.spend))
        states = [*evaluate_settling(budget, known, now=now, data_as_of=as_of), present]
        telling = alerts_of(budget, states, log.read(), now=now)
        log.write(telling, now)
        told += [(now, alert.alert_id, alert.message) for alert in telling.alerts]
        told += [(now, reminder.alert.alert_id, "again") for reminder in telling.reminders]
        blocked |= {now} if present.is_blocked else set()

    result = replay(
        budget,
        spend,
        moments=moments,
        known_after=known_after,
        providers=["openai"],
        forecaster=(lambda state, *_: _forecast(2 * state.spend)) if is_forecast else None,
    )
    replayed = [(alert.raised_at, alert.alert_id, alert.message) for alert in result.alerts]
    replayed += [(reminder.alert.raised_at, reminder.alert.alert_id, "again") for reminder in result.reminders]
    assert sorted(replayed) == sorted(told)
    assert blocked == {
        now for now in moments if any(each.since <= now < (each.until or now + _DAY) for each in result.blocked)
    }
