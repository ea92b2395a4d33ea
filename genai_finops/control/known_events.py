"""Events that are known to change cost: who enters them, and what they mute."""

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.alert_content import PLATFORM
from genai_finops.control.anomaly_models import KnownEvent
from genai_finops.control.changes import check_slug, record
from genai_finops.errors import FinopsError

_MAX_NAME = 255


def add_event(
    session: Session,
    *,
    owner: str,
    name: str,
    scope: Mapping[str, str],
    first_day: dt.date,
    last_day: dt.date,
    actor: str,
    now: dt.datetime,
) -> KnownEvent:
    """Enters an event of the days first_day to last_day, both inclusive. Call it inside `writing`.

    Raises FinopsError for a name that is taken or none, for days in the wrong order, and where the scope is of another
    organisation than the owner.
    """
    if owner != PLATFORM:
        check_slug(owner, "organisation")
    if not name or name != name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise FinopsError(f"Event {name!r} has no usable name", remedy="Give 1 to 255 printable characters, unpadded.")
    if last_day < first_day:
        raise FinopsError(f"Event {name!r} ends before it begins", remedy="Give the earlier day first.")
    if owner != PLATFORM and scope.get("org", owner) != owner:
        raise FinopsError(
            f"Event {name!r} of {owner} has a scope of {scope['org']}",
            remedy="An organisation's events are of its own cost.",
        )
    if _found(session, owner, name) is not None:
        raise FinopsError(f"Event {name!r} of {owner} exists", remedy="Remove it first, or take another name.")
    event = KnownEvent(owner=owner, name=name, scope=dict(scope), first_day=first_day, last_day=last_day)
    session.add(event)
    detail = {"scope": dict(scope), "first_day": first_day, "last_day": last_day}
    org = None if owner == PLATFORM else owner
    subject = f"event {name}"
    record(session, now=now, actor=actor, action="known_event.add", org_slug=org, subject=subject, detail=detail)
    return event


def remove_event(session: Session, *, owner: str, name: str, actor: str, now: dt.datetime) -> None:
    """Removes an event; what it muted is told of when its days are scanned again. Raises FinopsError for none."""
    event = _found(session, owner, name)
    if event is None:
        raise FinopsError(f"Event {name!r} of {owner} does not exist", remedy="See genai-finops anomaly event list.")
    session.delete(event)
    org = None if owner == PLATFORM else owner
    record(session, now=now, actor=actor, action="known_event.remove", org_slug=org, subject=f"event {name}")


def list_events(session: Session, owner: str | None = None) -> Sequence[KnownEvent]:
    """Events of one owner or of all, by their first day."""
    query = select(KnownEvent).order_by(KnownEvent.first_day, KnownEvent.owner, KnownEvent.name)
    return session.scalars(query if owner is None else query.where(KnownEvent.owner == owner)).all()


def muting_event(events: Sequence[KnownEvent], org: str, scope: Mapping[str, str], day: dt.date) -> KnownEvent | None:
    """The first event that holds the whole of the scope on the day: one of a part does not explain the whole."""
    for event in events:
        if event.owner in {org, PLATFORM} and event.first_day <= day <= event.last_day:
            held = {"org": org, **scope}
            if all(held.get(dimension) == value for dimension, value in event.scope.items()):
                return event
    return None


def _found(session: Session, owner: str, name: str) -> KnownEvent | None:
    return session.scalars(select(KnownEvent).where(KnownEvent.owner == owner, KnownEvent.name == name)).one_or_none()
