"""`kill -9` between deciding, storing and sending, and two daemons at once: each alert is stored and sent once."""

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from genai_finops.alerts.dispatch import dispatch_due
from genai_finops.budgets.tick import tick
from genai_finops.control.alert_channels import add_channel
from genai_finops.control.alert_content import PLATFORM
from genai_finops.control.alert_models import AlertDelivery, AlertRecord
from genai_finops.control.alert_routes import add_route
from genai_finops.control.budget_store import budget_states
from genai_finops.control.database import open_database, reading, writing
from genai_finops.control.secret import Secret

NOON = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)
TICK = "from genai_finops.budgets.tick import tick\n"
#: Says when it has stored what it decided, and waits to be killed.
DECIDES = f"{TICK}tick(settings, now=NOON)\nprint('decided', flush=True)\ntime.sleep(60)"
#: Says when alerts are written and not yet committed, and waits to be killed.
HALF_WAY = f"""{TICK}
from genai_finops.budgets import tick_storing
def stop(*_, **__):
    print('half-way', flush=True)
    time.sleep(60)
tick_storing.put_states = stop
tick(settings, now=NOON)
"""
#: Waits for its line, and looks at the same time as the other.
LOOKS = f"{TICK}print('ready', flush=True)\ninput()\nprint(len(tick(settings, now=NOON).raised), flush=True)"


@pytest.fixture
def received(home: Any) -> Iterator[list[dict[str, Any]]]:
    """What a webhook on this machine is sent, to which every alert goes."""
    found: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        engine = open_database(home.settings)
        with writing(engine) as session:
            add_channel(
                session,
                home.settings,
                owner=PLATFORM,
                name="hook",
                kind="webhook",
                options={"url": f"http://127.0.0.1:{server.server_address[1]}/"},
                secret=Secret.of("whsec_" + "QUFB" * 8),
                allow_private=True,
                allow_plain=True,
                now=NOON,
                actor="tester",
            )
            add_route(session, owner=PLATFORM, channel="hook", alerts_of=None, now=NOON, actor="tester")
        engine.dispose()
        yield found
        server.shutdown()


def stored(home: Any) -> tuple[int, int, int]:
    """How many alerts, deliveries and states there are."""
    engine = open_database(home.settings)
    with reading(engine) as session:
        counts = tuple(len(session.scalars(select(table)).unique().all()) for table in (AlertRecord, AlertDelivery))
        found = (counts[0], counts[1], len(budget_states(session)))
    engine.dispose()
    return found


def test_what_was_decided_before_a_kill_is_sent_by_whoever_comes_next(
    home: Any, received: list[dict[str, Any]], killed: Callable[[Any], None]
) -> None:
    home.add()
    process = home.process(DECIDES)
    assert process.stdout.readline() == "decided\n"
    killed(process)
    assert received == []
    dispatch_due(home.settings, now=NOON)
    assert ["budget acme/monthly" in json.dumps(payload) for payload in received] == [True]


def test_a_kill_before_the_commit_leaves_nothing_and_loses_nothing(
    home: Any, received: list[dict[str, Any]], killed: Callable[[Any], None]
) -> None:
    home.add()
    process = home.process(HALF_WAY)
    assert process.stdout.readline() == "half-way\n"
    killed(process)
    assert stored(home) == (0, 0, 0)
    tick(home.settings, now=NOON)
    assert stored(home) == (1, 1, 1)


def test_two_daemons_that_look_at_once_raise_one_alert(home: Any, received: list[dict[str, Any]]) -> None:
    for number in range(20):
        home.add(f"budget-{number}", amount=Decimal(100 + number))
    processes = [home.process(LOOKS) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    raised = [int(process.communicate(timeout=30)[0]) for process in processes]
    assert (sum(raised), stored(home)) == (20, (20, 20, 20))
    dispatch_due(home.settings, now=NOON)
    assert len({payload["data"]["delivery_id"] for payload in received}) == len(received) == 20
