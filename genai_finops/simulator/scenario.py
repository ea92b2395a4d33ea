"""What is simulated: the parameters from which every quantity, id and secret follows."""

import datetime as dt
from dataclasses import dataclass

_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One simulated world. Days are UTC and inclusive on both ends.

    `lag` is how long an hour of usage stays invisible after it ended. A day keeps growing for `restatement_days` days
    after its end and is final from then on. With `long_prompts` some prompts cross a price threshold that the usage
    report does not show, so that their cost cannot be computed from usage.
    """

    seed: int = 7
    first_day: dt.date = dt.date(2026, 10, 1)
    last_day: dt.date = dt.date(2026, 11, 4)
    orgs: tuple[str, ...] = ("acme", "globex", "initech")
    long_prompts: bool = False
    lag: dt.timedelta = dt.timedelta(hours=8)
    restatement_days: int = 2

    def __post_init__(self) -> None:
        if self.first_day > self.last_day:
            raise ValueError(f"the scenario ends on {self.last_day}, before its first day {self.first_day}")
        if not self.orgs or len(set(self.orgs)) != len(self.orgs):
            raise ValueError(f"the scenario needs organisations that differ, got {','.join(self.orgs) or 'none'}")

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The days with usage, in order."""
        count = (self.last_day - self.first_day).days + 1
        return tuple(self.first_day + dt.timedelta(days=n) for n in range(count))

    @property
    def release_day(self) -> dt.date:
        """First day of the model that appears in the middle of the window."""
        return self.days[len(self.days) // 2]

    @property
    def spike_day(self) -> dt.date:
        """The day on which part of the traffic runs away; a working day where the window has one."""
        until = self.days[: len(self.days) * 2 // 3 + 1]
        return next((day for day in reversed(until) if day.weekday() < _SATURDAY), until[-1])

    @property
    def shutdown_day(self) -> dt.date:
        """First day without traffic of the archived project and of the deleted key."""
        return self.days[len(self.days) * 2 // 7]
