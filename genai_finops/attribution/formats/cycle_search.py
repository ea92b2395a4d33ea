"""Python's search for cycles of objects, held off while JSON is read."""

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Pause:
    """Off while anybody reads: the first to begin turns the search off, the last to end turns it on again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._was_on = False

    def begin(self) -> None:
        with self._lock:
            if not self._readers:
                self._was_on = gc.isenabled()
                gc.disable()
            self._readers += 1

    def end(self) -> None:
        with self._lock:
            # None in a process that was forked meanwhile.
            if self._readers:
                self._readers -= 1
                self._turn_on_after_last()

    def forked(self) -> None:
        """A child has none of the other threads, but what they held."""
        self._lock = threading.Lock()
        if self._readers:
            self._readers = 0
            self._turn_on_after_last()

    def _turn_on_after_last(self) -> None:
        if not self._readers and self._was_on:
            gc.enable()


_pause = _Pause()
os.register_at_fork(after_in_child=_pause.forked)


@contextmanager
def without_cycles() -> Iterator[None]:
    """JSON has no cycles: looking for some in its short-lived objects takes a sixth to a third of the time of reading.

    The search is one of the whole process: cycles that other threads leave meanwhile are found afterwards.
    """
    _pause.begin()
    try:
        yield
    finally:
        _pause.end()
