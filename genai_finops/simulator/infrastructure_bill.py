"""Machines on a cloud's bill: hours by UTC day, of which a part is missing until the day after is over."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from genai_finops.simulator.ledger import midnight

_DAY = dt.timedelta(days=1)
_SECONDS_OF_AN_HOUR = 3600
#: Thousandths of a day that the bill shows in its first 24 hours.
_FIRST_PERMILLE = 715
_PLACES = Decimal("1e-10")


@dataclass(frozen=True, slots=True, kw_only=True)
class RentedMachines:
    """Machines of one kind for one time. `label`: what the bill calls the meter or usage type.

    `variant`, `service_tier` and `work` are what the platform should make of it; `variant` None: no machine with
    accelerators.
    """

    label: str
    region: str
    start: dt.datetime
    end: dt.datetime
    count: int
    variant: str | None
    service_tier: str = "standard"
    work: str = "compute"
    resource_id: str | None = None

    def hours(self, day: dt.date, now: dt.datetime) -> Decimal:
        """Hours of the day as the bill shows them at `now`, with ten decimals."""
        begins = midnight(day)
        if now < begins + _DAY:
            return Decimal(0)
        overlap = max(min(self.end, begins + _DAY) - max(self.start, begins), dt.timedelta(0))
        permille = 1000 if now >= begins + 2 * _DAY else _FIRST_PERMILLE
        exact = Fraction(int(overlap.total_seconds()) * self.count * permille, _SECONDS_OF_AN_HOUR * 1000)
        return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_PLACES, rounding=ROUND_HALF_EVEN)


def begun(machines: Iterable[RentedMachines], last_day: dt.date) -> tuple[RentedMachines, ...]:
    """Those that are rented before the end of the scenario's last day."""
    return tuple(found for found in machines if found.start < midnight(last_day) + _DAY)
