"""Deliveries that are to be made: claimed by one process at a time, and what became of them."""

import datetime as dt
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, aliased

from genai_finops.control.alert_content import Alert
from genai_finops.control.alert_log import stored_alert
from genai_finops.control.alert_models import AlertAttempt, AlertDelivery, AlertRecord, DeliveryState
from genai_finops.control.changes import record
from genai_finops.errors import FinopsError

log = logging.getLogger(__name__)

#: After so many attempts over so long, a delivery that may still succeed is given up.
LEAST_ATTEMPTS = 8
LEAST_TIME = dt.timedelta(hours=24)
_OPEN: tuple[DeliveryState, ...] = ("pending", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """A delivery that nobody else sends until the lease ends."""

    delivery_id: str
    #: 1 for the first. Above it, an earlier attempt may have arrived.
    attempt: int
    channel_owner: str
    channel_name: str
    is_reminder: bool
    alert: Alert
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCounts:
    """How deliveries stand. For metrics: labels are bounded by the number of channels."""

    #: By channel (`owner/name`) and state.
    by_channel: Mapping[tuple[str, DeliveryState], int]
    #: When the oldest delivery that is due and unsent became due; None where there is none.
    oldest_due: dt.datetime | None
    #: Alerts that were to be sent and had no route.
    unrouted: int


def claim_due(
    session: Session, *, holder: str, now: dt.datetime, lease: dt.timedelta, per_channel: int, most: int = 1000
) -> list[ClaimedDelivery]:
    """Takes deliveries that are due, the oldest first, and counts an attempt of each. Call it inside `writing`.

    What takes an alert back waits until that alert has left the same channel: a receiver would open again what the late
    one tells of.
    """
    rank = (
        func.row_number()
        .over(
            partition_by=(AlertDelivery.channel_owner, AlertDelivery.channel_name),
            order_by=(AlertDelivery.created_at, AlertDelivery.delivery_id),
        )
        .label("rank")
    )
    ranked = select(AlertDelivery.delivery_id, rank).join(AlertRecord).where(*_is_due(now), ~_is_behind()).subquery()
    rows = session.scalars(
        select(AlertDelivery)
        .join(ranked, ranked.c.delivery_id == AlertDelivery.delivery_id)
        .where(ranked.c.rank <= per_channel)
        .order_by(AlertDelivery.created_at, AlertDelivery.delivery_id)
        .limit(most)
    ).all()
    claimed = []
    for row in rows:
        row.attempts += 1
        row.lease_holder, row.lease_until = holder, now + lease
        session.add(AlertAttempt(delivery_id=row.delivery_id, attempt=row.attempts, started_at=now))
        claimed.append(
            ClaimedDelivery(
                delivery_id=row.delivery_id,
                attempt=row.attempts,
                channel_owner=row.channel_owner,
                channel_name=row.channel_name,
                is_reminder=row.sequence > 1,
                alert=stored_alert(row.alert),
                holder=holder,
            )
        )
    session.flush()
    return claimed


def give_back(session: Session, claimed: Collection[ClaimedDelivery], *, not_before: dt.datetime | None) -> None:
    """Ends the leases of deliveries that were not tried; their attempts did not happen. Call it inside `writing`."""
    for delivery in claimed:
        row = _held_by(session, delivery)
        attempt = session.get(AlertAttempt, (delivery.delivery_id, delivery.attempt))
        if row is None or attempt is None:
            continue
        session.delete(attempt)
        row.attempts -= 1
        row.lease_holder = row.lease_until = None
        if not_before is not None:
            row.not_before = max(row.not_before, not_before)
    session.flush()


def note_sent(session: Session, delivery: ClaimedDelivery, *, remark: str | None, now: dt.datetime) -> None:
    """The delivery arrived. That is so whoever holds the lease by now. Call it inside `writing`."""
    row = session.get_one(AlertDelivery, delivery.delivery_id)
    row.state, row.sent_at, row.last_error = "sent", now, remark
    row.lease_holder = row.lease_until = None
    _note_attempt(session, delivery, "sent", remark)


def note_failed(
    session: Session, delivery: ClaimedDelivery, error: str, *, again_at: dt.datetime | None, now: dt.datetime
) -> bool:
    """The delivery failed, and is tried again at `again_at`; None: it never will succeed. Whether it is dead now.

    Call it inside `writing`. `error` is redacted.
    """
    _note_attempt(session, delivery, "refused" if again_at is None else "failed", error)
    row = _held_by(session, delivery)
    if row is None:
        # The lease ended before the attempt did: whoever has it now decides.
        return False
    row.last_error = error
    row.lease_holder = row.lease_until = None
    is_dead = again_at is None or _is_used_up(session, row, now)
    if again_at is not None:
        row.not_before = again_at
    row.state = "dead" if is_dead else "pending"
    if is_dead:
        log.error("delivery=%s channel=%s/%s given up: %s", row.delivery_id, row.channel_owner, row.channel_name, error)
    session.flush()
    return is_dead


def end_channel(session: Session, *, owner: str, name: str) -> int:
    """Gives up what is still to be sent to a channel that is removed; gives how many. Call it inside `writing`."""
    result = session.execute(
        update(AlertDelivery)
        .where(AlertDelivery.channel_owner == owner, AlertDelivery.channel_name == name)
        .where(AlertDelivery.state.in_(_OPEN))
        .values(state="dead", last_error="the channel was removed", lease_holder=None, lease_until=None)
    )
    return cast("CursorResult[tuple[()]]", result).rowcount


def list_deliveries(
    session: Session, *, owner: str | None = None, alert_id: str | None = None, state: DeliveryState | None = None
) -> Sequence[AlertDelivery]:
    """Deliveries, the latest first: of the alerts of one owner, of one alert, in one state."""
    query = select(AlertDelivery).order_by(AlertDelivery.created_at.desc(), AlertDelivery.delivery_id)
    if owner is not None:
        query = query.join(AlertRecord).where(AlertRecord.owner == owner)
    if alert_id is not None:
        query = query.where(AlertDelivery.alert_id == alert_id)
    if state is not None:
        query = query.where(AlertDelivery.state == state)
    return session.scalars(query).unique().all()


def list_attempts(session: Session, delivery_id: str) -> Sequence[AlertAttempt]:
    """The attempts of a delivery in their order."""
    return session.scalars(select(AlertAttempt).filter_by(delivery_id=delivery_id).order_by(AlertAttempt.attempt)).all()


def retry_dead(session: Session, delivery_ids: Collection[str], *, now: dt.datetime, actor: str) -> int:
    """Lets dead deliveries be sent again, as the same deliveries; gives how many. Call it inside `writing`.

    Raises FinopsError, before anything changes, for one that is not there or not dead.
    """
    rows = []
    for delivery_id in delivery_ids:
        row = session.get(AlertDelivery, delivery_id)
        if row is None or row.state != "dead":
            raise FinopsError(
                f"Delivery {delivery_id!r} is {'unknown' if row is None else row.state}, not dead",
                remedy="Take the ids from genai-finops alert dead-letters.",
            )
        rows.append(row)
    for row in rows:
        row.state = "pending"
        row.due_since = row.not_before = now
        record(
            session,
            now=now,
            actor=actor,
            action="alert_delivery.retry",
            org_slug=None if row.alert.owner == "*" else row.alert.owner,
            subject=row.delivery_id,
            detail={"channel": f"{row.channel_owner}/{row.channel_name}"},
        )
    session.flush()
    return len(rows)


def delivery_counts(session: Session, *, now: dt.datetime) -> DeliveryCounts:
    """How deliveries stand."""
    counted = session.execute(
        select(AlertDelivery.channel_owner, AlertDelivery.channel_name, AlertDelivery.state, func.count()).group_by(
            AlertDelivery.channel_owner, AlertDelivery.channel_name, AlertDelivery.state
        )
    ).all()
    return DeliveryCounts(
        by_channel={(f"{owner}/{name}", state): count for owner, name, state, count in counted},
        oldest_due=session.scalar(
            select(func.min(AlertDelivery.due_since)).where(
                AlertDelivery.state.in_(_OPEN), AlertDelivery.due_since <= now
            )
        ),
        unrouted=session.scalar(
            select(func.count()).where(AlertRecord.is_sent, AlertRecord.is_routed.is_(False)).select_from(AlertRecord)
        )
        or 0,
    )


def _is_due(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        AlertDelivery.state.in_(_OPEN),
        AlertDelivery.not_before <= now,
        or_(AlertDelivery.lease_until.is_(None), AlertDelivery.lease_until <= now),
    )


def _is_behind() -> ColumnElement[bool]:
    earlier = aliased(AlertDelivery)
    return exists().where(
        earlier.alert_id == AlertRecord.recovers,
        earlier.channel_owner == AlertDelivery.channel_owner,
        earlier.channel_name == AlertDelivery.channel_name,
        earlier.state.in_(_OPEN),
    )


def _held_by(session: Session, delivery: ClaimedDelivery) -> AlertDelivery | None:
    row = session.get(AlertDelivery, delivery.delivery_id)
    if row is None or row.lease_holder != delivery.holder or row.attempts != delivery.attempt:
        return None
    return row


def _note_attempt(session: Session, delivery: ClaimedDelivery, outcome: str, error: str | None) -> None:
    session.execute(
        update(AlertAttempt)
        .filter_by(delivery_id=delivery.delivery_id, attempt=delivery.attempt)
        .values(outcome=outcome, error=error)
    )


def _is_used_up(session: Session, row: AlertDelivery, now: dt.datetime) -> bool:
    tried = session.scalar(
        select(func.count())
        .select_from(AlertAttempt)
        .where(AlertAttempt.delivery_id == row.delivery_id, AlertAttempt.started_at >= row.due_since)
    )
    return (tried or 0) >= LEAST_ATTEMPTS and now - row.due_since >= LEAST_TIME
