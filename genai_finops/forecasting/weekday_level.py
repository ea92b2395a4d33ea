"""The method: a level that follows the last days, times what each weekday has of it. For many series at once.

Rows are days, the last row the last day that is known, and columns are series; NaN stands before the first day of a
series. Sums run over rows in their order, so that a series has the same forecast alone and among others.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Days of a week. Benchmarks take the hours of a day.
WEEK = 7
#: Share of a season after which a day counts half as much in the level: three and a half days of a week. Between 0.3
#: and 0.8 it hardly matters in benchmarks/forecasts.py.
HALF_LIFE = 0.5
#: A value beyond so many times all others counts as so many times them: one day of mistakes is not the new level.
SPIKE = 2.0
#: Fewer seasons cannot tell a weekday from a day.
_LEAST_SEASONS = 2
#: Older days have less than half a percent of the weight of the last one.
_LEVEL_SEASONS = 4


@dataclass(frozen=True, slots=True)
class WeekdayLevel:
    """What each of many series is expected to have a day."""

    level: Floats
    #: By days after the last known one, a season of them; 1 on average.
    profile: Floats

    def sums(self, days: Whole) -> Floats:
        """Expected of so many days after the last known one, for each series."""
        season, count = self.profile.shape
        running = np.concatenate([np.zeros((1, count)), np.cumsum(self.profile, axis=0)])
        return np.asarray(self.level * ((days // season) * running[-1] + running[days % season, np.arange(count)]))


class Past:
    """The history of many series, from which forecasts can be made as of any of its days."""

    def __init__(self, history: Floats, *, season: int = WEEK) -> None:
        self._season = season
        self._known = ~np.isnan(history)
        self._values = np.where(self._known, history, 0.0)
        sizes = np.abs(self._values)
        most = np.maximum.accumulate(sizes)
        second = np.maximum.accumulate(np.minimum(sizes[1:], most[:-1]))
        second = np.concatenate([np.zeros_like(sizes[:1]), second])
        self._bounds = np.where(second > 0, SPIKE * second, np.inf)
        days = _LEVEL_SEASONS * season
        self._weights = 0.5 ** (np.arange(days)[::-1, None] / (HALF_LIFE * season))
        self._profile, self._profiled = np.ones((season, history.shape[1])), 0

    def as_of(self, day: int) -> WeekdayLevel:
        """Forecast from the rows before `day`.

        A profile is made once a season, counted back from the last row, for which it is new.
        """
        late = (day - len(self._values)) % self._season
        if day - late != self._profiled:
            self._profile, self._profiled = self._profile_as_of(day - late), day - late
        profile = np.roll(self._profile, -late, axis=0)
        return WeekdayLevel(level=self._level_as_of(day, profile), profile=profile)

    def _level_as_of(self, day: int, profile: Floats) -> Floats:
        days = min(day, len(self._weights))
        values, known = self._before(day, days)
        weights = self._weights[-days:] * known
        # The day that comes next has the weekday of the one a season before it.
        of_days = profile[(np.arange(-days, 0)) % self._season]
        return np.asarray(_sum(values * weights) / _divisor(_sum(of_days * weights)))

    def _profile_as_of(self, day: int) -> Floats:
        """Share of each weekday, as far as weeks agree on it."""
        season, count = self._season, self._values.shape[1]
        seasons = day // season
        if seasons < _LEAST_SEASONS:
            return np.ones((season, count))
        of_days, known = self._before(day, seasons * season)
        is_whole = known[::season]
        values = of_days.reshape(seasons, season, count) * is_whole[:, None]
        number = is_whole.sum(axis=0)
        of_weekday = _sum(values)
        mean = _sum(of_weekday) / season
        has_profile = (number >= _LEAST_SEASONS) & (mean > 0)
        raw = np.where(has_profile, of_weekday / _divisor(mean), 1.0)
        of_season = _sum(values.swapaxes(0, 1)) / season
        scale = _divisor(mean / np.maximum(number, 1))
        missed = _sum(_sum(((values - of_season[:, None] * raw) / scale) ** 2)) / season
        chance = missed / np.maximum(number * (number - 1), 1)
        shown = _sum((raw - 1.0) ** 2) / season
        return np.asarray(1.0 + np.clip(1.0 - chance / _divisor(shown), 0.0, 1.0) * (raw - 1.0))

    def _before(self, day: int, days: int) -> tuple[Floats, Flags]:
        bounds = self._bounds[day - 1]
        return np.clip(self._values[day - days : day], -bounds, bounds), self._known[day - days : day]


def _sum(values: npt.NDArray[Any]) -> Floats:
    total = np.zeros(values.shape[1:])
    for row in values:
        total += row
    return total


def _divisor(values: Floats) -> Floats:
    return np.where(values > 0, values, 1.0)
