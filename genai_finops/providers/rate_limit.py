"""A token bucket per provider, shared by every session of the process."""

import threading
import time
from collections.abc import Callable
from typing import Protocol


class RateLimiter(Protocol):
    """Lets requests through at a bounded rate."""

    def acquire(self) -> float:
        """Wait until one more request may go out; returns the seconds waited."""


class TokenBucket:
    """At most `burst` requests at once and `per_minute` in the long run. Safe to share between threads."""

    def __init__(
        self,
        *,
        per_minute: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if per_minute <= 0 or burst < 1:
            raise ValueError(f"a rate of {per_minute} per minute with a burst of {burst} lets nothing through")
        self._per_second = per_minute / 60
        self._burst = burst
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = float(burst)
        self._filled_at = clock()

    def acquire(self) -> float:
        """Take a token, in debt if need be, and sleep the debt off outside the lock."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + max(0.0, now - self._filled_at) * self._per_second)
            self._filled_at = now
            self._tokens -= 1
            wait = max(0.0, -self._tokens / self._per_second)
        if wait > 0:
            self._sleep(wait)
        return wait


_SHARED: dict[tuple[str, float, int], TokenBucket] = {}
_SHARED_LOCK = threading.Lock()


def shared_bucket(provider: str, *, per_minute: float, burst: int) -> TokenBucket:
    """The process-wide bucket of a provider. Another rate makes another bucket: both limits then hold apart."""
    with _SHARED_LOCK:
        key = (provider, per_minute, burst)
        if key not in _SHARED:
            _SHARED[key] = TokenBucket(per_minute=per_minute, burst=burst)
        return _SHARED[key]
