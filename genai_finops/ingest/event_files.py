"""Files of events joined into one: the latest reading of each log file, once, checked before anything is deleted."""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePosixPath

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from genai_finops.attribution.retention import EventFile, Place
from genai_finops.errors import FinopsError
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import SENTINEL_DAY, event_landing_path
from genai_finops.schemas.tables.events import EVENT_METERS, EVENTS_RAW
from genai_finops.schemas.validation import empty_frame

#: Parts the name of a joined file from those of log files, which are `<source>.<digits>`: no source has a dot.
_JOINED = "joined.day"
_DIGITS = 16
_BATCH_ROWS = 131_072
_SCHEMA: pl.Schema = empty_frame(EVENTS_RAW).schema
_LOG_FILE = ("source_id", "log_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTotals:
    """Control totals of some events."""

    rows: int = 0
    meters: Mapping[str, int] = field(default_factory=dict)
    #: What the logs claim, by currency.
    reported_costs: Mapping[str, Decimal] = field(default_factory=dict)

    def __add__(self, other: "EventTotals") -> "EventTotals":
        return EventTotals(
            rows=self.rows + other.rows,
            meters={name: self.meters.get(name, 0) + other.meters.get(name, 0) for name in EVENT_METERS},
            reported_costs={
                currency: self.reported_costs.get(currency, Decimal()) + other.reported_costs.get(currency, Decimal())
                for currency in sorted({*self.reported_costs, *other.reported_costs})
            },
        )


def totals_of(events: pl.DataFrame) -> EventTotals:
    """Rows, quantity of every meter, and reported cost by currency."""
    claimed = events.filter(pl.col("reported_cost").is_not_null())
    costs = claimed.group_by("reported_currency").agg(pl.col("reported_cost").sum())
    return EventTotals(
        rows=events.height,
        meters={meter: int(events[meter].sum()) for meter in EVENT_METERS},
        reported_costs={str(currency): cost for currency, cost in costs.iter_rows()},
    )


def is_joined(file: EventFile) -> bool:
    """Whether a file was joined from others rather than landed from one log file."""
    return file.place == "archive" or PurePosixPath(file.path).name.startswith(f"{_JOINED}.")


def joined_path(content: bytes, *, place: Place, day: str, org: str) -> str:
    """Where a joined file lies. Named by its content: a file that is there is never written over."""
    digits = hashlib.sha256(content).hexdigest()[:_DIGITS]
    return f"{place}/{EVENTS_RAW.name}/day={day}/{org}/{_JOINED}.{digits}.parquet"


def event_batches(content: bytes) -> Iterator[pl.DataFrame]:
    """The rows of a file in the shape of today's table, some at a time; columns that came later are null.

    Raises pyarrow.ArrowException, OSError or polars.exceptions.PolarsError where the file is damaged.
    """
    file = pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True)
    for batch in file.iter_batches(_BATCH_ROWS):
        frame = pl.DataFrame(batch)
        missing = [
            pl.lit(None, dtype=_SCHEMA[name]).alias(name) for name in _SCHEMA.names() if name not in frame.columns
        ]
        yield frame.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())


def joined(contents: Sequence[tuple[EventFile, bytes]]) -> tuple[bytes, EventTotals]:
    """One file with what the files tell, and its control totals.

    Of each log file the latest reading counts: that of its own landing file where there is one, because joining
    deletes these, else the one that was landed last. Equal files give equal bytes.
    """
    landed = {PurePosixPath(file.path).name for file, _ in contents if not is_joined(file)}
    readings = _latest_readings([(file, content) for file, content in contents if is_joined(file)], landed)
    buffer = io.BytesIO()
    totals = EventTotals()
    schema = empty_frame(EVENTS_RAW).to_arrow().schema
    with pq.ParquetWriter(buffer, schema, compression="zstd", store_schema=False, write_page_checksum=True) as writer:
        for frame in _full_batches(_told(contents, readings)):
            totals += totals_of(frame)
            writer.write_table(frame.to_arrow().cast(schema))
    return buffer.getvalue(), totals


def verify(files: LakeFiles, path: str, content: bytes, expected: EventTotals) -> None:
    """Read a file that was just written. Raises FinopsError where it is not what was to be written."""
    stored = files.read(path)
    if hashlib.sha256(stored).digest() == hashlib.sha256(content).digest():
        found = EventTotals()
        for frame in event_batches(stored):
            found += totals_of(frame)
        if found == expected:
            return
    raise FinopsError(
        f"{files.path(path)} does not hold what was written to it: {expected.rows} events were",
        remedy="Nothing was deleted. Look at the disk or bucket, delete this file, and run the retention again",
    )


def _told(contents: Sequence[tuple[EventFile, bytes]], readings: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for file, content in sorted(contents, key=lambda item: (is_joined(item[0]), item[0].path)):
        kept = readings.filter(pl.col("path") == file.path).select(_LOG_FILE)
        for frame in event_batches(content):
            yield frame.join(kept, on=_LOG_FILE, how="semi", maintain_order="left") if is_joined(file) else frame


def _full_batches(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows in groups of a size that reads well: a log file may have told of three events."""
    waiting: list[pl.DataFrame] = []
    for frame in frames:
        waiting.append(frame)
        if sum(part.height for part in waiting) >= _BATCH_ROWS:
            yield pl.concat(waiting)
            waiting = []
    if waiting:
        yield pl.concat(waiting)


def _latest_readings(contents: Sequence[tuple[EventFile, bytes]], landed: set[str]) -> pl.DataFrame:
    """By log file that no landing file tells of any more: the joined file with its latest reading."""
    found = [
        pl.DataFrame(pq.read_table(io.BytesIO(content), columns=[*_LOG_FILE, "x_ingested_at"]))
        .group_by(_LOG_FILE)
        .agg(pl.col("x_ingested_at").max())
        .with_columns(path=pl.lit(file.path))
        for file, content in contents
    ]
    if not found:
        return pl.DataFrame(schema={"source_id": pl.String, "log_file": pl.String, "path": pl.String})
    names = pl.struct(_LOG_FILE).map_elements(
        lambda told: landed_name(told["source_id"], told["log_file"]), return_dtype=pl.String
    )
    return (
        pl.concat(found)
        .filter(~names.is_in(list(landed)))
        .sort("x_ingested_at", "path")
        .group_by(_LOG_FILE, maintain_order=True)
        .last()
        .select(*_LOG_FILE, "path")
    )


def landed_name(source: str, log_file: str) -> str:
    """Name of the landing file of a log file."""
    digits = hashlib.sha256(log_file.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]
    path = event_landing_path(EVENTS_RAW, day=SENTINEL_DAY, org="", source=source, log_file_key=digits)
    return PurePosixPath(path).name


DAMAGED = (pa.ArrowException, OSError, pl.exceptions.PolarsError)
