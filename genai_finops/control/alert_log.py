"""The log of alerts: each is raised once, and with it the deliveries to everyone who is to be told.

Alerts and deliveries are written in the transaction of whoever found them, so that neither is ever without the other.
"""

import dataclasses
import datetime as dt
import hashlib
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from genai_finops.control.alert_content import Alert, AlertKind
from genai_finops.control.alert_models import AlertChannel, AlertDelivery, AlertRecord, AlertRoute
from genai_finops.control.alert_routing import channels_of
from genai_finops.errors import FinopsError

log = logging.getLogger(__name__)

#: A statement of SQLite takes some ten thousand values.
_AT_ONCE = 500
_FIELDS = tuple(field.name for field in dataclasses.fields(Alert))

Row = TypeVar("Row")


def raise_alerts(session: Session, alerts: Iterable[Alert], *, now: dt.datetime) -> tuple[Alert, ...]:
    """Keeps the alerts that are new and makes a delivery for each channel that a route names; gives the new ones.

    One that was raised before is left as it was, whatever it says now. Call it inside `writing`, which keeps others out
    meanwhile: two processes that find the same raise it once.
    """
    wanted: dict[str, Alert] = {}
    for alert in alerts:
        wanted.setdefault(alert.alert_id, alert)
    known = raised_alerts(session, wanted)
    new = [alert for alert_id, alert in wanted.items() if alert_id not in known]
    if not new:
        return ()
    routes = session.scalars(select(AlertRoute).order_by(AlertRoute.id)).unique().all()
    records = [_record_of(alert, now) for alert in new]
    session.add_all(records)
    session.flush()
    for alert, record in zip(new, records, strict=True):
        if alert.is_sent:
            record.is_routed = _deliver(session, alert, routes, sequence=1, now=now) > 0
            if not record.is_routed:
                log.warning("alert=%s owner=%s kind=%s has no route: nobody is told", *_named(alert))
    session.flush()
    return tuple(new)


def remind(session: Session, remind_after: Mapping[str, dt.timedelta], *, now: dt.datetime) -> tuple[str, ...]:
    """Sends alerts again, by the routes of today, that were last told of so long ago; gives the ids of those.

    `remind_after` is by alert id; name only those that still hold. A reminder is a delivery of its own of the same
    alert. Asked again at once, nothing happens. Call it inside `writing`.
    """
    due = [
        record
        for alert_id, record in raised_alerts(session, remind_after).items()
        if record.is_sent and now - record.last_told_at >= remind_after[alert_id]
    ]
    routes = session.scalars(select(AlertRoute).order_by(AlertRoute.id)).unique().all() if due else []
    earlier = _deliveries(session, [record.alert_id for record in due])
    for record in due:
        made = earlier.get(record.alert_id, [])
        _deliver(
            session,
            stored_alert(record),
            routes,
            sequence=max((row.sequence for row in made), default=0) + 1,
            # What was not sent yet reminds by itself.
            without={(row.channel_owner, row.channel_name) for row in made if row.state in {"pending", "held"}},
            now=now,
        )
        record.last_told_at = now
    session.flush()
    return tuple(record.alert_id for record in due)


def raised_alerts(session: Session, alert_ids: Iterable[str]) -> dict[str, AlertRecord]:
    """Those of the alerts that were raised, by id."""
    wanted = list(alert_ids)
    return {
        record.alert_id: record
        for start in range(0, len(wanted), _AT_ONCE)
        for record in session.scalars(
            select(AlertRecord).where(AlertRecord.alert_id.in_(wanted[start : start + _AT_ONCE]))
        )
    }


def find_alert(session: Session, beginning: str) -> AlertRecord:
    """The alert whose id begins so. Raises FinopsError unless it is exactly one."""
    found = session.scalars(
        select(AlertRecord).where(AlertRecord.alert_id.startswith(beginning, autoescape=True)).limit(2)
    ).all()
    if len(found) != 1:
        raise FinopsError(
            f"{'Several alerts begin' if found else 'No alert begins'} with {beginning!r}",
            remedy="Take the id from genai-finops alert list.",
        )
    return found[0]


def list_alerts(
    session: Session,
    *,
    owner: str | None = None,
    subject: str | None = None,
    kinds: Collection[AlertKind] = (),
    since: dt.datetime | None = None,
    period_open_at: dt.datetime | None = None,
    only_unrouted: bool = False,
    limit: int | None = None,
) -> Sequence[AlertRecord]:
    """What was raised, the latest first: of one owner or all, from a moment on, or of periods that hold a moment."""
    query = select(AlertRecord).order_by(AlertRecord.raised_at.desc(), AlertRecord.alert_id)
    if owner is not None:
        query = query.where(AlertRecord.owner == owner)
    if subject is not None:
        query = query.where(AlertRecord.subject == subject)
    if kinds:
        query = query.where(AlertRecord.kind.in_(kinds))
    if since is not None:
        query = query.where(AlertRecord.raised_at >= since)
    if period_open_at is not None:
        query = query.where(AlertRecord.period_start <= period_open_at, AlertRecord.period_end > period_open_at)
    if only_unrouted:
        query = query.where(AlertRecord.is_sent, AlertRecord.is_routed.is_(False))
    return session.scalars(query.limit(limit)).all()


def stored_alert(record: AlertRecord) -> Alert:
    """What the record says."""
    return Alert(**{name: getattr(record, name) for name in _FIELDS})


def new_delivery(
    alert_id: str, channel: AlertChannel, *, sequence: int, held_until: dt.datetime | None, now: dt.datetime
) -> AlertDelivery:
    """A delivery that was not tried yet."""
    # The channel's number tells it from one of the same name that was removed before.
    parts = (alert_id, channel.owner, channel.name, str(channel.id), str(sequence))
    due = held_until or now
    return AlertDelivery(
        delivery_id=hashlib.sha256("\x00".join(parts).encode()).hexdigest(),
        alert_id=alert_id,
        channel_owner=channel.owner,
        channel_name=channel.name,
        sequence=sequence,
        state="held" if held_until else "pending",
        attempts=0,
        due_since=due,
        not_before=due,
        created_at=now,
    )


def _deliver(
    session: Session,
    alert: Alert,
    routes: Sequence[AlertRoute],
    *,
    sequence: int,
    without: Collection[tuple[str, str]] = (),
    now: dt.datetime,
) -> int:
    found = channels_of(routes, alert, told_before=_told_before(session, alert), now=now)
    for channel, held_until in found:
        if (channel.owner, channel.name) not in without:
            session.add(new_delivery(alert.alert_id, channel, sequence=sequence, held_until=held_until, now=now))
    return len(found)


def _told_before(session: Session, alert: Alert) -> frozenset[int]:
    if alert.recovers is None:
        return frozenset()
    told = select(AlertDelivery.channel_owner, AlertDelivery.channel_name).where(
        AlertDelivery.alert_id == alert.recovers
    )
    return frozenset(
        session.scalars(select(AlertChannel.id).where(tuple_(AlertChannel.owner, AlertChannel.name).in_(told)))
    )


def _deliveries(session: Session, alert_ids: Sequence[str]) -> dict[str, list[AlertDelivery]]:
    found: dict[str, list[AlertDelivery]] = {}
    for start in range(0, len(alert_ids), _AT_ONCE):
        chosen = AlertDelivery.alert_id.in_(alert_ids[start : start + _AT_ONCE])
        for row in session.scalars(select(AlertDelivery).where(chosen)):
            found.setdefault(row.alert_id, []).append(row)
    return found


def _record_of(alert: Alert, now: dt.datetime) -> AlertRecord:
    values: dict[str, Any] = {name: getattr(alert, name) for name in _FIELDS}
    for name in ("subject", "title", "message", "link"):
        values[name] = None if values[name] is None else _storable(values[name])
    values["figures"] = {_storable(name): _storable(text) for name, text in alert.figures.items()}
    return AlertRecord(**values, is_routed=False, last_told_at=now)


def _storable(text: str) -> str:
    # Postgres keeps no zero byte in a text, and a name in a log may have one.
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _named(alert: Alert) -> tuple[str, str, str]:
    return alert.alert_id, alert.owner, alert.kind
