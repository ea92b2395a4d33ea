"""Work on several things at once in threads, stoppable at any moment."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: What a worker calls between its steps; it raises where the work is to end.
Checkpoint = Callable[[], None]

#: Seconds that an interruption waits for workers to reach a checkpoint.
_GRACE_SECONDS = 2.0
#: Seconds after which the caller looks whether it was interrupted.
_LOOK_UP_SECONDS = 0.2


class _WorkStopped(BaseException):
    """Ends a worker. Not an Exception, so that no handler of failures takes it for one."""


def side_by_side(
    work: Callable[[Item, Checkpoint], Result], items: Sequence[Item], *, workers: int
) -> tuple[Result, ...]:
    """The result of each item, in the order of the items, from at most `workers` threads.

    What a worker raises stops the others at their next checkpoint and is raised here, the first of several. So is an
    interruption of the caller; a worker that is still waiting for an answer after a grace of seconds is left behind,
    to end at its next checkpoint or with the process.
    """
    return _Workers(work, items).run(workers)


class _Workers(Generic[Item, Result]):
    def __init__(self, work: Callable[[Item, Checkpoint], Result], items: Sequence[Item]) -> None:
        self._work = work
        self._items = items
        self._untaken = iter(range(len(items)))
        self._taking = threading.Lock()
        self._stopping = threading.Event()
        self._results: dict[int, Result] = {}
        self._errors: list[BaseException] = []

    def run(self, workers: int) -> tuple[Result, ...]:
        # Not an executor: its threads are no daemons, and a process that is told to stop waits for their last answer.
        threads = [
            threading.Thread(target=self._run_one, daemon=True, name=f"side-by-side-{number}")
            for number in range(min(workers, len(self._items)))
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                # Again and again: with a signal handler of polars in place, a signal does not end a wait.
                while thread.is_alive():
                    thread.join(_LOOK_UP_SECONDS)
        except BaseException:
            self._stop(threads)
            raise
        if self._errors:
            raise self._errors[0]
        return tuple(self._results[position] for position in range(len(self._items)))

    def _stop(self, threads: Sequence[threading.Thread]) -> None:
        self._stopping.set()
        deadline = time.monotonic() + _GRACE_SECONDS
        for thread in threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _checkpoint(self) -> None:
        if self._stopping.is_set():
            raise _WorkStopped

    def _run_one(self) -> None:
        try:
            while (position := self._take()) is not None:
                self._results[position] = self._work(self._items[position], self._checkpoint)
        except _WorkStopped:
            return
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._errors.append(error)
            self._stopping.set()

    def _take(self) -> int | None:
        self._checkpoint()
        with self._taking:
            return next(self._untaken, None)
