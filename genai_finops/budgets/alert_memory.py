"""What was already told: the part of the alert log that decides what is still to be told."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from genai_finops.alerts.alert import Alert, AlertKind
from genai_finops.budgets.alert_identity import recovery_id


class LoggedAlert(Protocol):
    """What is read of a row of the alert log."""

    @property
    def alert_id(self) -> str: ...
    @property
    def kind(self) -> AlertKind: ...
    @property
    def recovers(self) -> str | None: ...
    @property
    def raised_at(self) -> dt.datetime: ...
    @property
    def last_told_at(self) -> dt.datetime: ...
    @property
    def is_sent(self) -> bool: ...
    @property
    def figures(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAlert:
    """What the log knows of an alert that is no recovery."""

    alert_id: str
    kind: AlertKind
    #: When it was raised, or last reminded of.
    told_at: dt.datetime
    #: When that telling was taken back; None while it stands. A reminder after that stands again.
    recovered_at: dt.datetime | None = None
    #: False where it is in the log only.
    is_sent: bool = True
    #: Of late data only.
    provider: str | None = None

    @property
    def is_open(self) -> bool:
        return self.recovered_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """An alert of the log that is to be told of once more: it still holds, or again. It stays the same alert."""

    #: With the figures of now.
    alert: Alert
    #: Where it was told of less than that ago, somebody else has sent this reminder.
    after: dt.timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is to be told now: alerts that the log does not have, and reminders of those that it has."""

    alerts: tuple[Alert, ...] = ()
    reminders: tuple[Reminder, ...] = ()


def known_alerts(logged: Iterable[LoggedAlert]) -> dict[str, KnownAlert]:
    """The alerts among these rows, by id. The rows that take them back have to be among them."""
    rows = list(logged)
    recovered_at = {row.alert_id: row.raised_at for row in rows if row.recovers is not None}
    return {
        row.alert_id: KnownAlert(
            alert_id=row.alert_id,
            kind=row.kind,
            told_at=row.last_told_at,
            recovered_at=recovered_at.get(recovery_id(row.alert_id, row.last_told_at)),
            is_sent=row.is_sent,
            provider=row.figures.get("provider"),
        )
        for row in rows
        if row.recovers is None
    }


def remembered(known: Mapping[str, KnownAlert], telling: Telling, *, now: dt.datetime) -> dict[str, KnownAlert]:
    """What the log knows after the telling. What it has already it does not take again."""
    after = dict(known)
    for alert in telling.alerts:
        before = after.get(alert.recovers or alert.alert_id)
        if before is None:
            after[alert.alert_id] = KnownAlert(
                alert_id=alert.alert_id,
                kind=alert.kind,
                told_at=now,
                is_sent=alert.is_sent,
                provider=alert.figures.get("provider"),
            )
        elif alert.alert_id == recovery_id(before.alert_id, before.told_at) and before.is_open:
            after[before.alert_id] = dataclasses.replace(before, recovered_at=now)
    for reminder in telling.reminders:
        before = after[reminder.alert.alert_id]
        if now - before.told_at >= reminder.after:
            after[before.alert_id] = dataclasses.replace(before, told_at=now, recovered_at=None)
    return after
