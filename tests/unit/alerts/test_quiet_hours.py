"""Until when quiet hours hold an alert back, over midnight and over changes of the clock."""

import datetime as dt

import pytest

from genai_finops.control.alert_models import AlertRoute
from genai_finops.control.alert_routing import held_until


def route(quiet: str, zone: str = "Europe/Berlin", breakthrough: str | None = None) -> AlertRoute:
    start, end = quiet.split("-")
    return AlertRoute(quiet_from=start, quiet_until=end, time_zone=zone, breakthrough=breakthrough)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("quiet", "at", "until"),
    [
        ("22:00-07:00", "2026-11-10T21:59:59+01:00", None),
        ("22:00-07:00", "2026-11-10T22:00:00+01:00", "2026-11-11T07:00:00+01:00"),
        ("22:00-07:00", "2026-11-11T06:59:59+01:00", "2026-11-11T07:00:00+01:00"),
        ("22:00-07:00", "2026-11-11T07:00:00+01:00", None),
        ("12:00-13:00", "2026-11-11T12:30:00+01:00", "2026-11-11T13:00:00+01:00"),
        # 2026-03-29: 02:00 becomes 03:00. The night is an hour shorter, and 02:30 never comes.
        ("22:00-07:00", "2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"),
        ("22:00-02:30", "2026-03-28T23:00:00+01:00", "2026-03-29T03:00:00+02:00"),
        ("02:15-07:00", "2026-03-29T03:00:00+02:00", "2026-03-29T07:00:00+02:00"),
        # 2026-10-25: 03:00 becomes 02:00. The night is an hour longer, and 02:30 comes twice.
        ("22:00-07:00", "2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00"),
        ("22:00-02:30", "2026-10-25T02:15:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("22:00-02:30", "2026-10-25T02:15:00+01:00", None),
    ],
)
def test_an_alert_is_held_until_the_quiet_hours_end(quiet: str, at: str, until: str | None) -> None:
    assert held_until(route(quiet), "info", moment(at)) == (None if until is None else moment(until))


@pytest.mark.parametrize(("severity", "is_held"), [("warning", True), ("critical", False), ("exceeded", False)])
def test_graver_alerts_break_through(severity: str, is_held: bool) -> None:
    at = moment("2026-11-10T23:00:00+01:00")
    held = held_until(route("22:00-07:00", breakthrough="critical"), severity, at)  # type: ignore[arg-type]
    assert (held is not None) == is_held
