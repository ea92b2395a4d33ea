"""Several at once, in order, and none of them goes on after the end."""

import signal
import threading
import time

import pytest

from genai_finops.ingest.side_by_side import Checkpoint, side_by_side

MANY = tuple(range(20))


def test_results_come_in_the_order_of_the_items_whichever_ends_first() -> None:
    def work(item: int, _: Checkpoint) -> int:
        time.sleep((item % 3) / 200)
        return item * 10

    assert side_by_side(work, MANY, workers=5) == tuple(item * 10 for item in MANY)


def test_nothing_to_do_is_nothing_done() -> None:
    assert side_by_side(lambda item, _: item, (), workers=4) == ()


def test_as_many_work_at_once_as_there_are_workers() -> None:
    meeting = threading.Barrier(4, timeout=10)
    assert side_by_side(lambda _, __: meeting.wait() >= 0, MANY[:8], workers=4) == (True,) * 8


def test_never_more_work_at_once_than_there_are_workers() -> None:
    present, most, counting = 0, 0, threading.Lock()

    def work(_: int, __: Checkpoint) -> None:
        nonlocal present, most
        with counting:
            present += 1
            most = max(most, present)
        time.sleep(0.002)
        with counting:
            present -= 1

    side_by_side(work, MANY, workers=3)
    assert most == 3


def test_an_error_of_one_thread_is_raised_and_the_items_after_it_are_left() -> None:
    begun = []

    def work(item: int, _: Checkpoint) -> None:
        begun.append(item)
        if item == 3:
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        side_by_side(work, MANY, workers=1)
    assert begun == [0, 1, 2, 3]


def test_an_error_stops_the_others_at_their_next_checkpoint() -> None:
    waiting, ended = threading.Event(), []

    def work(item: int, checkpoint: Checkpoint) -> None:
        if item == 0:
            waiting.wait(10)
            raise OSError("no space left")
        waiting.set()
        while True:
            try:
                checkpoint()
            except BaseException:
                ended.append(item)
                raise
            time.sleep(0.001)

    with pytest.raises(OSError, match="no space left"):
        side_by_side(work, (0, 1), workers=2)
    assert ended == [1]


def test_a_handler_of_failures_does_not_catch_the_end_of_the_work() -> None:
    went_on = []

    def work(item: int, checkpoint: Checkpoint) -> None:
        if item == 0:
            raise OSError("no space left")
        while True:
            try:
                checkpoint()
            except Exception:  # noqa: BLE001 - what a worker does about a failed credential
                went_on.append(item)
            time.sleep(0.001)

    with pytest.raises(OSError, match="no space left"):
        side_by_side(work, (0, 1), workers=2)
    assert went_on == []


def test_a_stop_iteration_of_the_work_is_an_error_and_no_end() -> None:
    def work(_: int, __: Checkpoint) -> None:
        raise StopIteration("a defect")

    with pytest.raises(StopIteration, match="a defect"):
        side_by_side(work, (0,), workers=1)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_is_not_held_up_by_a_worker_that_waits_for_an_answer() -> None:
    both, answer, went_on = threading.Barrier(2, timeout=10), threading.Event(), []

    def work(item: int, checkpoint: Checkpoint) -> None:
        both.wait()
        if item == 0:
            signal.raise_signal(signal.SIGINT)
        answer.wait(60)
        checkpoint()
        went_on.append(item)

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        side_by_side(work, (0, 1), workers=2)
    assert time.monotonic() - started < 30
    left = [thread for thread in threading.enumerate() if thread.name.startswith("side-by-side")]
    assert [thread.daemon for thread in left] == [True, True]
    answer.set()
    for thread in left:
        thread.join(10)
    assert went_on == []
