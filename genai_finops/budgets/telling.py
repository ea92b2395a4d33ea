"""What is to be told of a budget: once for each period, threshold and kind, whoever looks, however often."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import get_args

from genai_finops.alerts.alert import Alert
from genai_finops.budgets.alert_identity import late_id, recovery_id, threshold_id
from genai_finops.budgets.alert_memory import KnownAlert, Reminder, Telling
from genai_finops.budgets.alert_text import (
    current_text,
    expected_text,
    late_text,
    period_text,
    recovered_text,
    spent_text,
)
from genai_finops.budgets.budget import Budget, Threshold, ThresholdKind
from genai_finops.budgets.evaluation import BudgetState, is_expected, is_spent

_KINDS: tuple[ThresholdKind, ...] = get_args(ThresholdKind)


def alerts_of(
    budget: Budget, states: Sequence[BudgetState], known: Mapping[str, KnownAlert], *, now: dt.datetime
) -> Telling:
    """What the log lacks, and what of it is to be told again.

    `states` are those of `evaluate` (with forecast) and `evaluate_settling`. `known` is what the log has of this
    budget (`known_alerts`): of the periods of `states`, and of late data at least what is open. An alert that `known`
    lacks by mistake is given again with the id that it has.

    Of the thresholds of one period and kind that hold, only the highest whose action is to notify is sent, and
    reminded of; the others are in the log only. One that no longer holds is taken back, once for each time that it was
    told. Where it holds again after that, the same alert is reminded of, after the cool-down.
    """
    tellings = [
        _of_thresholds(budget, state, kind, known, now)
        for state in states
        # Where nothing holds and nothing was told, there is nothing to tell or to take back.
        if state.crossed or known
        for kind in _KINDS
    ]
    tellings.append(_of_late_data(budget, states, known, now))
    return Telling(
        alerts=tuple(alert for telling in tellings for alert in telling.alerts),
        reminders=tuple(reminder for telling in tellings for reminder in telling.reminders),
    )


def next_telling(budget: Budget, known: Mapping[str, KnownAlert], *, now: dt.datetime) -> dt.datetime | None:
    """When a reminder may be due, or a cool-down ends; None where nothing of the kind is under way."""
    pauses = ((each.told_at, _pause(budget, each)) for each in known.values())
    return min(
        (told_at + pause for told_at, pause in pauses if pause is not None and told_at + pause > now), default=None
    )


def _of_thresholds(
    budget: Budget, state: BudgetState, kind: ThresholdKind, known: Mapping[str, KnownAlert], now: dt.datetime
) -> Telling:
    holding = [threshold for threshold in state.crossed if threshold.kind == kind]
    loudest = max((each for each in holding if "notify" in each.actions), key=_share, default=None)
    ids = {each: threshold_id(budget, state.period, kind, each.share) for each in holding}
    alerts, reminders = [], []
    for threshold, alert_id in ids.items():
        before = known.get(alert_id)
        is_loudest = threshold is loudest
        if before is None:
            alerts.append(_alert_of(budget, state, threshold, alert_id, is_sent=is_loudest, now=now))
        elif not is_loudest or (state.is_over and before.is_open):
            # What is spent in a period that has ended goes on being spent: that is no news.
            continue
        elif (after := _due(budget, before, now)) is not None:
            alert = _alert_of(budget, state, threshold, alert_id, is_sent=True, now=now)
            reminders.append(Reminder(alert=alert, after=after))
    if any(each.is_open and each.kind != "data_late" and each.alert_id not in ids.values() for each in known.values()):
        alerts += _recoveries(budget, state, kind, known, now)
    return Telling(alerts=tuple(alerts), reminders=tuple(reminders))


def _recoveries(
    budget: Budget, state: BudgetState, kind: ThresholdKind, known: Mapping[str, KnownAlert], now: dt.datetime
) -> list[Alert]:
    over = [each for each in budget.thresholds if each.kind == kind and _is_over_with(state, each)]
    told = [(each, known.get(threshold_id(budget, state.period, kind, each.share))) for each in over]
    taken_back = [(each, before) for each, before in told if before is not None and before.is_open]
    loudest = max((each for each, before in taken_back if before.is_sent), key=_share, default=None)
    return [_recovery_of(budget, state, each, before, is_sent=each == loudest, now=now) for each, before in taken_back]


def _of_late_data(
    budget: Budget, states: Sequence[BudgetState], known: Mapping[str, KnownAlert], now: dt.datetime
) -> Telling:
    as_of = {provider: moment for state in states for provider, moment in state.provider_as_of.items()}
    late = {provider for state in states for provider in state.late}
    alerts, reminders = [], []
    for provider, moment in sorted(as_of.items()):
        opened = [each for each in known.values() if each.provider == provider and each.is_open]
        if provider not in late:
            alerts += [_current(budget, provider, moment, each, now) for each in opened]
            continue
        # While it stays late it is one episode, also when a part of what is missing comes.
        alert_id = opened[0].alert_id if opened else late_id(budget, provider, moment)
        before = known.get(alert_id)
        if before is None:
            alerts.append(_late(budget, provider, moment, alert_id, now))
        elif (after := _due(budget, before, now)) is not None:
            reminders.append(Reminder(alert=_late(budget, provider, moment, alert_id, now), after=after))
    return Telling(alerts=tuple(alerts), reminders=tuple(reminders))


def _due(budget: Budget, known: KnownAlert, now: dt.datetime) -> dt.timedelta | None:
    pause = _pause(budget, known)
    return None if pause is None or now - known.told_at < pause else pause


def _pause(budget: Budget, known: KnownAlert) -> dt.timedelta | None:
    """From the last telling to the next that may be, if it holds then; None: there is none."""
    if not known.is_sent:
        return None
    if known.recovered_at is None:
        return budget.remind_after
    # Never 0: of two that look at the same moment the second would tell it again.
    return max(known.recovered_at + budget.cool_down - known.told_at, dt.timedelta.resolution)


def _is_over_with(state: BudgetState, threshold: Threshold) -> bool:
    if is_spent(state, threshold.share):
        return False
    # A forecast that came true, or that nobody can make, is not taken back.
    return threshold.kind == "actual" or (not state.is_over and is_expected(state, threshold.share) is False)


def _share(threshold: Threshold) -> Decimal:
    return threshold.share


def _alert_of(
    budget: Budget, state: BudgetState, threshold: Threshold, alert_id: str, *, is_sent: bool, now: dt.datetime
) -> Alert:
    if threshold.kind == "actual" or state.forecast is None:
        title, message = spent_text(budget, state, threshold)
    else:
        title, message = expected_text(budget, state, state.forecast, threshold)
    return dataclasses.replace(
        _frame(budget, state, threshold, now),
        alert_id=alert_id,
        kind="threshold" if threshold.kind == "actual" else "forecast",
        severity=threshold.severity,
        title=title,
        message=message,
        is_sent=is_sent,
    )


def _recovery_of(
    budget: Budget, state: BudgetState, threshold: Threshold, known: KnownAlert, *, is_sent: bool, now: dt.datetime
) -> Alert:
    title, message = recovered_text(budget, state, threshold)
    return dataclasses.replace(
        _frame(budget, state, threshold, now),
        alert_id=recovery_id(known.alert_id, known.told_at),
        title=title,
        message=message,
        is_sent=is_sent,
        recovers=known.alert_id,
    )


def _frame(budget: Budget, state: BudgetState, threshold: Threshold, now: dt.datetime) -> Alert:
    """What alerts about a threshold have in common, told as a recovery."""
    as_of = {f"data_as_of {provider}": moment.isoformat() for provider, moment in sorted(state.data_as_of.items())}
    return Alert(
        alert_id="",
        owner=budget.owner,
        kind="recovery",
        severity="info",
        subject=f"budget {budget.key}",
        title="",
        message="",
        raised_at=now,
        currency=state.currency,
        spend=state.spend,
        amount=state.available,
        forecast=None if state.forecast is None else state.forecast.total,
        threshold=threshold.share,
        period_start=state.period.start,
        period_end=state.period.end,
        data_as_of=state.known_until,
        figures={"period": period_text(budget, state.period), "threshold_kind": threshold.kind, **as_of},
    )


def _late(budget: Budget, provider: str, data_as_of: dt.datetime, alert_id: str, now: dt.datetime) -> Alert:
    title, message = late_text(budget, provider, data_as_of)
    return Alert(
        alert_id=alert_id,
        owner=budget.owner,
        kind="data_late",
        severity="warning",
        subject=f"budget {budget.key}",
        title=title,
        message=message,
        raised_at=now,
        data_as_of=data_as_of,
        figures={"provider": provider},
    )


def _current(budget: Budget, provider: str, data_as_of: dt.datetime, known: KnownAlert, now: dt.datetime) -> Alert:
    title, message = current_text(budget, provider, data_as_of)
    return Alert(
        alert_id=recovery_id(known.alert_id, known.told_at),
        owner=budget.owner,
        kind="recovery",
        severity="info",
        subject=f"budget {budget.key}",
        title=title,
        message=message,
        raised_at=now,
        data_as_of=data_as_of,
        is_sent=known.is_sent,
        recovers=known.alert_id,
        figures={"provider": provider},
    )
