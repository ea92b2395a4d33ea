"""Each alert arrives at least once with an id that stays, whatever breaks, and no channel waits for another."""

import datetime as dt
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from genai_finops.alerts import dispatch as dispatching
from genai_finops.alerts.alert import Alert
from genai_finops.alerts.dispatch import DispatchReport, backoff, dispatch_due
from genai_finops.control.alert_channels import remove_channel
from genai_finops.control.alert_models import AlertDelivery
from genai_finops.control.alert_outbox import delivery_counts, list_attempts, list_deliveries, retry_dead
from genai_finops.control.database import reading, writing
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

from .alert_cases import NOW, alert
from .receivers import HttpReceiver, http_receiver, kill_sender

Raise = Callable[..., tuple[Alert, ...]]
AddWebhook = Callable[..., None]
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


def dispatch(settings: Settings, now: dt.datetime = NOW) -> DispatchReport:
    return dispatch_due(settings, now=now, random=lambda: 0.5)


def bodies(receiver: HttpReceiver) -> list[dict[str, Any]]:
    return [json.loads(received.body)["data"] for received in receiver.received]


def deliveries(engine: Engine) -> list[AlertDelivery]:
    with reading(engine) as session:
        return list(list_deliveries(session))


def test_what_is_due_is_sent_once(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook
) -> None:
    webhook(receiver.url)
    raised(alert())
    assert [dispatch(settings), dispatch(settings)] == [DispatchReport(sent=1), DispatchReport()]
    assert [(body["alert_id"], body["attempt"]) for body in bodies(receiver)] == [("a1", 1)]


def test_a_channel_that_fails_for_an_hour_loses_nothing(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook
) -> None:
    webhook(receiver.url)
    receiver.status = 503
    for minutes in range(0, 90, 10):
        if minutes == 60:
            receiver.status, failed = 200, len(receiver.received)
        if minutes < 60:
            raised(alert(f"a{minutes}"), now=NOW + minutes * MINUTE)
        dispatch(settings, NOW + minutes * MINUTE)
    after = [body["alert_id"] for body in bodies(receiver)[failed:]]
    assert sorted(after) == sorted(f"a{minutes}" for minutes in range(0, 60, 10))


def test_attempts_keep_the_id_and_say_that_they_may_be_repeats(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook, engine: Engine
) -> None:
    webhook(receiver.url)
    raised(alert())
    receiver.status = 500
    dispatch(settings)
    receiver.status = 200
    dispatch(settings, NOW + MINUTE)
    assert [(body["attempt"], body["may_be_repeat"]) for body in bodies(receiver)] == [(1, False), (2, True)]
    assert {received.headers["webhook-id"] for received in receiver.received} == {deliveries(engine)[0].delivery_id}


def test_the_wait_doubles_to_an_hour_and_chance_takes_half_at_most() -> None:
    waits = [backoff(attempt, lambda: 1.0) / MINUTE for attempt in (1, 2, 3, 7, 8, 100)]
    assert waits == [0.5, 1, 2, 32, 60, 60]
    assert backoff(8, lambda: 0.0) == 30 * MINUTE


def test_retry_after_is_kept_to(settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook) -> None:
    webhook(receiver.url)
    raised(alert("a1"), alert("a2"))
    receiver.status, receiver.headers = 429, {"Retry-After": "1800"}
    first = dispatch(settings)
    receiver.status = 200
    early = dispatch(settings, NOW + 29 * MINUTE)
    late = dispatch(settings, NOW + 30 * MINUTE)
    assert [first, early, late] == [DispatchReport(failed=1, put_off=1), DispatchReport(), DispatchReport(sent=2)]


@pytest.mark.parametrize("status", [301, 401, 404])
def test_what_will_never_be_taken_is_given_up_at_once(
    *, status: int, settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook, engine: Engine
) -> None:
    webhook(receiver.url)
    raised(alert())
    receiver.status, receiver.headers, receiver.body = status, {"Location": receiver.url}, b"no  such\nhook"
    assert dispatch(settings) == DispatchReport(dead=1)
    assert len(receiver.received) == 1
    assert [row.last_error for row in deliveries(engine)] == [f"127.0.0.1: HTTP {status}: no such hook"]


def test_what_may_still_be_taken_is_given_up_only_after_a_day(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook, engine: Engine
) -> None:
    webhook(receiver.url)
    raised(alert())
    receiver.status = 500
    dead_after = next(hours for hours in range(0, 60, 3) if dispatch(settings, NOW + hours * HOUR).dead)
    assert (dead_after, len(receiver.received)) == (24, 9)


def test_a_dead_letter_that_is_retried_is_the_same_delivery(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook, engine: Engine
) -> None:
    webhook(receiver.url)
    raised(alert())
    receiver.status = 404
    dispatch(settings)
    (dead,) = deliveries(engine)
    with writing(engine) as session:
        retry_dead(session, [dead.delivery_id], now=NOW + HOUR, actor="tester")
    receiver.status = 200
    assert dispatch(settings, NOW + HOUR) == DispatchReport(sent=1)
    assert [body["delivery_id"] for body in bodies(receiver)] == [dead.delivery_id] * 2
    with pytest.raises(FinopsError, match="is sent, not dead"), writing(engine) as session:
        retry_dead(session, [dead.delivery_id], now=NOW + HOUR, actor="tester")


def test_a_sender_that_dies_before_it_notes_is_followed_by_another(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook, engine: Engine
) -> None:
    """`kill -9` between sending and recording: the receiver has it, and we do not know."""
    script = (
        "import datetime as dt, os, sys; from pathlib import Path\n"
        "from genai_finops.alerts.dispatch import dispatch_due; from genai_finops.settings import Settings\n"
        "print(os.getpid(), flush=True); sys.stdin.readline()\n"
        "dispatch_due(Settings.from_environment({}, Path(sys.argv[1])), now=dt.datetime.fromisoformat(sys.argv[2]))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(settings.home.parent), NOW.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        webhook(f"{receiver.url}/{process.stdout.readline().strip()}")
        raised(alert())
        receiver.before_answer = kill_sender
        process.stdin.write("go\n")
        process.stdin.close()
    receiver.before_answer = lambda _received: None
    assert process.returncode == -9
    assert dispatch(settings, NOW + MINUTE) == DispatchReport()
    assert dispatch(settings, NOW + 11 * MINUTE) == DispatchReport(sent=1)
    assert [body["attempt"] for body in bodies(receiver)] == [1, 2]
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1
    with reading(engine) as session:
        attempts = list_attempts(session, deliveries(engine)[0].delivery_id)
    assert [row.outcome for row in attempts] == [None, "sent"]


def test_two_dispatchers_at_once_send_each_delivery_once(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook
) -> None:
    for number in range(3):
        webhook(receiver.url, name=f"hook{number}")
    raised(*(alert(f"a{number}") for number in range(10)))
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _place: dispatch(settings), range(3)))
    assert sum(report.sent for report in reports) == 30
    assert max(Counter(received.headers["webhook-id"] for received in receiver.received).values()) == 1


def test_a_channel_that_hangs_holds_up_no_other(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook
) -> None:
    released = threading.Event()
    with http_receiver() as hanging:
        hanging.before_answer = lambda _received: (released.wait(20), None)[1]
        webhook(hanging.url, name="a-hanging")
        webhook("http://127.0.0.1:9", name="b-closed")
        webhook(receiver.url, name="c-good")
        raised(alert("a1"), alert("a2"))
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(dispatch, settings)
            until = time.monotonic() + 10
            while len(receiver.received) < 2 and time.monotonic() < until:
                time.sleep(0.01)
            assert len(receiver.received) == 2
            assert not running.done()
            released.set()
            assert running.result() == DispatchReport(sent=4, failed=1, put_off=1)


def test_an_alert_that_cannot_be_worded_silences_no_other(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_broken(*_arguments: object) -> object:
        raise ZeroDivisionError

    webhook(receiver.url, name="a-broken")
    webhook(receiver.url, name="b-good")
    raised(alert())
    opened = dispatching.open_channel

    class Broken:
        send = staticmethod(open_broken)

    monkeypatch.setattr(
        dispatching, "open_channel", lambda row, found: Broken() if row.name == "a-broken" else opened(row, found)
    )
    assert dispatch(settings) == DispatchReport(sent=1, failed=1)


def test_a_secret_that_is_not_there_fails_until_it_is(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook
) -> None:
    webhook(receiver.url)
    raised(alert())
    key = settings.master_key_path.rename(settings.home / "elsewhere")
    assert dispatch(settings) == DispatchReport(failed=1)
    key.rename(settings.master_key_path)
    assert dispatch(settings, NOW + MINUTE) == DispatchReport(sent=1)


def test_what_quiet_hours_hold_is_sent_when_they_end(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook
) -> None:
    # 06:00Z is 07:00 in Berlin.
    webhook(receiver.url, quiet="22:00-08:00", time_zone="Europe/Berlin", breakthrough="critical")
    raised(alert("a1"), alert("a2", severity="critical"))
    reports = [dispatch(settings, NOW + minutes * MINUTE) for minutes in (0, 59, 60)]
    assert [report.sent for report in reports] == [1, 0, 1]
    assert [body["alert_id"] for body in bodies(receiver)] == ["a2", "a1"]


def test_a_recovery_waits_for_the_alert_that_it_takes_back(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook
) -> None:
    webhook(receiver.url)
    receiver.status = 500
    raised(alert("a1"))
    dispatch(settings)
    receiver.status = 200
    raised(alert("r1", kind="recovery", recovers="a1"))
    early = dispatch(settings, NOW + dt.timedelta(seconds=1))
    dispatch(settings, NOW + MINUTE)
    assert early == DispatchReport()
    assert [body["alert_id"] for body in bodies(receiver)] == ["a1", "a1", "r1"]


def test_what_a_removed_channel_did_not_send_is_given_up_and_stays_in_the_history(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook, engine: Engine
) -> None:
    webhook(receiver.url)
    raised(alert())
    with writing(engine) as session:
        assert remove_channel(session, owner="acme", name="hook", now=NOW, actor="tester") == (1, 1)
    webhook(receiver.url)
    assert dispatch(settings) == DispatchReport()
    assert [(row.state, row.last_error) for row in deliveries(engine)] == [("dead", "the channel was removed")]


def test_the_counts_tell_what_waits_and_since_when(
    settings: Settings, receiver: HttpReceiver, raised: Raise, webhook: AddWebhook, engine: Engine
) -> None:
    webhook(receiver.url)
    raised(alert("a1"))
    dispatch(settings)
    raised(alert("a2"), now=NOW + HOUR)
    with reading(engine) as session:
        counts = delivery_counts(session, now=NOW + 2 * HOUR)
    assert counts.by_channel == {("acme/hook", "sent"): 1, ("acme/hook", "pending"): 1}
    assert counts.oldest_due == NOW + HOUR
