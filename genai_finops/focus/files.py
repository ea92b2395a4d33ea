"""Data files of an export, written aside and renamed. The same rows give the same bytes."""

import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.types import TYPES

ExportFormat = Literal["parquet", "csv"]

_ROW_GROUP_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class WrittenFile:
    path: Path
    rows: int
    bytes: int
    sha256: str


def write_file(path: Path, table: Table, batches: Iterable[pa.RecordBatch], file_format: ExportFormat) -> WrittenFile:
    """Write the batches, whose columns are those of the table in their order, as one file.

    Parquet holds typed values: decimals with the precision and scale of the schema, and UTC timestamps. The texts that
    FOCUS prescribes stand for them in a file without types, as CSV is.
    """
    schema = arrow_schema(table)
    typed = (batch.cast(schema) for batch in batches)
    with replacing(path) as aside:
        rows = _write_parquet(aside, schema, typed) if file_format == "parquet" else _write_csv(aside, table, typed)
    return WrittenFile(path, rows, path.stat().st_size, _sha256(path))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside the target that takes its place when the block ends without an error, and is gone otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.aside")
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of the table as Arrow types, from the register and not from what an engine happens to return."""
    frame = pl.DataFrame(schema={column.name: TYPES[column.type].polars for column in table.columns})
    fields = [
        pa.field(column.name, pa.string() if pa.types.is_large_string(field.type) else field.type, column.nullable)
        for column, field in zip(table.columns, frame.to_arrow().schema, strict=True)
    ]
    return pa.schema(fields)


def _write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
        for group in _groups(batches):
            writer.write_table(pa.Table.from_batches(group, schema), row_group_size=_ROW_GROUP_ROWS)
            rows += sum(batch.num_rows for batch in group)
    return rows


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Batches of neighbouring days together, so that a month of small days is not a file of tiny row groups."""
    group: list[pa.RecordBatch] = []
    for batch in batches:
        if group and sum(held.num_rows for held in group) + batch.num_rows > _ROW_GROUP_ROWS:
            yield group
            group = []
        group.append(batch)
    if group:
        yield group


def _write_csv(path: Path, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
    rows = 0
    with path.open("wb") as file:
        pl.DataFrame(schema=[column.name for column in table.columns]).write_csv(file)
        for batch in batches:
            frame = pl.DataFrame(batch).select(_text(column) for column in table.columns)
            frame.write_csv(file, include_header=False, null_value="", quote_style="necessary", line_terminator="\n")
            rows += batch.num_rows
    return rows


def _text(column: Column) -> pl.Expr:
    """The FOCUS text of a value.

    Decimals have no exponent, no sign but the minus, and no zeros at the end but one after a point: a reader that
    guesses types, as the official validator does, takes a column of whole numbers for integers.
    """
    value = pl.col(column.name)
    if column.type in {"quantity", "rate", "cost", "ratio"}:
        return value.cast(pl.String).str.strip_chars_end("0").str.replace(r"\.$", ".0")
    if column.type == "timestamp":
        return value.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.cast(pl.String)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
