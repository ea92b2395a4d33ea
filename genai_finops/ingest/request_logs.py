"""Request logs, from their files to the landing table: only files that are new or have changed are read."""

import contextlib
import datetime as dt
import json
import logging
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from genai_finops.attribution.event_identity import EventIds
from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.attribution.log_files import LogFile, LogFiles
from genai_finops.attribution.log_format import Reject
from genai_finops.attribution.pieces import Pieces
from genai_finops.attribution.sources import LogSource, load_log_sources, sources_folder
from genai_finops.errors import FinopsError
from genai_finops.ingest.event_frame import LogLineage, event_frame
from genai_finops.ingest.event_spool import EventSpool
from genai_finops.ingest.log_register import ReadFile, load_register, rejects_path
from genai_finops.ingest.read_ahead import read_ahead
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import event_landing_path, write_landing_sentinel
from genai_finops.schemas.tables.events import EVENTS_RAW
from genai_finops.settings import Settings

_log = logging.getLogger(__name__)

LogFileStatus = Literal["new", "changed", "unchanged", "unfinished", "failed"]
#: So many rejects of a file are kept with line and reason; all are counted.
MOST_REJECTS = 100_000
#: Another process reads the same source.
_LOCK_SECONDS = 300.0
#: A run that is killed reads again what it has read since.
_SAVE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFileOutcome:
    """What became of one log file. A failed or unfinished one left what was stored before as it was."""

    source: str
    org: str
    log_file: str
    status: LogFileStatus
    #: As it was read now, or before where it was not.
    events: int = 0
    repeated: int = 0
    skipped: int = 0
    rejects: int = 0
    mended: dict[str, int] = field(default_factory=dict)
    #: UTC days whose landing files were written or removed.
    days: tuple[dt.date, ...] = ()
    reason: str | None = None

    def __str__(self) -> str:
        subject = f"{self.org}/{self.source} {self.log_file}"
        if self.reason is not None:
            return f"{subject}: {self.status} ({self.reason})"
        counted = {"repeated": self.repeated, "skipped": self.skipped, "rejected": self.rejects, **self.mended}
        more = "".join(f", {count} {name}" for name, count in counted.items() if count)
        return f"{subject}: {self.status}, {self.events} events{more}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReadReport:
    """All files of all sources that were looked at."""

    outcomes: tuple[LogFileOutcome, ...]
    #: Sources that could not be looked at, and why.
    failed_sources: dict[str, str]
    seconds: float

    @property
    def read(self) -> tuple[LogFileOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status in {"new", "changed"})

    @property
    def failed(self) -> tuple[LogFileOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    @property
    def has_failures(self) -> bool:
        return bool(self.failed or self.failed_sources)

    @property
    def days(self) -> tuple[dt.date, ...]:
        """UTC days of which something was landed or removed."""
        return tuple(sorted({day for outcome in self.outcomes for day in outcome.days}))

    @property
    def events(self) -> int:
        """Events of the files that were read now."""
        return sum(outcome.events for outcome in self.read)

    @property
    def rejects(self) -> int:
        """Rejects of the files that were read now."""
        return sum(outcome.rejects for outcome in self.read)


def configured_sources(settings: Settings) -> dict[str, LogSource]:
    """The sources of request logs by id. Raises FinopsError that names file, key, value and remedy."""
    usual = settings.seeds_dir.parent / "configs" / "request_logs"
    return load_log_sources(sources_folder(usual, settings.environ), settings.environ)


def lock_folder(settings: Settings) -> Path:
    """Where the processes of one machine agree on who reads a source."""
    return settings.home / "locks"


def changed_log_files(files: LakeFiles, source: LogSource, *, now: dt.datetime) -> list[LogFile]:
    """The files of a source that a read would read. Raises FinopsError where they cannot be listed."""
    register = load_register(files, org=source.org, source=source.id)
    return [file for file in LogFiles(source.location).listed() if not register.is_unchanged(file, source, now)]


def read_request_logs(
    files: LakeFiles,
    sources: Sequence[LogSource],
    *,
    now: dt.datetime,
    run_id: str,
    locks: Path,
    clock: Callable[[], float] = time.monotonic,
) -> LogReadReport:
    """Land the events of all new and changed files of the sources, each file for itself.

    A file or source that cannot be read keeps what was stored of it and does not stop the others. `locks` is a folder
    that all processes share. `clock` gives monotonic seconds.
    """
    started = clock()
    write_landing_sentinel(files, EVENTS_RAW)
    outcomes: list[LogFileOutcome] = []
    failed: dict[str, str] = {}
    locks.mkdir(parents=True, exist_ok=True)
    for source in sources:
        try:
            with FileLock(locks / f"request_logs.{source.org}.{source.id}.lock", timeout=_LOCK_SECONDS):
                outcomes += _Reading(files, source, now=now, run_id=run_id, clock=clock).outcomes()
        except Timeout:
            failed[source.id] = f"another process has been reading it for {_LOCK_SECONDS:.0f} s"
        except FinopsError as failure:
            failed[source.id] = str(failure)
        except Exception as failure:  # noqa: BLE001 - as for files: one source must not stop the others
            _log.warning("request logs of %s failed unexpectedly", source.id, exc_info=True)
            failed[source.id] = _unexpected(failure)
    return LogReadReport(outcomes=tuple(outcomes), failed_sources=failed, seconds=clock() - started)


class _Reading:
    """One source, while its files are read."""

    def __init__(
        self, files: LakeFiles, source: LogSource, *, now: dt.datetime, run_id: str, clock: Callable[[], float]
    ) -> None:
        self._files = files
        self._source = source
        self._now = now
        self._run_id = run_id
        self._clock = clock
        self._register = load_register(files, org=source.org, source=source.id)
        self._logs = LogFiles(source.location)

    def outcomes(self) -> list[LogFileOutcome]:
        """What became of each file, by name."""
        found: list[LogFileOutcome] = []
        saved_at = self._clock()
        is_saved = True
        try:
            for file in self._logs.listed():
                if self._register.is_unchanged(file, self._source, self._now):
                    found.append(self._unchanged(file))
                    continue
                found.append(self._read(file))
                is_saved = False
                if self._clock() - saved_at > _SAVE_SECONDS:
                    self._register.save(self._files)
                    saved_at, is_saved = self._clock(), True
        finally:
            if not is_saved:
                self._register.save(self._files)
        return found

    def _outcome(self, file: LogFile, status: LogFileStatus, reason: str | None = None) -> LogFileOutcome:
        return LogFileOutcome(
            source=self._source.id, org=self._source.org, log_file=file.name, status=status, reason=reason
        )

    def _unchanged(self, file: LogFile) -> LogFileOutcome:
        return _told(self._outcome(file, "unchanged"), self._register.files[file.name], ())

    def _read(self, file: LogFile) -> LogFileOutcome:
        try:
            return self._landed(file)
        except (EOFError, OSError, zlib.error) as failure:
            if not file.is_settled(self._now):
                return self._outcome(file, "unfinished", f"{failure or type(failure).__name__}")
            return self._outcome(file, "failed", f"it cannot be read: {failure or type(failure).__name__}")
        except FinopsError as failure:
            return self._outcome(file, "failed", str(failure))
        except Exception as failure:  # noqa: BLE001 - a defect in one format must not stop the other files
            # The trace without its values: they may be content.
            _log.warning(
                "log file %s of %s failed unexpectedly: %s", file.name, self._source.id, type(failure).__name__
            )
            return self._outcome(file, "failed", _unexpected(failure))

    def _landed(self, file: LogFile) -> LogFileOutcome:
        known = self._register.files.get(file.name)
        with tempfile.TemporaryDirectory(prefix="genai-finops-logs-") as folder:
            spool = EventSpool(Path(folder))
            try:
                rejects, told = self._spooled(file, spool)
                spooled, repeated = spool.finish()
            finally:
                spool.close()
            for day, path in spooled.items():
                self._files.replace_from(self._landing_path(file, day), path)
        days = {day: spool.rows[day] for day in spooled}
        gone = set(known.days) - set(days) if known else set()
        for day in sorted(gone):
            self._files.remove(self._landing_path(file, day))
        self._keep_rejects(file, rejects)
        entry = ReadFile(
            size=file.size,
            modified=file.modified,
            etag=file.etag,
            read_as=self._source.fingerprint,
            left_open=bool(told.pop(_LEFT_OPEN, 0)),
            read_at=self._now,
            events=sum(days.values()),
            repeated=repeated + told.pop(_REPEATED, 0),
            skipped=told.pop(_SKIPPED, 0),
            rejects=told.pop(_REJECTS, 0),
            mended={name: count for name, count in sorted(told.items()) if count},
            days=days,
        )
        self._register.files[file.name] = entry
        outcome = self._outcome(file, "changed" if known else "new")
        return _told(outcome, entry, tuple(sorted({*days, *gone})))

    def _spooled(self, file: LogFile, spool: EventSpool) -> tuple[list[Reject], Counter[str]]:
        """Spools all events; gives the rejects to keep, and what was counted beside the events."""
        lineage = LogLineage(
            source=self._source,
            log_file=file.name.encode("utf-8", "replace").decode(),
            run_id=self._run_id,
            ingested_at=self._now,
        )
        log_format = FORMATS[self._source.format]
        ids = EventIds(self._source.identical_events)
        rejects: list[Reject] = []
        told: Counter[str] = Counter()
        with self._logs.opened(file) as stream:
            # A compressed file that is not cut off is complete.
            keeps_open_line = file.is_settled(self._now) or file.is_compressed
            pieces = Pieces(stream, keeps_open_line=keeps_open_line)
            read = ((piece, log_format.read(piece, self._source.options)) for piece in pieces.of(log_format.reads))
            with contextlib.closing(read_ahead(read)) as ahead:
                for piece, events in ahead:
                    rows, refused = event_frame(events, ids, lineage, is_first=piece.first_line == 1)
                    told.update(events.mended)
                    told[_SKIPPED] += events.skipped
                    told[_REJECTS] += len(refused)
                    told[_REPEATED] += events.events.height + len(events.rejects) - rows.height - len(refused)
                    rejects += refused[: MOST_REJECTS - len(rejects)]
                    if rows.height:
                        spool.add(rows)
            told[_LEFT_OPEN] = int(pieces.left_open)
        return rejects, told

    def _landing_path(self, file: LogFile, day: dt.date) -> str:
        return event_landing_path(
            EVENTS_RAW, day=day, org=self._source.org, source=self._source.id, log_file_key=file.key
        )

    def _keep_rejects(self, file: LogFile, rejects: Sequence[Reject]) -> None:
        path = rejects_path(org=self._source.org, source=self._source.id, log_file_key=file.key)
        if not rejects:
            self._files.remove(path)
            return
        lines = (json.dumps({"file": file.name, "line": one.line, "reason": one.reason}) for one in rejects)
        self._files.replace(path, "".join(f"{line}\n" for line in lines).encode())


_SKIPPED, _REJECTS, _REPEATED, _LEFT_OPEN = "\x00skipped", "\x00rejects", "\x00repeated", "\x00left open"


def _told(outcome: LogFileOutcome, entry: ReadFile, days: tuple[dt.date, ...]) -> LogFileOutcome:
    return LogFileOutcome(
        source=outcome.source,
        org=outcome.org,
        log_file=outcome.log_file,
        status=outcome.status,
        events=entry.events,
        repeated=entry.repeated,
        skipped=entry.skipped,
        rejects=entry.rejects,
        mended=entry.mended,
        days=days,
    )


def _unexpected(failure: Exception) -> str:
    return f"unexpected {type(failure).__name__} in the code; please report it"
