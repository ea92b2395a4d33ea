"""The embedded warehouse: one DuckDB file, opened read-only."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from genai_finops.errors import FinopsError

_BATCH_ROWS = 16_384
#: Sorting one day of charges stays far below it; what does not fit is sorted on disk.
_MEMORY_LIMIT = "2GB"


class DuckDBWarehouse:
    """Queries on one open connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(parameters)).fetchall()

    def batches(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[pa.RecordBatch]:
        yield from self._connection.sql(sql, params=list(parameters)).to_arrow_reader(_BATCH_ROWS)

    def has_table(self, name: str) -> bool:
        found = self.rows("select 1 from information_schema.tables where table_name = ?", [name])
        return bool(found)

    def json_text(self, column: str) -> str:
        return f"json_extract_string({column}, ?)"


@contextmanager
def open_duckdb(path: Path) -> Iterator[DuckDBWarehouse]:
    """The warehouse file, opened read-only.

    Raises FinopsError when the file is missing, or when a writer holds it.
    """
    if not path.exists():
        raise FinopsError(
            f"the warehouse {path} does not exist",
            remedy="run `make demo`, or ingest usage and build the tables with dbt; check GENAI_FINOPS_HOME",
        )
    try:
        connection = duckdb.connect(str(path), read_only=True, config={"memory_limit": _MEMORY_LIMIT})
    except duckdb.IOException as failure:
        raise FinopsError(
            f"the warehouse {path} cannot be read: {str(failure).splitlines()[0]}",
            remedy="wait until the build that writes it has ended, then try again",
        ) from failure
    try:
        # Not part of config: the time zones are an extension that loads with the connection.
        connection.execute("set TimeZone = 'UTC'")
        yield DuckDBWarehouse(connection)
    finally:
        connection.close()


def file_version(path: Path) -> str | None:
    """Changes with every transaction that was written to the file; None where there is none."""
    try:
        found = [path.stat(), *(log.stat() for log in path.parent.glob(f"{path.name}.wal"))]
    except FileNotFoundError:
        return None
    return " ".join(f"{one.st_ino}-{one.st_size}-{one.st_mtime_ns}" for one in found)
