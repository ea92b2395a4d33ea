"""What recording costs the caller: calls per second and latency while the background thread writes. See README.md."""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from types import SimpleNamespace
from typing import Any

from figures import load

from genai_finops.record import attributed, configure, flush, record_llm_cost, record_response, stats

_GOAL_MICROSECONDS = 10.0
_QUEUE = 10_000
_PACED_PER_SECOND = 5_000

_ANSWER = SimpleNamespace(
    id="chatcmpl-1",
    object="chat.completion",
    created=1793520000,
    model="gpt-5.4-mini",
    service_tier="default",
    usage=SimpleNamespace(
        prompt_tokens=1800,
        completion_tokens=310,
        total_tokens=2110,
        prompt_tokens_details=SimpleNamespace(cached_tokens=1024, audio_tokens=0),
        completion_tokens_details=SimpleNamespace(reasoning_tokens=64, audio_tokens=0),
    ),
)


def _counts() -> None:
    record_llm_cost(
        provider="openai", model="gpt-5.4-mini", input_tokens=1800, output_tokens=310, cache_read_tokens=1024
    )


def _answer() -> None:
    record_response(_ANSWER)


def main() -> None:
    """Print every figure anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200_000)
    calls = parser.parse_args().calls
    print(f"{calls} calls each, load {load()}")
    _import()
    with tempfile.TemporaryDirectory(prefix="genai-finops-benchmark-") as name:
        for label, call in (("record_llm_cost", _counts), ("record_response", _answer)):
            for threads in (1, 4):
                _flat_out(Path(name), f"{label}, {threads} threads flat out", call, calls, threads)
            _paced(Path(name), f"{label}, {_PACED_PER_SECOND} calls/s", call)
    _memory()


def _import() -> None:
    """Of processes that import it and of others that do not, the shortest of ten."""

    def spent(code: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 # our own interpreter
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    without = min(spent("pass") for _ in range(10))
    own = min(spent("import genai_finops.record") for _ in range(10))
    print(f"import: {(own - without) * 1000:.1f} ms of processor time")


def _flat_out(folder: Path, label: str, call: Callable[[], None], calls: int, threads: int) -> None:
    """As fast as it goes: the queue is full most of the time, and what finds no room is dropped."""
    configure(to=str(folder), queue_size=_QUEUE)
    times: list[list[int]] = [[] for _ in range(threads)]

    def run(own: list[int]) -> None:
        clock = time.perf_counter_ns
        with attributed(tenant_id="acme", user_id="u-7", task="summarize", conversation_id="c-42"):
            for _ in range(calls // threads):
                started = clock()
                call()
                own.append(clock() - started)

    started = time.perf_counter()
    running = [threading.Thread(target=run, args=(own,)) for own in times]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    seconds = time.perf_counter() - started
    _print(label, [value for own in times for value in own], seconds)


def _paced(folder: Path, label: str, call: Callable[[], None]) -> None:
    """A busy application: bursts of 50 calls, nothing dropped."""
    configure(to=str(folder), queue_size=_QUEUE)
    times: list[int] = []
    started = time.perf_counter()
    for burst in range(_PACED_PER_SECOND * 4 // 50):
        for _ in range(50):
            before = time.perf_counter_ns()
            call()
            times.append(time.perf_counter_ns() - before)
        time.sleep(max(0.0, started + (burst + 1) * 50 / _PACED_PER_SECOND - time.perf_counter()))
    _print(label, times, time.perf_counter() - started)


def _print(label: str, times: list[int], seconds: float) -> None:
    flushed = time.perf_counter()
    flush(60)
    waited = time.perf_counter() - flushed
    cuts = quantiles(times, n=1000)
    found = stats()
    verdict = "" if cuts[499] / 1000 < _GOAL_MICROSECONDS else f", goal of {_GOAL_MICROSECONDS} missed"
    print(
        f"{label}: {len(times) / seconds:,.0f} calls/s; p50 {cuts[499] / 1000:.2f} us, p99 {cuts[989] / 1000:.2f} us, "
        f"p99.9 {cuts[998] / 1000:.1f} us, worst {max(times) / 1000:.0f} us{verdict}; "
        f"written {found.written} at {found.written / (seconds + waited):,.0f}/s, dropped {dict(found.dropped)}"
    )


def _memory() -> None:
    """Of a full queue whose endpoint hangs."""
    configure(to="http://192.0.2.1:4318", queue_size=_QUEUE, exit_seconds=0.1)
    before = _resident()
    for number in range(5 * _QUEUE):
        labels: dict[str, Any] = {"request_id": f"request-{number}", "user_id": f"user-{number}"}
        record_llm_cost(
            provider="openai", model="gpt-5.4-mini", input_tokens=1800 + number, output_tokens=310, **labels
        )
    grown = _resident() - before
    print(
        f"a full queue of {_QUEUE}: {grown / 1e6:.1f} MB, {grown / _QUEUE:.0f} bytes a request, {dict(stats().dropped)}"
    )


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
