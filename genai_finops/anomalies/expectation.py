"""What a day should have cost, by the days before it: robust, and aware of weekdays."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from genai_finops.anomalies.config import AnomalyMarks

#: Days that a kind of day needs: same weekday, then workday or weekend, then any.
_LEAST_WEEKDAYS, _LEAST_OF_KIND, _LEAST_OF_ALL = 3, 4, 7
#: The median absolute deviation of a normal distribution in standard deviations.
_DEVIATION_OF_MAD = Decimal("1.4826")
_SATURDAY = 5
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The cost of an ordinary day, which is one that was: the middle one of those that the day is compared with."""

    baseline_day: dt.date
    expected: Decimal
    #: Half the width of the expected interval.
    allowed: Decimal


def expectation(costs: Mapping[dt.date, Decimal], day: dt.date, marks: AnomalyMarks) -> Expectation | None:
    """The expectation of a day by the lookback before it; None where too few days are known.

    costs has every known day, zeros included; a day that it lacks is not known. The day itself does not matter.
    """
    known = [found for number in range(1, marks.lookback_days + 1) if (found := day - number * _ONE_DAY) in costs]
    alike = _alike(day, known)
    if not alike or len(known) < marks.known_days:
        return None
    # The latest of equal ones, and of an even number the lower: it must be a day, so that two days can be compared.
    ordered = sorted(alike, key=lambda found: (costs[found], found))
    baseline = ordered[(len(ordered) - 1) // 2]
    deviation = _DEVIATION_OF_MAD * _usual_distance(costs, known)
    expected = costs[baseline]
    return Expectation(
        baseline_day=baseline,
        expected=expected,
        allowed=max(marks.deviations * deviation, marks.least_share * abs(expected), marks.least_cost),
    )


def _alike(day: dt.date, known: list[dt.date]) -> list[dt.date]:
    weekdays = [found for found in known if found.weekday() == day.weekday()]
    if len(weekdays) >= _LEAST_WEEKDAYS:
        return weekdays
    kind = [found for found in known if (found.weekday() >= _SATURDAY) == (day.weekday() >= _SATURDAY)]
    return kind if len(kind) >= _LEAST_OF_KIND else known if len(known) >= _LEAST_OF_ALL else []


def _usual_distance(costs: Mapping[dt.date, Decimal], known: list[dt.date]) -> Decimal:
    """Median distance of a day from the middle of its like, over all days: four Mondays alone say too little."""
    distances = []
    for found in known:
        alike = _alike(found, known) or [found]
        distances.append(abs(costs[found] - median(costs[other] for other in alike)))
    return median(distances)
