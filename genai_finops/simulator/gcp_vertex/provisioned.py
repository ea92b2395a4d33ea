"""What is true of provisioned throughput: the orders, what was drawn of each by the hour, and what spilled over."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from genai_finops.simulator.capacity import BoughtCommitment, CapacityEstate, DrawnCapacity
from genai_finops.simulator.gcp_vertex.burndown import throughput_of, weighted
from genai_finops.simulator.gcp_vertex.orders import orders_of
from genai_finops.simulator.gcp_vertex.prices import LONG
from genai_finops.simulator.gcp_vertex.traffic import SOURCE
from genai_finops.simulator.ledger import Ledger, midnight
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account, Stream

_HOUR = dt.timedelta(hours=1)
_MICRO = 1_000_000

#: Model, location and hour.
_PoolHour = tuple[str, str, dt.datetime]


def estate_of(account: Account) -> CapacityEstate:
    """The orders of the project and the final use of them. A GSU beyond all orders cannot be had: there is no price."""
    settled = _settled(account.scenario)
    orders = orders_of(account.scenario, account.org)
    return CapacityEstate(
        commitments=orders,
        drawn=tuple(_drawn(account, orders, settled)),
        spillover=tuple(_spillover(account, settled)),
    )


def weighted_in_hour(
    stream: Stream, ledger: Ledger, day: dt.date, hour: int, meters: Collection[str] | None = None
) -> int:
    """Weighted tokens of a stream in one UTC hour, each meter's rounded down; by default of all meters."""
    throughput = throughput_of(stream.model or "")
    if throughput is None:
        return 0
    is_long = stream.plan.context_band == LONG
    quantities = ledger.hour(stream, day, hour)
    return sum(
        weighted(throughput, meter, quantity, is_long=is_long)
        for meter, quantity in quantities.items()
        if meters is None or meter in meters
    )


def _drawn(account: Account, orders: Sequence[BoughtCommitment], ledger: Ledger) -> Iterator[DrawnCapacity]:
    """Of the orders of one model and location the earlier is drawn first. GSU-hours to six decimals, rounded down."""
    weights: defaultdict[_PoolHour, int] = defaultdict(int)
    for stream in _streams(account, "dedicated"):
        for day in stream.final:
            for hour in range(24):
                pool = (stream.model or "", stream.plan.region_id or "", midnight(day) + hour * _HOUR)
                weights[pool] += weighted_in_hour(stream, ledger, day, hour)
    for (model, location, hour_start), tokens in sorted(weights.items()):
        throughput = throughput_of(model)
        if not tokens or throughput is None:
            continue
        left = tokens * _MICRO // (throughput.per_second * 3600)
        for order in orders:
            if (order.model, order.region_id) == (model, location):
                taken = min(left, _in_force(order, hour_start) * _MICRO // 1)
                left -= taken
                if taken:
                    yield DrawnCapacity(
                        commitment_id=order.commitment_id, hour=hour_start, unit_hours=Decimal(taken) / _MICRO
                    )


def _in_force(order: BoughtCommitment, hour: dt.datetime) -> Fraction:
    """GSU-hours of the order in the hour."""
    overlap = min(order.ends_at, hour + _HOUR) - max(order.starts_at, hour)
    return order.units * Fraction(max(int(overlap.total_seconds()), 0), 3600)


def _spillover(account: Account, ledger: Ledger) -> Iterator[tuple[tuple[str, dt.datetime], int]]:
    requests: defaultdict[tuple[str, dt.datetime], int] = defaultdict(int)
    for stream in _streams(account, "spillover"):
        for day in stream.final:
            for hour in range(24):
                count = ledger.hour(stream, day, hour).get("request", 0)
                requests[stream.plan.resource_id or "", midnight(day) + hour * _HOUR] += count
    return ((key, count) for key, count in sorted(requests.items()) if count)


def _streams(account: Account, request_type: str) -> Iterator[Stream]:
    return (stream for stream in account.streams[SOURCE] if stream.plan.dimensions["request_type"] == request_type)


def _settled(scenario: Scenario) -> Ledger:
    """The ledger of a time at which nothing changes any more."""
    days = dt.timedelta(days=scenario.restatement_days + 2)
    return Ledger(scenario, midnight(scenario.last_day + days) + scenario.lag)
