"""What the providers show at one moment: final traffic, less what has not arrived yet."""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

from genai_finops.simulator.noise import draw
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Stream

_NOTHING: Mapping[str, int] = MappingProxyType({})
_DAY = dt.timedelta(days=1)
_HOUR = dt.timedelta(hours=1)
_PERMILLE = 1000


def midnight(day: dt.date) -> dt.datetime:
    """Start of a UTC day."""
    return dt.datetime.combine(day, dt.time(0), tzinfo=dt.UTC)


def arrived_permille(scenario: Scenario, stream: Stream, day: dt.date, now: dt.datetime) -> int:
    """How much of a closed hour of `day` has arrived at `now`, in thousandths; it never falls as `now` advances.

    Most rows start at 90 to 98.5 percent and grow evenly until the day is final. One row in twelve comes late and is
    missing at first.
    """
    horizon = _DAY * scenario.restatement_days
    age = now - midnight(day + _DAY)
    if age >= horizon:
        return _PERMILLE
    chance = draw(scenario.seed, stream.name, day, "arrival")
    is_late = chance % 12 == 0
    if is_late and age < horizon * (chance // 12 % 40 + 40) / 100:
        return 0
    base = 900 + chance // 480 % 86
    return base + int((_PERMILLE - base) * max(age, dt.timedelta(0)) / horizon)


class Ledger:
    """The usage of a scenario as seen at `now`. Immutable; results are cached."""

    def __init__(self, scenario: Scenario, now: dt.datetime) -> None:
        if now.utcoffset() != dt.timedelta(0):
            raise ValueError(f"the simulator's clock {now!r} is not in UTC")
        self.scenario = scenario
        self.now = now
        self._days: dict[tuple[str, dt.date], Mapping[str, int]] = {}

    def day(self, stream: Stream, day: dt.date) -> Mapping[str, int]:
        """Quantities of one UTC day by meter, without zeros. Always the sum of the day's hours."""
        final = stream.final.get(day)
        if final is None:
            return _NOTHING
        key = (stream.name, day)
        if key not in self._days:
            self._days[key] = final if self._is_settled(day) else self._sum_of_hours(stream, day)
        return self._days[key]

    def hour(self, stream: Stream, day: dt.date, hour: int) -> Mapping[str, int]:
        """Quantities of one UTC hour by meter, without zeros."""
        final = stream.final.get(day)
        lag = dt.timedelta(0) if stream.plan.is_prompt else self.scenario.lag
        if final is None or midnight(day) + _HOUR * (hour + 1) + lag > self.now:
            return _NOTHING
        permille = _PERMILLE if stream.plan.is_prompt else arrived_permille(self.scenario, stream, day, self.now)
        low, high, total = stream.cumulative_hours[hour], stream.cumulative_hours[hour + 1], stream.cumulative_hours[24]
        shares = {meter: (q * high // total - q * low // total) * permille // _PERMILLE for meter, q in final.items()}
        return {meter: quantity for meter, quantity in shares.items() if quantity}

    def between(self, stream: Stream, start: dt.datetime, end: dt.datetime) -> Mapping[str, int]:
        """Quantities of [start, end), which must lie inside one UTC day; the minutes of an hour share it evenly."""
        day = start.date()
        if day not in stream.final:
            return _NOTHING
        first = int((start - midnight(day)) / dt.timedelta(minutes=1))
        last = -int((midnight(day) - end) / dt.timedelta(minutes=1))
        if (first, last) == (0, 24 * 60):
            return self.day(stream, day)
        quantities: dict[str, int] = {}
        for hour in range(first // 60, -(-last // 60)):
            low, high = max(first - hour * 60, 0), min(last - hour * 60, 60)
            for meter, q in self.hour(stream, day, hour).items():
                quantities[meter] = quantities.get(meter, 0) + q * high // 60 - q * low // 60
        return {meter: quantity for meter, quantity in quantities.items() if quantity}

    def _is_settled(self, day: dt.date) -> bool:
        end = midnight(day + _DAY)
        return self.now >= end + max(_DAY * self.scenario.restatement_days, self.scenario.lag)

    def _sum_of_hours(self, stream: Stream, day: dt.date) -> Mapping[str, int]:
        quantities: dict[str, int] = {}
        for hour in range(24):
            for meter, quantity in self.hour(stream, day, hour).items():
                quantities[meter] = quantities.get(meter, 0) + quantity
        return quantities
