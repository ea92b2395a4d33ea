"""How long events are kept, and where: the plan. What carries it out is ingest.event_retention.

A day of events is in one class at a time, by its age:

    hot       as it was landed, one file per log file; in the warehouse
    cold      one landing file per organisation; in the warehouse only while its day is built again
    archive   one file per organisation below `archive/`, none in the landing folder
    expired   nowhere

A log file that tells of an old day late is landed as always: the next plan joins it to what is kept of the day.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

RetentionClass = Literal["hot", "cold", "archive", "expired"]
Place = Literal["landing", "archive"]


class RetentionLimits(BaseModel):
    """Ages in days from which on a day is no longer in its class; today's age is 0."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hot_days: int = Field(ge=1)
    cold_days: int
    archive_days: int

    @model_validator(mode="after")
    def _rise(self) -> Self:
        if not self.hot_days <= self.cold_days <= self.archive_days:
            raise ValueError("hot_days, cold_days and archive_days must not fall")
        return self


def class_of(day: dt.date, *, today: dt.date, limits: RetentionLimits) -> RetentionClass:
    """The class of a day of events. Days to come, of clocks that are fast, are hot."""
    age = (today - day).days
    if age < limits.hot_days:
        return "hot"
    if age < limits.cold_days:
        return "cold"
    return "archive" if age < limits.archive_days else "expired"


def first_hot_day(*, today: dt.date, limits: RetentionLimits) -> dt.date:
    """The first of the days that the warehouse holds events of."""
    return today - dt.timedelta(days=limits.hot_days - 1)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class EventFile:
    """One file of events in the lake."""

    day: dt.date
    org: str
    place: Place
    #: Relative to the lake.
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMove:
    """All files of one organisation's day become one file in a place, or none."""

    day: dt.date
    org: str
    to: RetentionClass
    files: tuple[EventFile, ...]

    @property
    def place(self) -> Place | None:
        """Where the one file lies afterwards; None: nowhere."""
        places: dict[RetentionClass, Place] = {"cold": "landing", "archive": "archive"}
        return places.get(self.to)


def plan_moves(stored: Iterable[EventFile], *, today: dt.date, limits: RetentionLimits) -> tuple[EventMove, ...]:
    """What has to move so that every day lies as its class says, the oldest days first.

    Nothing is taken back from the archive where limits were widened: it is read there all the same.
    """
    moves = []
    for (day, org), group in groupby(sorted(stored), key=lambda file: (file.day, file.org)):
        files = tuple(group)
        to = class_of(day, today=today, limits=limits)
        landed = tuple(file for file in files if file.place == "landing")
        if to == "cold" and len(landed) > 1:
            moves.append(EventMove(day=day, org=org, to=to, files=landed))
        elif to == "expired" or (to == "archive" and (landed or len(files) > 1)):
            moves.append(EventMove(day=day, org=org, to=to, files=files))
    return tuple(moves)
