"""Runs one measurement in a process of its own, so that its memory and its caches are its own."""

import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a function gave, and what its process took. Times in seconds, memory in megabytes."""

    value: Any
    seconds: float
    cpu_seconds: float
    peak_mb: float


def measure_apart(function: Callable[..., Any], *arguments: Any) -> Measured:
    """Call a function of a module in a fresh process."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, function, arguments).result()


def _measure(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Measured:
    started, started_cpu = time.perf_counter(), time.process_time()
    value = function(*arguments)
    return Measured(
        value=value,
        seconds=time.perf_counter() - started,
        cpu_seconds=time.process_time() - started_cpu,
        # Kilobytes on Linux.
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )
