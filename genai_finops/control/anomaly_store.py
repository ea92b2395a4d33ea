"""Anomalies as they are found again, restated away or muted."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.anomaly_models import AnomalyDirection, AnomalyRow, AnomalySeverity
from genai_finops.control.known_events import list_events, muting_event


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """A scope and day that cost other than expected. Equal ids are the same matter, seen again."""

    anomaly_id: str
    org: str
    #: Value by dimension.
    scope: Mapping[str, str]
    usage_date: dt.date
    direction: AnomalyDirection
    severity: AnomalySeverity
    currency: str
    actual: Decimal
    expected: Decimal
    allowed: Decimal
    baseline_day: dt.date
    #: They add up to actual - expected.
    effects: Mapping[str, Decimal]
    message: str
    muted_by: str | None = None


def record_anomalies(
    session: Session, found: Iterable[Anomaly], days: Collection[dt.date], now: dt.datetime
) -> tuple[int, int]:
    """Stores what was found on these days: how many are new or open again, and how many no longer hold.

    An open one of these days that was not found was restated away, and is resolved. Call it inside `writing`.
    """
    wanted = {(anomaly.org, anomaly.anomaly_id): anomaly for anomaly in found}
    query = select(AnomalyRow).where(AnomalyRow.usage_date.in_(sorted(set(days))))
    stored = {(row.org_slug, row.anomaly_id): row for row in session.scalars(query)}
    raised = 0
    for key, anomaly in wanted.items():
        row = stored.get(key)
        raised += row is None or row.resolved_at is not None
        if row is None:
            row = AnomalyRow(org_slug=anomaly.org, anomaly_id=anomaly.anomaly_id, first_seen_at=now)
            session.add(row)
        for name, value in _values(anomaly).items():
            setattr(row, name, value)
        # A clock that goes back does not make it seen before it was first seen.
        row.last_seen_at = max(now, row.first_seen_at)
        row.resolved_at = None
    gone = [row for key, row in stored.items() if key not in wanted and row.resolved_at is None]
    for row in gone:
        row.resolved_at = now
    session.flush()
    return raised, len(gone)


def list_anomalies(session: Session, org: str | None = None, *, include_all: bool = False) -> Sequence[AnomalyRow]:
    """Open ones that no event mutes, or with `include_all` every one, the latest day first."""
    query = select(AnomalyRow).order_by(AnomalyRow.usage_date.desc(), AnomalyRow.org_slug, AnomalyRow.anomaly_id)
    if org is not None:
        query = query.where(AnomalyRow.org_slug == org)
    if not include_all:
        query = query.where(AnomalyRow.resolved_at.is_(None), AnomalyRow.muted_by.is_(None))
    return session.scalars(query).all()


def mute_again(session: Session) -> None:
    """Holds what is open against the events of now, after one was added or removed. Call it inside `writing`."""
    events = list_events(session)
    for row in session.scalars(select(AnomalyRow).where(AnomalyRow.resolved_at.is_(None))):
        event = muting_event(events, row.org_slug, row.scope, row.usage_date)
        row.muted_by = None if event is None else event.name
    session.flush()


def _values(anomaly: Anomaly) -> dict[str, object]:
    values = {field.name: getattr(anomaly, field.name) for field in dataclasses.fields(Anomaly)}
    del values["org"], values["anomaly_id"]
    values["scope"] = {name: _storable(text) for name, text in anomaly.scope.items()}
    values["effects"] = {name: str(amount) for name, amount in anomaly.effects.items()}
    values["message"] = _storable(anomaly.message)
    return values


def _storable(text: str) -> str:
    # Postgres keeps no zero byte in a text, and a name in a log may have one.
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
