"""The token bucket, against a clock that only sleep moves."""

import threading

import pytest

from genai_finops.providers.rate_limit import TokenBucket, shared_bucket


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def bucket(time: Time, *, per_minute: float, burst: int) -> TokenBucket:
    return TokenBucket(per_minute=per_minute, burst=burst, clock=time.clock, sleep=time.sleep)


def test_a_burst_goes_out_at_once_and_the_rest_at_the_rate(time):
    limiter = bucket(time, per_minute=30, burst=3)
    assert [limiter.acquire() for _ in range(5)] == [0.0, 0.0, 0.0, 2.0, 2.0]


def test_a_pause_fills_no_more_than_the_burst(time):
    limiter = bucket(time, per_minute=60, burst=2)
    time.sleep(3600)
    assert [limiter.acquire() for _ in range(3)] == [0.0, 0.0, 1.0]


def test_a_clock_that_steps_back_gives_nothing_away(time):
    limiter = bucket(time, per_minute=60, burst=1)
    limiter.acquire()
    time.now = -100
    assert limiter.acquire() == 1.0


def test_threads_queue_up_behind_each_other():
    waits: list[float] = []
    limiter = TokenBucket(per_minute=60, burst=1, clock=lambda: 0.0, sleep=waits.append)
    threads = [threading.Thread(target=limiter.acquire) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [1.0, 2.0, 3.0, 4.0]


def test_a_provider_has_one_bucket_in_the_process():
    assert shared_bucket("toy", per_minute=7, burst=1) is shared_bucket("toy", per_minute=7, burst=1)
    assert shared_bucket("toy", per_minute=7, burst=1) is not shared_bucket("other", per_minute=7, burst=1)


@pytest.mark.parametrize(("per_minute", "burst"), [(0, 1), (-1, 1), (60, 0)])
def test_a_bucket_that_lets_nothing_through_is_refused(per_minute, burst):
    with pytest.raises(ValueError, match="nothing through"):
        TokenBucket(per_minute=per_minute, burst=burst)
