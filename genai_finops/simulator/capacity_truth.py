"""What is true of reserved capacity: committed, used, idle and beyond by the hour, payments and amortised cost.

Computed with fractions, one hour after the other, as one would by hand; nothing is rounded.
"""

import calendar
import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from genai_finops.simulator.capacity import BoughtCommitment, CapacityEstate, ProvisionedCapacity

_HOUR = dt.timedelta(hours=1)
_MONTHS = {"P1M": 1, "P3M": 3, "P6M": 6, "P1Y": 12, "P3Y": 36}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What is billed at `starts_at` for [starts_at, ends_at), in the currency of the commitment."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    amount: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedHour:
    """One commitment in one UTC hour that was paid for: unit-hours, and what the used and the idle part cost."""

    commitment_id: str
    hour: dt.datetime
    committed: Fraction
    used: Fraction
    effective_used: Fraction
    effective_unused: Fraction

    @property
    def unused(self) -> Fraction:
        """Unit-hours that were paid for and left idle."""
        return self.committed - self.used


@dataclass(frozen=True, slots=True, kw_only=True)
class OverageHour:
    """Unit-hours of a resource in one UTC hour that no commitment covers; cost is None without an hourly price."""

    resource_id: str
    meter: str
    hour: dt.datetime
    unit_hours: Fraction
    cost: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityTruth:
    """An estate in a window: a commitment has the hours that were paid for, a resource those that it exceeded all."""

    committed: tuple[CommittedHour, ...]
    overage: tuple[OverageHour, ...]


@functools.cache
def payments_of(commitment: BoughtCommitment) -> tuple[Payment, ...]:
    """All payments of the term, in order.

    upfront: one. monthly: one on the day of each month that the term started on, or the last day of a shorter month.
    hourly: one per UTC hour, less for a first or last part of one. Where the commitment stopped before its end, those
    that were not due yet fall away, and the last one is for all of its time.
    """
    ended = _active_until(commitment)
    if commitment.payment == "upfront":
        periods = [(commitment.starts_at, commitment.ends_at)]
    elif commitment.payment == "monthly":
        periods = _months(commitment)
    else:
        periods = list(_hours(commitment.starts_at, ended))
    return tuple(
        Payment(starts_at=start, ends_at=end, amount=_price(commitment, start, end))
        for start, end in periods
        if start < ended
    )


# Of the same days asked again and again, at one moment or another: equal estates have equal truths.
@functools.lru_cache(maxsize=128)
def capacity_truth(estate: CapacityEstate, start: dt.datetime, end: dt.datetime) -> CapacityTruth:
    """Every hour of [start, end), which must be full UTC hours.

    In each hour a commitment covers what is provisioned and that it may cover: one for a single resource comes before
    one that is shared, then the earlier one; resources are covered in the order of their ids.

    Raises ValueError where more is drawn of an order than it has.
    """
    committed: list[CommittedHour] = []
    overage: list[OverageHour] = []
    commitments = sorted(
        estate.commitments, key=lambda bought: (bought.resource_id is None, bought.starts_at, bought.commitment_id)
    )
    payments = {bought.commitment_id: _by_hour(payments_of(bought), start, end) for bought in commitments}
    drawn = {(found.commitment_id, found.hour): Fraction(found.unit_hours) for found in estate.drawn}
    resources = sorted(estate.capacities, key=lambda capacity: capacity.resource_id)
    prices = dict(estate.hourly_prices)
    hour = start
    while hour < end:
        left = {
            resource.resource_id: Fraction(resource.unit_seconds(hour, hour + _HOUR), 3600) for resource in resources
        }
        for bought in commitments:
            if running := payments[bought.commitment_id].get(hour):
                active = _overlap(bought.starts_at, _active_until(bought), hour, hour + _HOUR)
                usable = Fraction(bought.units * active, 3600)
                asked = drawn.get((bought.commitment_id, hour), Fraction(0))
                used = asked + _cover(bought, resources, left, usable - asked)
                committed.append(_committed_hour(bought, running, hour, used))
        overage += [
            OverageHour(
                resource_id=resource.resource_id,
                meter=resource.meter,
                hour=hour,
                unit_hours=left[resource.resource_id],
                cost=_hourly_cost(resource, left[resource.resource_id], prices),
            )
            for resource in resources
            if left[resource.resource_id]
        ]
        hour += _HOUR
    return CapacityTruth(committed=tuple(committed), overage=tuple(overage))


def _committed_hour(
    bought: BoughtCommitment, running: Sequence[Payment], hour: dt.datetime, used: Fraction
) -> CommittedHour:
    unit_hours = Fraction(bought.units * sum(_seconds_of(paid, hour) for paid in running), 3600)
    if used > unit_hours:
        raise ValueError(f"{used} unit-hours of {bought.commitment_id} are used in {hour}: draw at most {unit_hours}")
    cost = sum(
        (paid.amount * Fraction(_seconds_of(paid, hour), _seconds(paid.starts_at, paid.ends_at)) for paid in running),
        Fraction(0),
    )
    effective_used = cost * (used / unit_hours)
    return CommittedHour(
        commitment_id=bought.commitment_id,
        hour=hour,
        committed=unit_hours,
        used=used,
        effective_used=effective_used,
        effective_unused=cost - effective_used,
    )


def _cover(
    bought: BoughtCommitment, resources: Sequence[ProvisionedCapacity], left: dict[str, Fraction], unit_hours: Fraction
) -> Fraction:
    """Takes up to unit_hours from what is left of the resources that the commitment may cover; gives what it took."""
    used = Fraction(0)
    for resource in resources:
        if _may_cover(bought, resource):
            taken = min(left[resource.resource_id], unit_hours - used)
            left[resource.resource_id] -= taken
            used += taken
    return used


def _may_cover(bought: BoughtCommitment, resource: ProvisionedCapacity) -> bool:
    limits = (
        (bought.resource_id, resource.resource_id),
        (bought.scope, resource.scope),
        (bought.region_id, resource.region_id),
        (bought.model, resource.model),
    )
    return bought.meter == resource.meter and all(limit is None or limit == actual for limit, actual in limits)


def _hourly_cost(
    resource: ProvisionedCapacity,
    unit_hours: Fraction,
    prices: Mapping[tuple[str, str | None, str | None], object],
) -> Fraction | None:
    price = prices.get((resource.meter, resource.scope, resource.model))
    if price is None:
        price = prices.get((resource.meter, resource.scope, None))
    return None if price is None else unit_hours * Fraction(str(price))


def _active_until(bought: BoughtCommitment) -> dt.datetime:
    return min(bought.ends_at, bought.ended_at or bought.ends_at)


def _by_hour(payments: Iterable[Payment], start: dt.datetime, end: dt.datetime) -> dict[dt.datetime, list[Payment]]:
    """The payments that are for any part of each UTC hour of [start, end)."""
    found: dict[dt.datetime, list[Payment]] = {}
    for paid in payments:
        for first, _ in _hours(max(paid.starts_at, start), min(paid.ends_at, end)):
            found.setdefault(_hour_of(first), []).append(paid)
    return found


def _seconds_of(paid: Payment, hour: dt.datetime) -> int:
    return _overlap(paid.starts_at, paid.ends_at, hour, hour + _HOUR)


def _price(bought: BoughtCommitment, start: dt.datetime, end: dt.datetime) -> Fraction:
    """What a payment for [start, end) amounts to. A month is an equal part of the term, however many days it has."""
    price = bought.units * Fraction(bought.unit_price)
    if bought.price_period == "hour":
        return price * Fraction(_seconds(start, end), 3600)
    months = _MONTHS.get(bought.term, 1)
    of_term = price * months if bought.price_period == "month" else price
    if bought.payment == "upfront":
        return of_term
    if bought.payment == "monthly":
        return of_term / months
    return of_term * Fraction(_seconds(start, end), _seconds(bought.starts_at, bought.ends_at))


def _months(bought: BoughtCommitment) -> list[tuple[dt.datetime, dt.datetime]]:
    count = _MONTHS.get(bought.term, 1)
    starts = [_add_months(bought.starts_at, number) for number in range(count)]
    return list(zip(starts, [*starts[1:], bought.ends_at], strict=True))


def _add_months(moment: dt.datetime, months: int) -> dt.datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


def _hours(start: dt.datetime, end: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    while start < end:
        following = min(_hour_of(start) + _HOUR, end)
        yield start, following
        start = following


def _hour_of(moment: dt.datetime) -> dt.datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _overlap(start: dt.datetime, end: dt.datetime, low: dt.datetime, high: dt.datetime) -> int:
    return max(_seconds(max(start, low), min(end, high)), 0)


def _seconds(start: dt.datetime, end: dt.datetime) -> int:
    return (end - start) // dt.timedelta(seconds=1)
