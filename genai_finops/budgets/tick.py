"""Evaluates all budgets: what they spent, what is expected, and what is to be told of it.

Nothing that a tick stores decides anything later: it is found again from the cost, the calendar and the alert log. The
alerts of a budget and their deliveries are committed together with its state, so that a process that dies leaves both
or neither.
"""

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from genai_finops.alerts.alert import Alert
from genai_finops.budgets.tick_findings import find_all
from genai_finops.budgets.tick_storing import store_findings
from genai_finops.control.budget_watch import Seen, confirm_states, read_watch, record_tick
from genai_finops.control.database import ControlDatabaseError, open_database, reading, writing
from genai_finops.errors import FinopsError
from genai_finops.schemas.tables.budgets import BUDGET_SPEND_DAILY
from genai_finops.settings import Settings
from genai_finops.warehouse.open import data_version, open_warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class TickResult:
    """What a tick did."""

    now: dt.datetime
    #: Why nothing was evaluated; None where it was, or where nothing had changed.
    skipped: str | None = None
    #: Whether data, budgets and calendar are as at the last tick, so that its findings still hold.
    is_unchanged: bool = False
    #: How many budgets were evaluated.
    evaluated: int = 0
    #: How many of the states say something else than before.
    changed: int = 0
    #: Why budgets could not be evaluated, by `owner/name`.
    failed: Mapping[str, str] = field(default_factory=dict)
    #: Alerts that are new.
    raised: tuple[Alert, ...] = ()
    #: How many alerts were told of again.
    reminded: int = 0
    seconds: float = 0


def tick(settings: Settings, *, now: dt.datetime) -> TickResult:
    """Evaluates every budget, stores how it stands, and raises what is to be told.

    Cheap where neither data nor budgets nor the calendar have moved. Where the warehouse is missing or held by a build,
    nothing is evaluated, and that is said. A budget that fails is told of and keeps no other from being evaluated.
    Raises FinopsError where the control database or a configuration cannot be used.
    """
    started = time.perf_counter()
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            seen = read_watch(session)
        try:
            version = data_version(settings, BUDGET_SPEND_DAILY.name)
            if _is_unchanged(seen, version, now):
                with writing(engine) as session:
                    confirm_states(session, now=now)
                return TickResult(now=now, is_unchanged=True, seconds=time.perf_counter() - started)
            with open_warehouse(settings) as warehouse:
                is_same_data = version is not None and seen.seen_data == version
                findings = find_all(settings, engine, warehouse, is_same_data=is_same_data, now=now)
        except ControlDatabaseError:
            raise
        except FinopsError as error:
            return TickResult(now=now, skipped=error.message, seconds=time.perf_counter() - started)
        stored = list(store_findings(engine, findings, now=now))
        with writing(engine) as session:
            record_tick(
                session,
                now=now,
                seen_data=version,
                seen_budgets=findings.budgets_version,
                next_look_at=findings.next_look_at,
            )
        failed = findings.failed
        return TickResult(
            now=now,
            evaluated=len(findings.budgets) + len(findings.unreadable) - len(failed),
            changed=sum(one.changed for one in stored),
            failed={f"{owner}/{name}": failure for owner, name, failure in failed.values()},
            raised=tuple(alert for one in stored for alert in one.raised),
            reminded=sum(one.reminded for one in stored),
            seconds=time.perf_counter() - started,
        )
    finally:
        engine.dispose()


def _is_unchanged(seen: Seen, version: str | None, now: dt.datetime) -> bool:
    return (
        version is not None
        and (seen.seen_data, seen.seen_budgets) == (version, seen.budgets_version)
        # A clock that was set back is looked at again.
        and seen.ticked_at is not None
        and seen.ticked_at <= now
        and (seen.next_look_at is None or now < seen.next_look_at)
    )
