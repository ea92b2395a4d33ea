"""Which scopes of an organisation cost other than expected on a day, each difference told once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from genai_finops.anomalies.config import AnomalyMarks
from genai_finops.anomalies.expectation import expectation
from genai_finops.warehouse.spend_scope import SpendScope

Direction = Literal["up", "down"]
Severity = Literal["info", "warning", "critical"]

#: The two ways down from an organisation. They cut the same money, so that one of them is told.
FAMILIES: tuple[tuple[str, str], ...] = (("tenant", "task"), ("provider", "model"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCost:
    """Cost of one combination on a day."""

    day: dt.date
    org: str
    provider: str
    model: str | None
    tenant: str | None
    task: str | None
    currency: str
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A scope that cost other than expected on a day."""

    scope: SpendScope
    org: str
    day: dt.date
    currency: str
    expected: Decimal
    allowed: Decimal
    actual: Decimal
    baseline_day: dt.date

    @property
    def difference(self) -> Decimal:
        return self.actual - self.expected

    @property
    def direction(self) -> Direction:
        return "up" if self.difference > 0 else "down"


def severity_of(difference: Decimal, marks: AnomalyMarks) -> Severity:
    """By money, whatever it is of what was expected."""
    distance = abs(difference)
    return "critical" if distance >= marks.critical_cost else "warning" if distance >= marks.warning_cost else "info"


def deviations(costs: Iterable[DayCost], day: dt.date, marks: AnomalyMarks) -> tuple[Deviation, ...]:
    """What is told of one organisation and day, the largest difference first.

    Every day with any cost of the organisation is known for all of its scopes, with zero where a scope has none; before
    its first cost a scope is not known, so that what is new is no anomaly until days of it are known.
    """
    series: defaultdict[tuple[str, SpendScope], defaultdict[dt.date, Decimal]]
    series = defaultdict(lambda: defaultdict(Decimal))
    known: set[dt.date] = set()
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in costs:
        if row.day > day:
            continue
        if row.day == day:
            totals[row.currency] += row.cost
        known.add(row.day)
        for scope in _scopes(row):
            series[row.currency, scope][row.day] += row.cost
    if day not in known:
        return ()
    found: defaultdict[tuple[str, Direction], dict[SpendScope, Deviation]] = defaultdict(dict)
    for (currency, scope), by_day in series.items():
        first = min(by_day)
        filled = {other: by_day.get(other, Decimal()) for other in known if other >= first}
        expected = expectation(filled, day, marks)
        least = marks.least_part * totals[currency]
        if expected is None or abs(filled[day] - expected.expected) <= max(expected.allowed, least):
            continue
        deviation = Deviation(
            scope=scope,
            org=scope.org or "",
            day=day,
            currency=currency,
            expected=expected.expected,
            allowed=expected.allowed,
            actual=filled[day],
            baseline_day=expected.baseline_day,
        )
        found[currency, deviation.direction][scope] = deviation
    told = [deviation for group in found.values() for deviation in _told_once(group, marks)]
    ordered = sorted(told, key=lambda one: (-abs(one.difference), str(one.scope), one.currency))
    return tuple(ordered[: marks.most_a_day])


def _scopes(row: DayCost) -> Iterable[SpendScope]:
    yield SpendScope.of({"org": row.org})
    for first, second in FAMILIES:
        values = {"org": row.org}
        for dimension in (first, second):
            value = getattr(row, dimension)
            # A name that no scope can hold is a part of what is above it.
            if not value or value != value.strip() or len(value) > 500:  # noqa: PLR2004 - as in SpendScope
                break
            values[dimension] = value
            yield SpendScope.of(values)


def _told_once(group: Mapping[SpendScope, Deviation], marks: AnomalyMarks) -> list[Deviation]:
    """The deepest scopes that carry most of what is above them, of the family that tells more."""
    by_family = [_of_family(group, family, marks) for family in FAMILIES]
    whole = next((one for scope, one in group.items() if scope.shape == ("org",)), None)
    if whole is not None:
        carrying = [told for told in by_family if any(_carries(one, whole, marks) for one in told)]
        # What nothing carries alone is told as a whole, with its drivers.
        return max(carrying, key=_money, default=[whole])
    return max(by_family, key=_money)


def _of_family(group: Mapping[SpendScope, Deviation], family: tuple[str, str], marks: AnomalyMarks) -> list[Deviation]:
    told: list[Deviation] = []
    parents = {
        one.scope.as_mapping()[family[0]]: one for one in group.values() if set(one.scope.shape) == {"org", family[0]}
    }
    children: defaultdict[str, list[Deviation]] = defaultdict(list)
    for one in group.values():
        if set(one.scope.shape) == {"org", *family}:
            children[one.scope.as_mapping()[family[0]]].append(one)
    for name in {*parents, *children}:
        parent, below = parents.get(name), children[name]
        if parent is None or any(_carries(child, parent, marks) for child in below):
            told += below
        else:
            told.append(parent)
    return told


def _carries(part: Deviation, whole: Deviation, marks: AnomalyMarks) -> bool:
    return abs(part.difference) >= marks.carrying_share * abs(whole.difference)


def _money(told: list[Deviation]) -> Decimal:
    return sum((abs(one.difference) for one in told), Decimal())
