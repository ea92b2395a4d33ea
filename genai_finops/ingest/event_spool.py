"""Events of one log file on their way to the lake: a Parquet file for each day, written as the pieces come.

Memory does not grow with the file, but for 16 bytes an event that tell which events were told twice.
"""

import datetime as dt
from collections import defaultdict
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from genai_finops.schemas.tables.events import EVENTS_RAW
from genai_finops.schemas.validation import empty_frame

_GROUP_ROWS = 131_072
#: Rows that wait for their day's next row group, all days together.
_WAITING_ROWS = 524_288
#: Columns that hardly repeat a value; a dictionary of them is built only to be thrown away.
_MANIFOLD = {
    "event_id",
    "request_id",
    "started_at",
    "ended_at",
    "uncached_input",
    "cache_read",
    "user_id",
    "tags",
    "reported_cost",
    "log_line",
}
_REPEATING = [column.name for column in EVENTS_RAW.columns if column.name not in _MANIFOLD]
_SCHEMA = empty_frame(EVENTS_RAW).to_arrow(compat_level=pl.CompatLevel.oldest()).schema


class EventSpool:
    """Takes the rows of a file in its order and gives a file for each day, in which each event is once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[dt.date, list[pl.DataFrame]] = defaultdict(list)
        self._waiting_rows = 0
        self._writers: dict[dt.date, pq.ParquetWriter] = {}
        #: Of every row in the order of its day's file: a hash of its event's id, and its place in the log file.
        self._hashes: dict[dt.date, list[pl.Series]] = defaultdict(list)
        self._places: dict[dt.date, list[pl.Series]] = defaultdict(list)
        self.rows: dict[dt.date, int] = defaultdict(int)
        self._next_place = 0

    def add(self, rows: pl.DataFrame) -> None:
        """The rows of the next piece, in the shape of genai_usage_events_raw."""
        places = pl.int_range(self._next_place, self._next_place + rows.height, eager=True)
        self._next_place += rows.height
        hashes = rows["event_id"].hash()
        days = rows["usage_date"].unique(maintain_order=True).to_list()
        for day in days:
            of_day = rows["usage_date"] == day if len(days) > 1 else None
            part = rows if of_day is None else rows.filter(of_day)
            self._hashes[day].append(hashes if of_day is None else hashes.filter(of_day))
            self._places[day].append(places if of_day is None else places.filter(of_day))
            self.rows[day] += part.height
            self._waiting[day].append(part)
            self._waiting_rows += part.height
            if sum(frame.height for frame in self._waiting[day]) >= _GROUP_ROWS:
                self._flush(day)
        if self._waiting_rows > _WAITING_ROWS:
            for day in list(self._waiting):
                self._flush(day)

    def finish(self) -> tuple[dict[dt.date, Path], int]:
        """The file of each day, and how many tellings gave way to a later one of the same event."""
        for day in list(self._waiting):
            self._flush(day)
        for writer in self._writers.values():
            writer.close()
        superseded = self._superseded()
        for day, places in superseded.items():
            self._rewrite(day, places)
        files = {day: self._path(day) for day in sorted(self.rows) if self.rows[day]}
        return files, sum(len(places) for places in superseded.values())

    def close(self) -> None:
        """Lets go of the files, however the reading ended."""
        for writer in self._writers.values():
            writer.close()

    def _path(self, day: dt.date) -> Path:
        return self._folder / f"{day.isoformat()}.parquet"

    def _flush(self, day: dt.date) -> None:
        frames = self._waiting.pop(day, [])
        if not frames:
            return
        rows = pl.concat(frames)
        self._waiting_rows -= rows.height
        writer = self._writers.get(day)
        if writer is None:
            writer = self._writers[day] = _writer(self._path(day))
        for start in range(0, rows.height, _GROUP_ROWS):
            writer.write_table(_table(rows.slice(start, _GROUP_ROWS)))

    def _superseded(self) -> dict[dt.date, set[int]]:
        """Places in the log file of tellings that a later one of the same event replaces, by day."""
        hashes = [hash_ for parts in self._hashes.values() for hash_ in parts]
        if not hashes:
            return {}
        joined = pl.concat(hashes)
        repeated = joined.filter(joined.is_duplicated()).unique().implode()
        if not repeated[0].len():
            return {}
        # Equal hashes are a suspicion; the ids themselves decide.
        told: list[pl.DataFrame] = []
        for day in self._hashes:
            suspects = pl.DataFrame(
                {"hash": pl.concat(self._hashes[day]), "place": pl.concat(self._places[day])}
            ).with_row_index("row")
            suspects = suspects.filter(pl.col("hash").is_in(repeated))
            if suspects.height:
                ids = pl.read_parquet(self._path(day), columns=["event_id"])["event_id"].gather(suspects["row"])
                told.append(suspects.select("place", pl.lit(day).alias("day")).with_columns(ids))
        earlier = pl.concat(told).sort("place").filter(pl.col("event_id").is_duplicated())
        earlier = earlier.filter(pl.col("place") != pl.col("place").max().over("event_id"))
        return {day: set(group["place"].to_list()) for (day,), group in earlier.group_by("day")}

    def _rewrite(self, day: dt.date, superseded: set[int]) -> None:
        source, target = self._path(day), self._folder / f"{day.isoformat()}.kept"
        kept = ~pl.concat(self._places[day]).is_in(list(superseded))
        start = 0
        with pq.ParquetFile(source) as file, _writer(target) as writer:
            for batch in file.iter_batches(_GROUP_ROWS):
                mask = kept.slice(start, batch.num_rows).to_arrow()
                start += batch.num_rows
                writer.write_table(pa.Table.from_batches([batch], schema=_SCHEMA).filter(mask))
        target.replace(source)
        self.rows[day] = int(kept.sum())


def _writer(path: Path) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, _SCHEMA, compression="zstd", store_schema=False, use_dictionary=_REPEATING)  # type: ignore[arg-type]


def _table(rows: pl.DataFrame) -> pa.Table:
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(_SCHEMA)
