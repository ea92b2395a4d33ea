"""The queue, its bound, and what happens where writing fails."""

import gc
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from genai_finops.record.consumers import NOBODY
from genai_finops.record.event import Event
from genai_finops.record.given import Counts, Given
from genai_finops.record.recorder import BATCH, Recorder
from genai_finops.record.sinks.sink import SinkFailsError, SinkRefusesError


def _given(name: str = "r") -> Given:
    labels: dict[str, Any] = dict.fromkeys(Given._fields)
    return Given(
        **{
            **labels,
            "called_at": 1793520000_000_000_000,
            "around": NOBODY,
            "provider": "openai",
            "request_id": name,
            "counts": Counts(1, 1),
            "is_cache_hit": False,
        }
    )


class _Sink:
    """Fails as it is told, then writes; waits where it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.batches: list[list[str]] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.was_reached = threading.Event()

    def write(self, events: Sequence[Event]) -> None:
        self.was_reached.set()
        self.may_go_on.wait(10)
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append([event["request_id"] for event in events])

    def close(self) -> None:
        self.batches.append(["closed"])

    def forked(self) -> None:
        """Nothing is shared."""


def test_a_full_queue_drops_and_counts_while_the_sink_hangs() -> None:
    sink = _Sink()
    sink.may_go_on.clear()
    recorder = Recorder(sink=sink, queue_size=100, flush_seconds=0.01)
    recorder.record(_given())
    assert sink.was_reached.wait(5)

    for number in range(250):
        recorder.record(_given(f"{number}"))

    assert recorder.statistics().dropped == {"queue_full": 150}
    assert (recorder.statistics().recorded, recorder.statistics().waiting) == (251, 101)
    sink.may_go_on.set()
    assert recorder.flush(5)
    assert recorder.statistics().written == 101
    recorder.close(5)


def test_a_failure_is_tried_again_until_the_batch_is_written_once_and_in_order() -> None:
    sink = _Sink(OSError("disk full"), SinkFailsError("503", retry_after=0.0), OSError("disk full"))
    recorder = Recorder(sink=sink, flush_seconds=0.01, first_pause=0.001)
    names = [f"{number}" for number in range(BATCH + 7)]

    for name in names:
        recorder.record(_given(name))

    assert recorder.flush(5)
    assert [name for batch in sink.batches for name in batch] == names
    assert (recorder.statistics().failed, recorder.statistics().dropped) == (3, {})
    recorder.close(5)


@pytest.mark.parametrize(
    ("refusal", "refused"),
    [(SinkRefusesError("400"), 2), (SinkRefusesError("some", count=1), 1), (ZeroDivisionError("a defect"), 2)],
)
def test_a_batch_that_will_never_be_taken_does_not_stop_the_next(refusal: Exception, refused: int) -> None:
    sink = _Sink(refusal)
    recorder = Recorder(sink=sink, flush_seconds=0.01)
    recorder.record(_given())
    recorder.record(_given())
    recorder.flush(5)

    recorder.record(_given("next"))

    assert recorder.flush(5)
    assert sink.batches == [["next"]]
    assert recorder.statistics().dropped == {"refused": refused}
    assert recorder.statistics().written == 3 - refused
    recorder.close(5)


def test_closing_gives_up_in_time_and_counts_what_is_lost() -> None:
    recorder = Recorder(sink=_Sink(*[OSError("gone")] * 1000), flush_seconds=0.01, first_pause=0.01)
    for _ in range(BATCH + 3):
        recorder.record(_given())

    recorder.close(0.2)
    recorder.record(_given())

    assert recorder.statistics().dropped == {"unsent": BATCH + 3, "closed": 1}
    assert recorder.statistics().recorded == BATCH + 4
    assert recorder.statistics().waiting == 0


def test_closing_writes_what_waits_and_then_closes_the_sink() -> None:
    sink = _Sink()
    recorder = Recorder(sink=sink, flush_seconds=60)
    recorder.record(_given("last"))

    recorder.close(5)

    assert sink.batches == [["last"], ["closed"]]


def test_a_flush_that_cannot_be_done_in_time_says_so() -> None:
    sink = _Sink()
    sink.may_go_on.clear()
    recorder = Recorder(sink=sink, flush_seconds=0.01)
    recorder.record(_given())

    assert not recorder.flush(0.05)

    sink.may_go_on.set()
    recorder.close(5)


def test_a_destructor_may_record_while_its_thread_records() -> None:
    recorder = Recorder(sink=_Sink(), queue_size=100_000, flush_seconds=0.01)

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            recorder.record(_given())
            recorder.drop("from a destructor")

    before = gc.get_threshold()
    gc.set_threshold(10)
    try:
        for _ in range(2000):
            Cycle()
            recorder.record(_given())
            recorder.drop("not from a destructor")
    finally:
        gc.set_threshold(*before)
    gc.collect()

    assert recorder.flush(10)
    assert recorder.statistics().written == 4000
    assert recorder.statistics().dropped == {"from a destructor": 2000, "not from a destructor": 2000}
    recorder.close(5)
