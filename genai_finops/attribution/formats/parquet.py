"""`parquet`: rows of a Parquet file, with names that the source's mapping gives."""

import io
from collections.abc import Mapping
from typing import Any

import polars as pl

from genai_finops.attribution.formats.column_mapping import column_mapping, path_of
from genai_finops.attribution.formats.mapped_events import mapped_events
from genai_finops.attribution.log_format import Piece, PieceEvents, PieceKind
from genai_finops.errors import FinopsError


class ParquetFormat:
    """Parquet by a mapping of columns; a dotted path leads into structs. The line of an event is its row, from 1."""

    name = "parquet"
    reads: PieceKind = "file"

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises FinopsError for what is no mapping."""
        column_mapping(options)

    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:
        """The events of a file. Raises FinopsError for a file that is damaged or lacks a mapped column."""
        mapping = column_mapping(options)
        try:
            schema = pl.read_parquet_schema(io.BytesIO(piece.content))
            places = {field: _place(schema, field) for field in mapping.fields()}
            rows = pl.read_parquet(
                io.BytesIO(piece.content), columns=list(dict.fromkeys(path[0] for path in places.values()))
            )
        except pl.exceptions.PolarsError as failure:
            raise FinopsError("it is no Parquet file that can be read", remedy="Export it again.") from failure
        texts = rows.select(_text(rows, path).alias(field) for field, path in places.items())
        return mapped_events(texts.with_columns(pl.int_range(1, rows.height + 1).alias("line")), mapping)


def _place(schema: Mapping[str, pl.DataType], field: str) -> tuple[str, ...]:
    """Where the field is: a column of that very name before one within a struct."""
    if field in schema:
        return (field,)
    path = path_of(field)
    below: Any = schema.get(path[0])
    for part in path[1:]:
        fields = {inner.name: inner.dtype for inner in below.fields} if isinstance(below, pl.Struct) else {}
        below = fields.get(part)
    if below is None:
        raise FinopsError(f"it has no column {field}", remedy="Correct the mapping in the options of the source.")
    return path


def _text(rows: pl.DataFrame, path: tuple[str, ...]) -> pl.Expr:
    value = pl.col(path[0])
    kind: Any = rows.schema[path[0]]
    for part in path[1:]:
        value = value.struct.field(part)
        kind = next(inner.dtype for inner in kind.fields if inner.name == part)
    if isinstance(kind, pl.Datetime):
        in_utc = value.dt.convert_time_zone("UTC") if kind.time_zone else value.dt.replace_time_zone("UTC")
        return in_utc.dt.to_string("%Y-%m-%dT%H:%M:%S%.f%z")
    if isinstance(kind, pl.Struct):
        return value.struct.json_encode()
    if isinstance(kind, pl.List):
        return pl.lit("[]")
    if isinstance(kind, pl.Binary):
        return pl.lit("{}")
    return value.cast(pl.String)
