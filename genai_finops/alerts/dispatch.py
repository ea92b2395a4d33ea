"""Sending what is due: each delivery at least once, and no channel waits for another."""

import datetime as dt
import logging
import os
import random as chance
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

from genai_finops.alerts.channel_kinds import open_channel
from genai_finops.alerts.send_error import SendError
from genai_finops.alerts.sending import Outgoing, Sender
from genai_finops.control.alert_outbox import ClaimedDelivery
from genai_finops.control.outbox import Outbox
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

log = logging.getLogger(__name__)

_FIRST_WAIT = dt.timedelta(seconds=30)
_LONGEST_WAIT = dt.timedelta(hours=1)
#: What Retry-After may ask for at most.
_LONGEST_ASKED = dt.timedelta(hours=24)
#: Longer than a whole dispatch takes, so that nobody sends what is being sent.
_LEASE = dt.timedelta(minutes=10)
_THREADS = 8
_PER_CHANNEL = 50
#: Seconds that one channel, and a whole dispatch, may take before what is left waits for the next.
_CHANNEL_SECONDS = 30.0
_DISPATCH_SECONDS = 60.0
#: After the claim nothing is begun any more: what is begun then must end before the lease does.
_CLAIM_SECONDS = 300.0

#: In [0, 1).
Random = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchReport:
    """What became of the deliveries that were due."""

    sent: int = 0
    #: Tried, to be tried again.
    failed: int = 0
    #: Given up.
    dead: int = 0
    #: Not tried, because their channel failed just before or took too long.
    put_off: int = 0

    def plus(self, other: "DispatchReport") -> "DispatchReport":
        """Both together."""
        return DispatchReport(
            sent=self.sent + other.sent,
            failed=self.failed + other.failed,
            dead=self.dead + other.dead,
            put_off=self.put_off + other.put_off,
        )


def dispatch_due(settings: Settings, *, now: dt.datetime, random: Random = chance.random) -> DispatchReport:
    """Sends what is due at `now`. May run in several processes at once, and be killed at any moment.

    A delivery whose process died is sent again, with the same id and a higher attempt, once its lease has ended.
    Raises FinopsError when the control database does not answer; a channel's errors are in the log and the report.
    """
    holder = f"{socket.gethostname()[:30]}/{os.getpid()}/{secrets.token_hex(6)}"
    outbox = Outbox.open(settings, holder=holder, now=now)
    until = time.monotonic() + _DISPATCH_SECONDS
    report = DispatchReport()
    try:
        while time.monotonic() < until:
            claimed = outbox.claim(lease=_LEASE, per_channel=_PER_CHANNEL)
            if not claimed:
                break
            done = _send_all(outbox, settings, claimed, now=now, random=random)
            report = report.plus(done)
            if not done.sent + done.failed + done.dead:
                # Only put off, or the database did not take what became of them.
                break
    finally:
        outbox.close()
    return report


def backoff(attempt: int, random: Random) -> dt.timedelta:
    """How long to wait after that attempt: doubled each time up to an hour; chance takes up to half of it away."""
    ceiling: dt.timedelta = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(attempt - 1, 20))
    return ceiling * (0.5 + random() / 2)


def _send_all(
    outbox: Outbox, settings: Settings, claimed: Sequence[ClaimedDelivery], *, now: dt.datetime, random: Random
) -> DispatchReport:
    # The order within a channel stays: what was raised first is told first.
    by_channel = [list(group) for _, group in groupby(sorted(claimed, key=_channel_of), key=_channel_of)]
    report = DispatchReport()
    run = _ChannelRun(outbox, settings, now, random, time.monotonic() + _CLAIM_SECONDS)
    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="alerts") as pool:
        for done in pool.map(lambda group: _send_guarded(run, group), by_channel):
            report = report.plus(done)
    return report


def _channel_of(delivery: ClaimedDelivery) -> tuple[str, str]:
    return delivery.channel_owner, delivery.channel_name


def _send_guarded(run: "_ChannelRun", group: list[ClaimedDelivery]) -> DispatchReport:
    try:
        return run.send(group)
    except FinopsError as error:
        # The leases end by themselves: what was sent but not noted is sent again then.
        log.error("channel=%s/%s stopped: %s", *_channel_of(group[0]), error.message)  # noqa: TRY400 - no secrets
        return DispatchReport()


@dataclass(frozen=True, slots=True)
class _ChannelRun:
    outbox: Outbox
    settings: Settings
    now: dt.datetime
    random: Random
    #: Monotonic seconds, after which nothing is begun.
    ends: float

    def send(self, group: list[ClaimedDelivery]) -> DispatchReport:
        sent = failed = dead = 0
        until = min(time.monotonic() + _CHANNEL_SECONDS, self.ends)
        sender = self._sender(group[0])
        for place, delivery in enumerate(group):
            if time.monotonic() > until:
                self._put_off(group[place:], None)
                return DispatchReport(sent=sent, failed=failed, dead=dead, put_off=len(group) - place)
            error = sender if isinstance(sender, SendError) else self._attempt(sender, delivery)
            if error is None:
                sent += 1
                continue
            is_dead = self._note_failed(delivery, error)
            dead, failed = dead + is_dead, failed + (not is_dead)
            if not error.is_permanent:
                # What is down stays down for the rest, and each would wait for it.
                self._put_off(group[place + 1 :], error)
                return DispatchReport(sent=sent, failed=failed, dead=dead, put_off=len(group) - place - 1)
        return DispatchReport(sent=sent, failed=failed, dead=dead)

    def _sender(self, delivery: ClaimedDelivery) -> Sender | SendError:
        row = self.outbox.channel_of(delivery)
        if row is None:
            return SendError("the channel was removed", is_permanent=True)
        try:
            return open_channel(row, self.settings)
        except FinopsError as error:
            # Whoever runs this can mend it: the key, the variable of a reference.
            return SendError(str(error))

    def _attempt(self, sender: Sender, delivery: ClaimedDelivery) -> SendError | None:
        outgoing = Outgoing(
            delivery_id=delivery.delivery_id,
            attempt=delivery.attempt,
            is_reminder=delivery.is_reminder,
            alert=delivery.alert,
            now=self.now,
        )
        try:
            remark = sender.send(outgoing)
        except SendError as error:
            return error
        except Exception as error:  # noqa: BLE001 - one alert that cannot be worded must not silence the others
            # Only the type: the message of an unforeseen error may hold anything.
            log.error("delivery=%s unforeseen %s", delivery.delivery_id, type(error).__name__)  # noqa: TRY400
            return SendError(f"unforeseen {type(error).__name__}")
        self.outbox.sent(delivery, remark)
        return None

    def _note_failed(self, delivery: ClaimedDelivery, error: SendError) -> bool:
        wait = max(backoff(delivery.attempt, self.random), _asked(error))
        log.warning(
            "delivery=%s channel=%s/%s attempt=%d: %s",
            delivery.delivery_id,
            *_channel_of(delivery),
            delivery.attempt,
            error,
        )
        return self.outbox.failed(delivery, str(error), again_at=None if error.is_permanent else self.now + wait)

    def _put_off(self, group: list[ClaimedDelivery], error: SendError | None) -> None:
        if not group:
            return
        not_before = None if error is None else self.now + max(_FIRST_WAIT, _asked(error))
        self.outbox.give_back(group, not_before=not_before)


def _asked(error: SendError) -> dt.timedelta:
    return min(_LONGEST_ASKED, dt.timedelta(seconds=min(error.retry_after or 0, _LONGEST_ASKED.total_seconds())))
