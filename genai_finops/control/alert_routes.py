"""Routes of alerts: which go to a channel, and at which hours not."""

import datetime as dt
import re
from collections.abc import Collection, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.alert_channels import check_owner, get_channel, shown_owner
from genai_finops.control.alert_content import KINDS, PLATFORM, SEVERITIES, AlertKind, AlertSeverity
from genai_finops.control.alert_models import AlertRoute
from genai_finops.control.changes import record
from genai_finops.control.checked_values import check_member
from genai_finops.errors import FinopsError

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def add_route(
    session: Session,
    *,
    owner: str,
    channel: str,
    alerts_of: str | None,
    min_severity: AlertSeverity = "info",
    kinds: Collection[AlertKind] = (),
    quiet: str | None = None,
    time_zone: str | None = None,
    breakthrough: AlertSeverity | None = None,
    now: dt.datetime,
    actor: str,
) -> AlertRoute:
    """Sends alerts to a channel of the owner: of that severity and above, of these kinds (none: all).

    `alerts_of`: whose; an organisation's routes carry its own. None: everybody's. `quiet` is HH:MM-HH:MM in
    `time_zone`. Call it inside `writing`. Raises FinopsError when a value is malformed or the channel does not exist.
    """
    row_channel = get_channel(session, owner=check_owner(session, owner), name=channel)
    if owner not in {PLATFORM, alerts_of}:
        others = "all" if alerts_of is None else shown_owner(alerts_of)
        raise FinopsError(
            f"A route of {owner} cannot carry the alerts of {others}",
            remedy="Leave it out: an organisation's routes carry its own alerts; the platform's may carry all.",
        )
    if alerts_of is not None:
        check_owner(session, alerts_of)
    for value, known in ((min_severity, SEVERITIES), (breakthrough, SEVERITIES), *((kind, KINDS) for kind in kinds)):
        check_member(value, "Severity" if known is SEVERITIES else "Kind of alert", known)
    quiet_from, quiet_until = _quiet_hours(quiet, time_zone, breakthrough)
    row = AlertRoute(
        owner=owner,
        channel_id=row_channel.id,
        channel=row_channel,
        alerts_of=alerts_of,
        min_severity=min_severity,
        kinds=",".join(kind for kind in KINDS if kind in kinds),
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        time_zone=time_zone,
        breakthrough=breakthrough,
    )
    session.add(row)
    session.flush()
    _record(session, row, "add", now=now, actor=actor)
    return row


def list_routes(session: Session, owner: str | None = None) -> Sequence[AlertRoute]:
    """Routes in the order in which they were added, of one owner or of all."""
    query = select(AlertRoute).order_by(AlertRoute.id)
    if owner is not None:
        query = query.where(AlertRoute.owner == check_owner(session, owner))
    return session.scalars(query).unique().all()


def remove_route(session: Session, *, owner: str, route_id: int, now: dt.datetime, actor: str) -> None:
    """Deletes the route; what was raised before still goes its way. Call it inside `writing`.

    Raises FinopsError when the owner has no such route.
    """
    row = session.get(AlertRoute, route_id)
    if row is None or row.owner != owner:
        raise FinopsError(
            f"{shown_owner(owner)} has no alert route {route_id}",
            remedy="Take the number from genai-finops alert route list.",
        )
    _record(session, row, "remove", now=now, actor=actor)
    session.delete(row)
    session.flush()


def _quiet_hours(
    quiet: str | None, time_zone: str | None, breakthrough: AlertSeverity | None
) -> tuple[str | None, str | None]:
    if quiet is None:
        if time_zone is not None or breakthrough is not None:
            raise FinopsError(
                "A time zone or a severity that breaks through belongs to quiet hours, and none are given",
                remedy="Give --quiet 22:00-07:00, or leave the others out.",
            )
        return None, None
    start, _, end = quiet.partition("-")
    if not _CLOCK.fullmatch(start) or not _CLOCK.fullmatch(end) or start == end:
        raise FinopsError(
            f"Quiet hours {quiet!r} are none",
            remedy="Write them as 22:00-07:00, with an end that is not the beginning.",
        )
    try:
        ZoneInfo(time_zone or "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FinopsError(
            f"Time zone {time_zone!r} of the quiet hours is unknown", remedy="Give a name such as Europe/Berlin."
        ) from None
    return start, end


def _record(session: Session, row: AlertRoute, verb: str, *, now: dt.datetime, actor: str) -> None:
    names = ("alerts_of", "min_severity", "kinds", "quiet_from", "quiet_until", "time_zone", "breakthrough")
    record(
        session,
        now=now,
        actor=actor,
        action=f"alert_route.{verb}",
        org_slug=None if row.owner == PLATFORM else row.owner,
        subject=f"{row.owner}/{row.channel.name}/{row.id}",
        detail={name: getattr(row, name) for name in names},
    )
