"""Which routes an alert takes, and until when quiet hours hold it back. Pure."""

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from genai_finops.control.alert_content import SEVERITIES, Alert, AlertSeverity
from genai_finops.control.alert_models import AlertChannel, AlertRoute


def is_at_least(severity: AlertSeverity, least: AlertSeverity) -> bool:
    """Whether the severity is that one or a graver one."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


def wants(route: AlertRoute, alert: Alert) -> bool:
    """Whether the alert is one that the route asks for."""
    return (
        route.alerts_of in {None, alert.owner}
        and is_at_least(alert.severity, route.min_severity)
        and (not route.kinds or alert.kind in route.kinds.split(","))
    )


def held_until(route: AlertRoute, severity: AlertSeverity, moment: dt.datetime) -> dt.datetime | None:
    """When the quiet hours of the route that hold at the moment end, in UTC; None where it may be sent now.

    Quiet hours are a wall clock's: over a change of the clock they are an hour longer or shorter. An end that the clock
    skips is the moment of the change, one that it shows twice is the first of the two.
    """
    if route.quiet_from is None or route.quiet_until is None or route.time_zone is None:
        return None
    if route.breakthrough is not None and is_at_least(severity, route.breakthrough):
        return None
    zone = ZoneInfo(route.time_zone)
    starts, ends = dt.time.fromisoformat(route.quiet_from), dt.time.fromisoformat(route.quiet_until)
    today = moment.astimezone(zone).date()
    for day in (today - dt.timedelta(days=1), today):
        last = day if ends > starts else day + dt.timedelta(days=1)
        end = _moment_of(last, ends, zone)
        if _moment_of(day, starts, zone) <= moment < end:
            return end
    return None


def channels_of(
    routes: Iterable[AlertRoute], alert: Alert, *, told_before: frozenset[int], now: dt.datetime
) -> list[tuple[AlertChannel, dt.datetime | None]]:
    """The channels that an alert goes to, each once, and until when it is held there.

    `told_before` are ids of channels that were told of what the alert takes back: they are told that as well, whatever
    severity they ask for. Of several routes to one channel, the one that lets it pass first decides.
    """
    found: dict[int, tuple[AlertChannel, dt.datetime | None]] = {}
    for route in routes:
        if not wants(route, alert) and route.channel_id not in told_before:
            continue
        until = held_until(route, alert.severity, now)
        known = found.get(route.channel_id)
        if known is None or _is_sooner(until, known[1]):
            found[route.channel_id] = (route.channel, until)
    return list(found.values())


def _is_sooner(one: dt.datetime | None, other: dt.datetime | None) -> bool:
    return other is not None and (one is None or one < other)


def _moment_of(day: dt.date, clock: dt.time, zone: ZoneInfo) -> dt.datetime:
    local = dt.datetime.combine(day, clock, tzinfo=zone)
    moment = local.astimezone(dt.UTC)
    if moment.astimezone(zone).time() == clock:
        return moment
    # The clock skips it: what both offsets around the gap agree on is the change itself.
    before = local.replace(fold=1).astimezone(dt.UTC)
    return _first_after_gap(before, moment, zone)


def _first_after_gap(earliest: dt.datetime, latest: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    low, high = sorted((earliest, latest))
    offset = low.astimezone(zone).utcoffset()
    while high - low > dt.timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
