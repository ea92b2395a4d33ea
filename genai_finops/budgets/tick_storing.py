"""Stores what a look found: states, alerts and their deliveries of a budget in one transaction."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genai_finops.alerts.alert import Alert
from genai_finops.budgets.alert_finishing import failure_alert
from genai_finops.budgets.found_budget import Failing, FoundBudget, reason_of
from genai_finops.budgets.periods import standing_at
from genai_finops.budgets.state_columns import failure_columns, state_columns
from genai_finops.budgets.tick_findings import Findings
from genai_finops.control.alert_log import raise_alerts, remind
from genai_finops.control.budget_watch import put_states, says_else
from genai_finops.control.database import writing
from genai_finops.errors import FinopsError

#: Budgets in one transaction. Others wait for it, and one of them that cannot be stored takes no more with it.
_GROUP = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What was stored at once."""

    #: Alerts that are new.
    raised: tuple[Alert, ...]
    #: Alerts that were told of again.
    reminded: int
    #: States that say something else than before.
    changed: int


@dataclass(frozen=True, slots=True)
class _Ready:
    """A budget, and its state where it says something else than before."""

    found: FoundBudget
    state: Mapping[str, Any] | None

    @property
    def is_needed(self) -> bool:
        return self.state is not None or bool(self.found.alerts or self.found.telling.reminders)


def store_findings(engine: Any, findings: Findings, *, now: dt.datetime) -> Iterator[Stored]:
    """Stores group by group, the failures last: one that cannot be stored is a failure of that budget alone.

    Raises FinopsError where the control database cannot be written.
    """
    good = [found for found in findings.budgets.values() if found.failure is None]
    ready = [_ready(found, findings.states.get(found.stored.id), now) for found in good]
    needed = [one for one in ready if one is not None and one.is_needed]
    for start in range(0, len(needed), _GROUP):
        yield from _stored(engine, needed[start : start + _GROUP], now)
    for budget_id, (owner, name, failure) in findings.failed.items():
        before = findings.states.get(budget_id)
        # Since when it fails names the alert: as long as it goes on, it is one.
        since = now if before is None or before.failure is None else before.evaluated_at
        alert = failure_alert(owner, name, failure, since=since, now=now)
        state = failure_columns(budget_id, failure, now=since)
        with writing(engine) as session:
            raised = raise_alerts(session, [alert], now=now)
            changed = put_states(session, [state] if says_else(before, state) else [], now=now)
        yield Stored(raised=raised, reminded=0, changed=changed)


def _ready(found: FoundBudget, before: Any, now: dt.datetime) -> _Ready | None:
    with Failing(found):
        state = state_columns(found.stored.id, found.present, standing=standing_at(found.stored.budget, now), now=now)
        return _Ready(found, state if says_else(before, state) else None)
    return None


def _stored(engine: Any, group: Sequence[_Ready], now: dt.datetime) -> Iterator[Stored]:
    try:
        yield _write(engine, group, now)
    except FinopsError:
        # The database itself: nothing of the rest would be stored either.
        raise
    except Exception as error:  # noqa: BLE001 - whatever one budget brings about must not silence the others
        if len(group) == 1:
            group[0].found.failure = reason_of(error)
            return
        for one in group:
            yield from _stored(engine, [one], now)


def _write(engine: Any, group: Sequence[_Ready], now: dt.datetime) -> Stored:
    after = {reminder.alert.alert_id: reminder.after for one in group for reminder in one.found.telling.reminders}
    with writing(engine) as session:
        return Stored(
            raised=raise_alerts(session, [alert for one in group for alert in one.found.alerts], now=now),
            reminded=len(remind(session, after, now=now)) if after else 0,
            changed=put_states(session, [one.state for one in group if one.state is not None], now=now),
        )
