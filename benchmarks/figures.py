"""How a benchmark prints what it found."""

import os
from dataclasses import dataclass

CORES = os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a measurement took: seconds on the clock, and seconds of all cores together."""

    seconds: float
    cpu_seconds: float


def line(name: str, figure: str) -> None:
    """One figure."""
    print(f"{name:56} {figure}", flush=True)


def rate(name: str, rows: int, spent: Spent) -> None:
    """Rows in a second, by the clock and all cores of the machine, and in a second of a core that was really had."""
    by_clock, by_cpu = rows / spent.seconds / CORES, rows / spent.cpu_seconds
    line(
        name,
        f"{spent.seconds:7.2f} s {by_clock:12,.0f} rows/s per core   "
        f"{spent.cpu_seconds:7.2f} CPU s {by_cpu:12,.0f} rows/CPU s",
    )


def load() -> str:
    """What else the machine does."""
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())
