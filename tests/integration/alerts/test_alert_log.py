"""An alert is raised once, and goes to whom the routes name and to nobody else."""

import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from genai_finops.alerts.alert import Alert, Driver
from genai_finops.control.alert_log import list_alerts, raise_alerts, remind, stored_alert
from genai_finops.control.alert_outbox import delivery_counts, list_deliveries
from genai_finops.control.alert_routes import add_route
from genai_finops.control.database import connect, reading, writing
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

from .alert_cases import NOW, alert

Raise = Callable[..., tuple[Alert, ...]]
DAY = dt.timedelta(days=1)


def told(session: Session) -> list[tuple[str, str, int]]:
    rows = list_deliveries(session)
    return sorted((row.alert_id, f"{row.channel_owner}/{row.channel_name}", row.sequence) for row in rows)


def test_an_alert_is_raised_once(raised: Raise, engine: Engine, webhook: Callable[..., None]) -> None:
    webhook("http://127.0.0.1:9")
    assert [raised(alert(), alert()), raised(alert(severity="critical"))] == [(alert(),), ()]
    with reading(engine) as session:
        assert told(session) == [("a1", "acme/hook", 1)]


def test_two_processes_that_find_the_same_raise_it_once(settings: Settings) -> None:
    def process(_place: int) -> int:
        engine = connect(settings.control_url)
        with writing(engine) as session:
            found = raise_alerts(session, [alert(f"a{number}") for number in range(20)], now=NOW)
        engine.dispose()
        return len(found)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(process, range(4))) == [0, 0, 0, 20]


def test_an_alert_that_is_not_kept_is_not_delivered(engine: Engine, webhook: Callable[..., None]) -> None:
    webhook("http://127.0.0.1:9")
    with writing(engine) as session:
        raise_alerts(session, [alert()], now=NOW)
        session.rollback()
    with reading(engine) as session:
        assert (list(list_alerts(session)), told(session)) == ([], [])


def test_what_is_kept_is_what_was_raised(raised: Raise, engine: Engine) -> None:
    wanted = alert(
        currency="USD",
        spend=Decimal("812.405"),
        amount=Decimal(1000),
        period_start=NOW,
        period_end=NOW + DAY,
        drivers=(Driver(name="model b", amount=Decimal("1E+2")), Driver(name="model a", amount=Decimal("0.1"))),
        figures={"tokens": "12"},
    )
    raised(wanted)
    with reading(engine) as session:
        assert [stored_alert(record) for record in list_alerts(session, period_open_at=NOW)] == [wanted]


@pytest.mark.parametrize(
    ("owner", "route", "of", "is_told"),
    [
        ("acme", {}, "acme", True),
        ("acme", {}, "globex", False),
        ("acme", {}, "*", False),
        ("*", {"alerts_of": "*"}, "acme", False),
        ("*", {"alerts_of": "acme"}, "acme", True),
        ("*", {"alerts_of": "acme"}, "globex", False),
        ("*", {"alerts_of": None}, "globex", True),
        ("*", {"alerts_of": None}, "*", True),
        ("acme", {"min_severity": "critical"}, "acme", False),
        ("acme", {"min_severity": "warning", "kinds": ["threshold", "forecast"]}, "acme", True),
        ("acme", {"kinds": ["forecast"]}, "acme", False),
    ],
)
def test_a_route_carries_what_it_asks_for(
    *,
    owner: str,
    route: dict[str, Any],
    of: str,
    is_told: bool,
    raised: Raise,
    engine: Engine,
    webhook: Callable[..., None],
) -> None:
    webhook("http://127.0.0.1:9", owner=owner, **route)
    raised(alert(owner=of))
    with reading(engine) as session:
        assert bool(told(session)) == is_told


def test_two_routes_to_one_channel_make_one_delivery(
    raised: Raise, engine: Engine, webhook: Callable[..., None]
) -> None:
    webhook("http://127.0.0.1:9", quiet="00:00-12:00", time_zone="UTC")
    with writing(engine) as session:
        add_route(session, owner="acme", channel="hook", alerts_of="acme", now=NOW, actor="tester")
    raised(alert())
    with reading(engine) as session:
        assert [(row.state, row.not_before) for row in list_deliveries(session)] == [("pending", NOW)]


def test_an_organisation_cannot_route_the_alerts_of_another(webhook: Callable[..., None]) -> None:
    with pytest.raises(FinopsError, match="cannot carry the alerts of globex"):
        webhook("http://127.0.0.1:9", alerts_of="globex")


def test_an_alert_that_nobody_is_told_of_is_counted_and_logged(
    raised: Raise, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        raised(alert(), alert("a2", is_sent=False))
    with reading(engine) as session:
        assert delivery_counts(session, now=NOW).unrouted == 1
        assert [record.alert_id for record in list_alerts(session, only_unrouted=True)] == ["a1"]
    assert "alert=a1 owner=acme kind=threshold has no route" in caplog.text


def test_a_threshold_that_only_logs_is_sent_nowhere(
    raised: Raise, engine: Engine, webhook: Callable[..., None]
) -> None:
    webhook("http://127.0.0.1:9")
    raised(alert(is_sent=False))
    with reading(engine) as session:
        assert told(session) == []


def test_a_recovery_reaches_whom_the_alert_reached(raised: Raise, engine: Engine, webhook: Callable[..., None]) -> None:
    webhook("http://127.0.0.1:9", min_severity="critical")
    raised(alert("a1", severity="critical"), alert("a2", severity="warning"))
    raised(
        alert("r1", kind="recovery", severity="info", recovers="a1"),
        alert("r2", kind="recovery", severity="info", recovers="a2"),
    )
    with reading(engine) as session:
        assert told(session) == [("a1", "acme/hook", 1), ("r1", "acme/hook", 1)]


def test_a_reminder_is_a_delivery_of_its_own_once_an_interval(
    raised: Raise, engine: Engine, webhook: Callable[..., None]
) -> None:
    webhook("http://127.0.0.1:9")
    raised(alert())
    with writing(engine) as session:
        for row in list_deliveries(session):
            row.state, row.sent_at = "sent", NOW
    reminded = []
    for hours in (23, 24, 25, 47):
        with writing(engine) as session:
            reminded.append(remind(session, {"a1": DAY, "unknown": DAY}, now=NOW + dt.timedelta(hours=hours)))
    assert reminded == [(), ("a1",), (), ()]
    with reading(engine) as session:
        assert told(session) == [("a1", "acme/hook", 1), ("a1", "acme/hook", 2)]


def test_what_was_not_sent_yet_is_not_reminded_of(raised: Raise, engine: Engine, webhook: Callable[..., None]) -> None:
    webhook("http://127.0.0.1:9")
    raised(alert())
    with writing(engine) as session:
        remind(session, {"a1": DAY}, now=NOW + DAY)
        assert told(session) == [("a1", "acme/hook", 1)]
