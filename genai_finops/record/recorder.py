"""Takes what callers give and writes it in the background: bounded, counted, never in the caller's way."""

import itertools
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from genai_finops.record.event import Event
from genai_finops.record.given import Given
from genai_finops.record.sinks.sink import Sink, SinkFailsError, SinkRefusesError
from genai_finops.record.statistics import (
    CLOSED,
    INVALID,
    NOT_CONFIGURED,
    QUEUE_FULL,
    REFUSED,
    REMEDIES,
    UNSENT,
    MetricCounts,
    Statistics,
)
from genai_finops.record.worker import Worker

BATCH = 500
_LONGEST_PAUSE = 30.0


class Measuring(Protocol):
    """What makes metrics of events, on a thread of its own."""

    def measure(self, events: Sequence[Event]) -> None:
        """Take the events. Never waits and never raises."""

    def counts(self) -> MetricCounts:
        """What became of them."""

    def flush(self, timeout: float) -> bool:
        """Wait until those taken before are measured; False where it takes longer."""

    def close(self, timeout: float) -> None:
        """Take nothing more, and wait for what was taken."""


class Recorder:
    """Writes to a sink, and makes metrics where they are wanted. Without either it only counts what it drops.

    `record` and `drop` may be called from any thread, from signal handlers and destructors; they never wait or raise.
    """

    def __init__(
        self,
        *,
        sink: Sink | None,
        meter: Measuring | None = None,
        queue_size: int = 10_000,
        flush_seconds: float = 0.5,
        exit_seconds: float = 5.0,
        first_pause: float = 0.5,
    ) -> None:
        self._sink, self._meter = sink, meter
        self._exit_seconds, self._first_pause = exit_seconds, first_pause
        self._begin()
        self._worker: Worker[Given] = Worker(
            "genai_finops.record",
            self._handle,
            limit=queue_size,
            batch=BATCH,
            interval=flush_seconds,
            forked=self._forked,
            started=self._close_with_child,
        )

    def _begin(self) -> None:
        #: Of the callers' threads. Reentrant: a destructor or a signal handler may drop while its own thread counts.
        self._counting = threading.RLock()
        self._dropped_before: Counter[str] = Counter()
        #: Of the background thread alone.
        self._dropped_after: Counter[str] = Counter()
        self._mended: Counter[str] = Counter()
        self._written = self._failed = self._cache_hits = 0
        self._told: set[str] = set()
        self._is_failing = False
        # Distinct in all processes and hosts: what identifies a request that has no id.
        self._ids = itertools.count(1)
        self._id_start = os.urandom(8).hex()

    def record(self, given: Given) -> None:
        """Take a request, or count it as dropped."""
        if self._sink is None and self._meter is None:
            self.drop(NOT_CONFIGURED)
        elif not self._worker.put(given):
            self.drop(CLOSED if self._worker.is_closed else QUEUE_FULL)

    def drop(self, reason: str) -> None:
        """Count a request that cannot be recorded. Its reason is logged once, in the background."""
        with self._counting:
            is_new = reason not in self._dropped_before
            self._dropped_before[reason] += 1
        if is_new:
            self._worker.wake()

    def flush(self, timeout: float) -> bool:
        """Wait until all that was taken before is written or dropped; False where it takes longer."""
        ends_at = time.monotonic() + timeout
        is_written = self._worker.flush(timeout)
        return (self._meter is None or self._meter.flush(max(ends_at - time.monotonic(), 0.0))) and is_written

    def close(self, timeout: float) -> None:
        """Take nothing more; write what was taken, as far as the time allows, and count the rest as dropped."""
        ends_at = time.monotonic() + timeout
        unsent = self._worker.close(timeout)
        if unsent:
            self._dropped_after[UNSENT] += unsent
        if self._meter is not None:
            self._meter.close(max(ends_at - time.monotonic(), 0.0))
        self._tell()

    def statistics(self) -> Statistics:
        """Counts since the recorder, or this process, began."""
        with self._counting:
            before = Counter(self._dropped_before)
        waiting = self._worker.waiting
        return Statistics(
            recorded=before.total() + waiting + self._worker.taken,
            written=self._written,
            waiting=waiting + self._worker.in_hand,
            dropped=dict(before + self._dropped_after),
            failed=self._failed,
            mended=dict(self._mended),
            cache_hits=self._cache_hits,
            metrics=MetricCounts() if self._meter is None else self._meter.counts(),
        )

    def _forked(self) -> None:
        self._begin()
        if self._sink is not None:
            self._sink.forked()

    def _close_with_child(self) -> None:
        """Children of multiprocessing end without the exit handlers of the interpreter, but with their own."""
        process = sys.modules.get("multiprocessing.process")
        if process is not None and process.parent_process() is not None:
            from multiprocessing.util import Finalize  # noqa: PLC0415 # loaded already, in a child

            Finalize(None, self.close, args=(self._exit_seconds,), exitpriority=10)

    def _handle(self, batch: list[Given]) -> None:
        events = [event for given in batch if (event := self._event(given)) is not None]
        if events and self._meter is not None:
            self._meter.measure(events)
        if events and self._sink is not None:
            self._write(self._sink, events)
        elif events:
            self._count_written(events)
        if not batch and self._worker.is_closed and self._sink is not None:
            self._finish(self._sink)
        self._tell()

    def _event(self, given: Given) -> Event | None:
        from genai_finops.record.event_reading import event_of  # noqa: PLC0415 # off the application's thread

        try:
            return event_of(given, new_id=lambda: f"{self._id_start}-{next(self._ids)}", mended=self._mended)
        except Exception:  # noqa: BLE001 # values of the caller, of any type
            self._dropped_after[INVALID] += 1
            return None

    def _write(self, sink: Sink, events: Sequence[Event]) -> None:
        pause = self._first_pause
        while True:
            try:
                sink.write(events)
            except SinkRefusesError as refusal:
                refused = len(events) if refusal.count is None else refusal.count
                self._dropped_after[REFUSED] += refused
                self._written += len(events) - refused
                self._tell_failure(refusal, "they are dropped")
                return
            except (SinkFailsError, OSError) as failure:
                self._failed += 1
                self._tell_failure(failure, "it is tried again")
                asked = getattr(failure, "retry_after", None)
                if not self._worker.pause(min(_LONGEST_PAUSE, pause if asked is None else asked)):
                    self._dropped_after[UNSENT] += len(events)
                    return
                pause *= 2
            except Exception as defect:  # noqa: BLE001 # an event that cannot be written must not stop the others
                self._failed += 1
                self._dropped_after[REFUSED] += len(events)
                self._tell_failure(defect, "they are dropped")
                return
            else:
                self._is_failing = False
                self._count_written(events)
                return

    def _count_written(self, events: Sequence[Event]) -> None:
        self._written += len(events)
        self._cache_hits += sum(event["is_cache_hit"] for event in events)

    def _finish(self, sink: Sink) -> None:
        try:
            sink.close()
        except OSError as failure:
            self._tell_failure(failure, "the last file may lack its end")

    def _tell_failure(self, failure: Exception, consequence: str) -> None:
        """Once until writing succeeds again."""
        if not self._is_failing:
            self._is_failing = True
            _warn("events cannot be written, %s: %s: %s", consequence, type(failure).__name__, failure)

    def _tell(self) -> None:
        for reason in {*self._dropped_before, *self._dropped_after} - self._told:
            self._told.add(reason)
            _warn("requests are dropped: %s. %s Counted in stats().", reason, REMEDIES.get(reason, ""))


def _warn(message: str, *arguments: object) -> None:
    import logging  # noqa: PLC0415 # off the application's thread

    logging.getLogger("genai_finops.record").warning(message, *arguments)
