"""Carries the retention of events out in the lake: join, check the copy, and only then delete.

At any moment every event can be read below `landing/` or `archive/`. Where a run was killed between a copy and the
deletion of what it was made of, both are there; the models count an event once, and the next run deletes.
"""

import datetime as dt
import hashlib
import io
import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow.parquet as pq

from genai_finops.attribution.retention import EventFile, EventMove, Place, RetentionClass, RetentionLimits, plan_moves
from genai_finops.errors import FinopsError
from genai_finops.ingest.event_files import DAMAGED, joined, joined_path, verify
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import SENTINEL_DAY, write_landing_sentinel
from genai_finops.schemas.tables.events import EVENTS_RAW

_log = logging.getLogger(__name__)
_PLACES: tuple[Place, ...] = ("landing", "archive")
_DAY = "day="


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOutcome:
    """What became of one organisation's day."""

    move: EventMove
    bytes_before: int
    #: Events and bytes of the one file afterwards; 0 where nothing was kept, or nothing was done.
    rows: int = 0
    bytes_after: int = 0
    #: Why it stays as it was; None where it went well.
    reason: str | None = None

    def __str__(self) -> str:
        subject = f"{self.move.org} {self.move.day.isoformat()}: {len(self.move.files)} files to {self.move.to}"
        if self.reason is not None:
            return f"{subject}: failed ({self.reason})"
        return f"{subject}, {self.bytes_before} bytes" + (f", {self.rows} events" if self.rows else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionReport:
    """What a retention did, or would do."""

    outcomes: tuple[MoveOutcome, ...]
    is_dry_run: bool

    @property
    def failed(self) -> tuple[MoveOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.reason is not None)

    def of_class(self, to: RetentionClass) -> "RetentionReport":
        """The outcomes of the moves to one class."""
        return replace(self, outcomes=tuple(outcome for outcome in self.outcomes if outcome.move.to == to))

    @property
    def rows(self) -> int:
        return sum(outcome.rows for outcome in self.outcomes)

    @property
    def bytes_before(self) -> int:
        return sum(outcome.bytes_before for outcome in self.outcomes)

    @property
    def bytes_after(self) -> int:
        return sum(outcome.bytes_after for outcome in self.outcomes)


def event_files(files: LakeFiles) -> Iterator[EventFile]:
    """Every file of events in the lake."""
    for place in _PLACES:
        for path in files.find(f"{place}/{EVENTS_RAW.name}"):
            *_, day, org, name = path.split("/")
            if day.startswith(_DAY) and name.endswith(".parquet") and day != f"{_DAY}{SENTINEL_DAY.isoformat()}":
                yield EventFile(day=dt.date.fromisoformat(day.removeprefix(_DAY)), org=org, place=place, path=path)


def stored_events(files: LakeFiles, days: Collection[dt.date]) -> dict[tuple[dt.date, str], int]:
    """Rows in the lake by day and organisation, of some days.

    Raises FinopsError that names a file which is damaged.
    """
    rows: dict[tuple[dt.date, str], int] = {}
    for file in event_files(files):
        if file.day in days:
            key = file.day, file.org
            rows[key] = rows.get(key, 0) + _row_count(files, file.path)
    return rows


def _row_count(files: LakeFiles, path: str) -> int:
    try:
        return int(pq.read_metadata(io.BytesIO(files.read(path))).num_rows)
    except DAMAGED as failure:
        raise FinopsError(
            f"the events {files.path(path)} cannot be read: {' '.join(str(failure).split())}",
            remedy="Restore the file, or read its logs again",
        ) from failure


def retain_events(
    files: LakeFiles, *, limits: RetentionLimits, today: dt.date, dry_run: bool = False
) -> RetentionReport:
    """Bring every day of events to where its class has it; with dry_run only say what would be done.

    A day that fails stays readable as it was, and stops no other. Nothing else may land events meanwhile, except that a
    file which is landed again is left for the next time.
    """
    moves = plan_moves(event_files(files), today=today, limits=limits)
    if moves and not dry_run:
        write_landing_sentinel(files, EVENTS_RAW)
    return RetentionReport(outcomes=tuple(_outcome(files, move, dry_run) for move in moves), is_dry_run=dry_run)


def _outcome(files: LakeFiles, move: EventMove, dry_run: bool) -> MoveOutcome:
    outcome = MoveOutcome(move=move, bytes_before=sum(files.size(file.path) for file in move.files))
    if dry_run:
        return outcome
    try:
        return _moved(files, outcome)
    except (FinopsError, *DAMAGED) as failure:
        _log.warning("events of %s %s stay where they are: %s", move.org, move.day, failure)
        return replace(outcome, reason=" ".join(str(failure).split()))


def _moved(files: LakeFiles, outcome: MoveOutcome) -> MoveOutcome:
    move = outcome.move
    if move.place is None:
        _delete(files, move.files)
        return outcome
    contents = [(file, files.read(file.path)) for file in move.files]
    read = {file.path: hashlib.sha256(content).digest() for file, content in contents}
    content, totals = joined(contents)
    del contents
    target = joined_path(content, place=move.place, day=move.day.isoformat(), org=move.org)
    if totals.rows:
        files.replace(target, content)
        verify(files, target, content, totals)
    _delete(
        files,
        [
            file
            for file in move.files
            if file.path != target and hashlib.sha256(files.read(file.path)).digest() == read[file.path]
        ],
    )
    return replace(outcome, rows=totals.rows, bytes_after=len(content) if totals.rows else 0)


def _delete(files: LakeFiles, superseded: Sequence[EventFile]) -> None:
    for file in superseded:
        files.remove(file.path)
