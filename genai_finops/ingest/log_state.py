"""What there is to read of request logs, and how old the newest event is, without reading a log."""

import datetime as dt
import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from genai_finops.attribution.log_files import LogFile
from genai_finops.attribution.sources import LogSource
from genai_finops.errors import FinopsError
from genai_finops.ingest.log_register import load_register
from genai_finops.ingest.request_logs import changed_log_files
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import event_landing_path
from genai_finops.schemas.tables.events import EVENTS_RAW

_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadLogs:
    """The log files that a read would read now."""

    #: How many of each source that has any.
    files: dict[str, int]
    #: Stands for all of them as they are now; the same as long as none changes.
    fingerprint: str
    #: Sources that could not be listed, and why.
    failed_sources: dict[str, str]


def unread_logs(files: LakeFiles, sources: Iterable[LogSource], *, now: dt.datetime) -> UnreadLogs:
    """List the sources and compare them with what was read. A source that cannot be listed stops no other."""
    counts: dict[str, int] = {}
    failed: dict[str, str] = {}
    told: list[object] = []
    for source in sources:
        try:
            changed = changed_log_files(files, source, now=now)
        except FinopsError as failure:
            failed[source.id] = str(failure)
            continue
        if changed:
            counts[source.id] = len(changed)
            told.append([source.id, source.fingerprint, [_state(file, now) for file in changed]])
    fingerprint = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    return UnreadLogs(files=counts, fingerprint=fingerprint, failed_sources=failed)


def _state(file: LogFile, now: dt.datetime) -> list[object]:
    # A last line without an end is read when the file has settled, which is another state of the same bytes.
    modified = file.modified.isoformat() if file.modified else None
    return [file.name, file.size, modified, file.etag, file.is_settled(now)]


def newest_events(files: LakeFiles, sources: Iterable[LogSource]) -> dict[str, dt.datetime | None]:
    """Start of the newest event of each source, by its id; None where nothing was ever read of it.

    Of a day that is no longer kept as it was landed it is the day's end. Raises FinopsError for a damaged register.
    """
    return {source.id: _newest(files, source) for source in sources}


def _newest(files: LakeFiles, source: LogSource) -> dt.datetime | None:
    register = load_register(files, org=source.org, source=source.id)
    days = {day for entry in register.files.values() for day in entry.days}
    if not days:
        return None
    newest = max(days)
    keys = [_key(name) for name, entry in register.files.items() if newest in entry.days]
    paths = [
        event_landing_path(EVENTS_RAW, day=newest, org=source.org, source=source.id, log_file_key=key) for key in keys
    ]
    starts = [
        pl.read_parquet(io.BytesIO(files.read(path)), columns=["started_at"])["started_at"].max()
        for path in paths
        if files.exists(path)
    ]
    found = [start for start in starts if isinstance(start, dt.datetime)]
    return max(found, default=dt.datetime.combine(newest + _ONE_DAY, dt.time(), tzinfo=dt.UTC))


def _key(name: str) -> str:
    return LogFile(name=name, path="", size=0, modified=None, etag=None, may_grow=False).key
