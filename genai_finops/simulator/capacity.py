"""Reserved capacity of a simulated account: what is provisioned when, and what was bought for it."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedCapacity:
    """Capacity of one resource: a deployment, a provisioned model.

    `levels` are (moment, units): from each moment on that many units are provisioned, from the first one to deleted_at.
    """

    resource_id: str
    resource_name: str
    #: ptu_hour or model_unit_hour.
    meter: str
    levels: tuple[tuple[dt.datetime, int], ...]
    region_id: str
    model: str | None
    scope: str | None = None
    sub_account_id: str | None = None
    deleted_at: dt.datetime | None = None

    def unit_seconds(self, start: dt.datetime, end: dt.datetime) -> int:
        """Units times seconds that were provisioned in [start, end)."""
        ends = [moment for moment, _ in self.levels[1:]] + [self.deleted_at or dt.datetime.max.replace(tzinfo=dt.UTC)]
        total = 0
        for (begins, units), stops in zip(self.levels, ends, strict=True):
            low = max(begins, start)
            high = min(stops, self.deleted_at or stops, end)
            total += units * max(int((high - low).total_seconds()), 0)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtCommitment:
    """One reservation, order or committed purchase."""

    commitment_id: str
    contract_id: str
    commitment_type: str
    meter: str
    units: int
    #: ISO 8601 duration.
    term: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    #: upfront, monthly, hourly.
    payment: str
    unit_price: Decimal
    #: hour, month, term.
    price_period: str
    scope: str | None = None
    region_id: str | None = None
    model: str | None = None
    #: The one resource that it covers; None where any of the account's in scope and region may use it.
    resource_id: str | None = None
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCapacity:
    """What was drawn of an order in one hour, in unit-hours (GSU)."""

    commitment_id: str
    hour: dt.datetime
    unit_hours: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityEstate:
    """All reserved capacity of one account."""

    capacities: tuple[ProvisionedCapacity, ...] = ()
    commitments: tuple[BoughtCommitment, ...] = ()
    drawn: tuple[DrawnCapacity, ...] = ()
    #: Price of a unit-hour that no commitment covers, by (meter, scope, model); no entry where there is none.
    hourly_prices: tuple[tuple[tuple[str, str | None, str | None], Decimal], ...] = ()
    #: Requests that spilled over, by (resource_id, hour).
    spillover: tuple[tuple[tuple[str, dt.datetime], int], ...] = ()


NO_CAPACITY = CapacityEstate()
