"""The days to build again after logs told of them: few ranges, whatever a backlog touched."""

import datetime as dt
from collections.abc import Iterable

_ONE_DAY = dt.timedelta(days=1)


def with_neighbours(days: Iterable[dt.date]) -> set[dt.date]:
    """The days, and those beside them: an event that is told of twice over midnight counts on one of two days."""
    return {day + step for day in days for step in (-_ONE_DAY, dt.timedelta(0), _ONE_DAY)}


def few_ranges(days: Iterable[dt.date], *, at_most: int) -> tuple[tuple[dt.date, dt.date], ...]:
    """Ranges, first and last day inclusive, that hold all of the days: as few further days as at_most ranges allow."""
    if at_most < 1:
        raise ValueError(f"at_most is {at_most}: the days need a range")
    ordered = sorted(set(days))
    if not ordered:
        return ()
    gaps = [number for number in range(1, len(ordered)) if ordered[number] - ordered[number - 1] > _ONE_DAY]
    # The widest gaps are kept, the earlier of equal ones.
    widest = sorted(gaps, key=lambda number: (ordered[number - 1] - ordered[number], number))[: at_most - 1]
    starts = [0, *sorted(widest)]
    ends = [*(start - 1 for start in starts[1:]), len(ordered) - 1]
    return tuple((ordered[start], ordered[end]) for start, end in zip(starts, ends, strict=True))
