"""The price book in the lake: one file for each table and source, so that a source that fails keeps what it said."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from genai_finops.errors import FinopsError
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import write_sentinel
from genai_finops.schemas.register import tables_of
from genai_finops.schemas.table import Table
from genai_finops.schemas.validation import empty_frame

#: The file that only carries the schema, so that a reader's glob never finds nothing.
_SENTINEL = "_schema"

# A lock of a file does not keep threads of one process apart.
_process_lock = threading.Lock()


def price_path(table: Table, source: str) -> str:
    """The file of what one source says in one table."""
    return f"prices/{table.name}/{source}.parquet"


@contextmanager
def price_book_lock(files: LakeFiles, *, timeout_seconds: float) -> Iterator[None]:
    """Only one refresh at a time: each reads what is known, adds to it and writes it.

    In a local lake for all processes, in a bucket for those of this process only: there a refresh is to run in one
    place. Raises FinopsError when the other refresh does not end within the timeout.
    """
    if not _process_lock.acquire(timeout=timeout_seconds):
        raise _busy(files, timeout_seconds)
    try:
        if files.is_local:
            path = Path(files.path("prices/.lock"))
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path, timeout=timeout_seconds):
                yield
        else:
            yield
    except Timeout as error:
        raise _busy(files, timeout_seconds) from error
    finally:
        _process_lock.release()


def _busy(files: LakeFiles, timeout_seconds: float) -> FinopsError:
    return FinopsError(
        f"another refresh has held the price book of {files.url} for {timeout_seconds:.0f} seconds",
        remedy="Wait for it to end, or end the process that holds the lock; the lock then frees itself.",
    )


def write_price_rows(files: LakeFiles, table: Table, source: str, frame: pl.DataFrame) -> bool:
    """Replace the file of a source. False when it was the same already.

    Pages carry checksums: what was known at an earlier moment cannot be read from anywhere else.
    """
    buffer = io.BytesIO()
    rows = frame.sort(table.grain, nulls_last=True).to_arrow()
    pq.write_table(rows, buffer, compression="zstd", store_schema=False, write_page_checksum=True)
    path, content = price_path(table, source), buffer.getvalue()
    if files.exists(path) and files.read(path) == content:
        return False
    files.replace(path, content)
    return True


def write_price_sentinels(files: LakeFiles) -> None:
    """Make sure that a glob over a table of the book finds a file of its shape."""
    for table in tables_of("prices"):
        write_sentinel(files, price_path(table, _SENTINEL), table)


def price_sources(files: LakeFiles, table: Table) -> tuple[str, ...]:
    """The sources that have a file of the table."""
    found = (Path(path).stem for path in files.find(f"prices/{table.name}") if path.endswith(".parquet"))
    return tuple(source for source in found if source != _SENTINEL)


def read_price_rows(files: LakeFiles, table: Table, source: str) -> pl.DataFrame:
    """All that the book ever knew of a source; no rows before its first statement.

    Raises FinopsError that names the file where it is damaged or has other columns.
    """
    path = price_path(table, source)
    empty = empty_frame(table)
    if not files.exists(path):
        return empty
    try:
        frame = pl.DataFrame(pq.read_table(io.BytesIO(files.read(path)), page_checksum_verification=True))
    except (pa.ArrowException, OSError, ValueError) as failure:
        raise _unreadable(files, path, f"{type(failure).__name__}: {failure}") from failure
    if frame.schema != empty.schema:
        raise _unreadable(files, path, f"its columns are not those of {table.name}")
    return frame


def read_price_tables(files: LakeFiles) -> dict[str, pl.DataFrame]:
    """The rows of all sources, by name of the table. Raises FinopsError as read_price_rows."""
    return {
        table.name: pl.concat(
            [empty_frame(table), *(read_price_rows(files, table, source) for source in price_sources(files, table))]
        )
        for table in tables_of("prices")
    }


def _unreadable(files: LakeFiles, path: str, reason: str) -> FinopsError:
    return FinopsError(
        f"The price file {files.path(path)} cannot be used: {' '.join(reason.split())}",
        remedy="Restore it from a backup; deleted, it is made anew, and what was known at earlier moments is lost",
    )
