"""A queue of bounded length, and a thread in the background that empties it in batches.

Callers append to a deque and look at its length, nothing else: no lock is held that another thread, a signal handler, a
destructor or a fork could find taken. That is why several threads together may exceed the bound by one item each.
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")

_GRACE_SECONDS = 0.25
#: Share of the queue that hurries the thread.
_HURRY_SHARE = 4


class Worker(Generic[T]):
    """Hands items in their order to `handle`, at most `batch` at a time, on one daemon thread of this process.

    `handle` never raises. It may take as long as it wants; `pause` is how it waits before trying again. A forked child
    begins with an empty queue and a thread of its own: what the parent holds, the parent writes.
    """

    def __init__(
        self,
        name: str,
        handle: Callable[[list[T]], None],
        *,
        limit: int,
        batch: int,
        interval: float,
        forked: Callable[[], None],
        started: Callable[[], None] = lambda: None,
    ) -> None:
        self._name, self._handle, self._forked, self._started = name, handle, forked, started
        self.limit = limit
        self._batch, self._interval = batch, interval
        self._hurry_at = max(1, min(batch, limit // _HURRY_SHARE))
        self._begin()
        _workers.add(self)

    def _begin(self) -> None:
        self._queue: deque[T | _Mark] = deque()
        self._wake: SimpleQueue[bool] = SimpleQueue()
        self._is_woken = self._is_hurried = False
        self._room = self.limit
        self._in_hand = 0
        #: Items that left the queue.
        self.taken = 0
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._stop = threading.Event()
        self._ends_at = float("inf")

    def put(self, item: T) -> bool:
        """Whether the item was taken; False where the queue is full or closed. Never waits."""
        queue = self._queue
        if len(queue) >= self._room:
            return False
        queue.append(item)
        if not self._is_woken:
            self.wake()
        elif not self._is_hurried and len(queue) >= self._hurry_at:
            self._is_hurried = True
            self._wake.put(True)
        return True

    def wake(self) -> None:
        """Let the thread look at the queue before long."""
        self._is_woken = True
        self._wake.put(False)
        if self._thread is None:
            self._start()

    @property
    def is_closed(self) -> bool:
        """Whether nothing is taken any more."""
        return self._stop.is_set()

    @property
    def waiting(self) -> int:
        """Items in the queue."""
        return len(self._queue)

    @property
    def in_hand(self) -> int:
        """Items that are being handled."""
        return self._in_hand

    def pause(self, seconds: float) -> bool:
        """Wait, for `handle`; False where the time to close is up."""
        if self._stop.wait(min(seconds, max(self._ends_at - time.monotonic(), 0.0))):
            remaining = self._ends_at - time.monotonic()
            time.sleep(max(min(seconds, remaining), 0.0))
        return time.monotonic() < self._ends_at

    def flush(self, timeout: float) -> bool:
        """Wait until all that was taken before is handled; False where it takes longer."""
        if threading.current_thread() is self._thread:
            return False
        mark = _Mark()
        self._queue.append(mark)
        self._hurry()
        return mark.reached.wait(timeout)

    def close(self, timeout: float) -> int:
        """Take nothing more, and wait until all is handled or the time is up. How many items then left unhandled."""
        self._room = 0
        self._ends_at = time.monotonic() + timeout
        self._stop.set()
        self._hurry()
        thread = self._thread
        if thread is None:
            # An interpreter that shuts down starts no threads.
            self._empty()
        elif thread is not threading.current_thread():
            # What gives up at the end of the time still has to count what it gives up.
            thread.join(timeout + _GRACE_SECONDS)
        left = 0
        with contextlib.suppress(IndexError):
            while True:
                left += not isinstance(self._queue.popleft(), _Mark)
        self.taken += left
        return left

    def _hurry(self) -> None:
        self._is_woken = self._is_hurried = True
        self._wake.put(True)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        if not self._starting.acquire(blocking=False):
            return
        try:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                thread.start()
                self._thread = thread
                self._started()
        except RuntimeError:
            # No more threads, or the end of the interpreter: the next item tries again, `close` does without.
            self._is_woken = False
        finally:
            self._starting.release()

    def _run(self) -> None:
        while True:
            if not self._wake.get() and not self._stop.is_set():
                self._linger()
            self._is_woken = self._is_hurried = False
            self._empty()
            if self._stop.is_set():
                return

    def _linger(self) -> None:
        """Let a batch gather."""
        ends_at = time.monotonic() + self._interval
        while (remaining := ends_at - time.monotonic()) > 0:
            try:
                if self._wake.get(timeout=remaining):
                    return
            except Empty:
                return

    def _empty(self) -> None:
        queue = self._queue
        while time.monotonic() < self._ends_at:
            items: list[T] = []
            mark = None
            while queue and len(items) < self._batch:
                item = queue.popleft()
                if isinstance(item, _Mark):
                    mark = item
                    break
                items.append(item)
                self._in_hand = len(items)
                self.taken += 1
            self._handle(items)
            self._in_hand = 0
            if mark is not None:
                mark.reached.set()
            elif not items:
                return


class _Mark:
    """A place in the queue that someone waits for."""

    __slots__ = ("reached",)

    def __init__(self) -> None:
        self.reached = threading.Event()


_workers: "WeakSet[Worker[Any]]" = WeakSet()


def _after_fork() -> None:
    for worker in list(_workers):
        worker._begin()  # noqa: SLF001 # of this file
        worker._forked()  # noqa: SLF001


os.register_at_fork(after_in_child=_after_fork)
