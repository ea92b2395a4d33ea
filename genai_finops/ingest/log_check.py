"""One log file read without storing anything: what its source's configuration makes of it."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import polars as pl

from genai_finops.attribution.event_identity import EventIds
from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.attribution.log_files import LogFiles
from genai_finops.attribution.log_format import Reject
from genai_finops.attribution.pieces import Pieces
from genai_finops.attribution.sources import LogSource
from genai_finops.errors import FinopsError
from genai_finops.ingest.event_frame import LogLineage, event_frame
from genai_finops.schemas.tables.events import EVENT_METERS

_SHOWN_REJECTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedLogFile:
    """What a file tells. `counted`: tellings of events, rejects, skipped records, meters and known consumers."""

    counted: dict[str, int]
    days: dict[dt.date, int]
    first_rejects: list[Reject]


def checked_log_file(logs: LogFiles, source: LogSource, *, now: dt.datetime) -> CheckedLogFile:
    """Read the one file of a location. Raises FinopsError for one that cannot be read."""
    (file,) = logs.listed()
    lineage = LogLineage(source=source, log_file=file.name, run_id="check", ingested_at=now)
    log_format = FORMATS[source.format]
    ids = EventIds(source.identical_events)
    counted: Counter[str] = Counter(dict.fromkeys(("events", "rejects", "skipped"), 0))
    days: Counter[dt.date] = Counter()
    rejects: list[Reject] = []
    try:
        with logs.opened(file) as stream:
            for piece in Pieces(stream, keeps_open_line=True).of(log_format.reads):
                told = log_format.read(piece, source.options)
                rows, refused = event_frame(told, ids, lineage, is_first=piece.first_line == 1)
                counted.update(told.mended)
                counted["events"] += rows.height
                counted["rejects"] += len(refused)
                counted["skipped"] += told.skipped
                rejects += refused[: _SHOWN_REJECTS - len(rejects)]
                if rows.height:
                    counted.update(_totals(rows))
                    days.update(dict(rows["usage_date"].value_counts().iter_rows()))
    except (EOFError, OSError) as failure:
        raise FinopsError(
            f"{file.name} cannot be read: {failure or type(failure).__name__}", remedy="Check that it is complete."
        ) from failure
    return CheckedLogFile(counted=dict(counted), days=dict(days), first_rejects=rejects)


def _totals(rows: pl.DataFrame) -> dict[str, int]:
    meters = {meter: int(rows[meter].sum()) for meter in EVENT_METERS}
    known = {
        f"events with {name}": rows[name].len() - rows[name].null_count()
        for name in ("tenant_id", "user_id", "task", "conversation_id", "reported_cost")
    }
    return {name: count for name, count in {**meters, **known}.items() if count}
