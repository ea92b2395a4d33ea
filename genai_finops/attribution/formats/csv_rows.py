"""`csv`: rows of a CSV file with a line of names, by the source's mapping."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from genai_finops.attribution.formats.column_mapping import column_mapping
from genai_finops.attribution.formats.mapped_events import mapped_events
from genai_finops.attribution.log_format import Piece, PieceEvents, PieceKind, Reject
from genai_finops.errors import FinopsError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: The csv module refuses longer values, such as whole prompts.
_LONGEST_VALUE = 2**31 - 1


class CsvFormat:
    """CSV (comma, double quotes, first line the names) by a mapping of columns."""

    name = "csv"
    reads: PieceKind = "table"

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises FinopsError for what is no mapping."""
        column_mapping(options)

    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:
        """The events of a file. Raises FinopsError for a file that lacks a mapped column."""
        mapping = column_mapping(options)
        rows, rejects = read_csv_columns(piece, mapping.fields())
        return mapped_events(rows, mapping, rejects)


def read_csv_columns(
    piece: Piece, fields: Sequence[str], *, optional: bool = False
) -> tuple[pl.DataFrame, list[Reject]]:
    """These columns as texts and `line`, the line on which each row begins; rows of another width are rejects.

    Raises FinopsError for a missing column, unless they are optional: then it is null.
    """
    content = piece.content.removeprefix(_BYTE_ORDER_MARK)
    names = _header(content)
    missing = [field for field in fields if field not in names]
    if missing and not optional:
        raise FinopsError(f"it has no column {missing[0]}", remedy="Correct the mapping in the options of the source.")
    present = [field for field in fields if field in names]
    rows = _at_once(content, names, present)
    rejects: list[Reject] = []
    if rows is None:
        rows, rejects = _row_by_row(content, names, present)
    return rows.with_columns(pl.lit(None, pl.String).alias(field) for field in missing), rejects


def _header(content: bytes) -> list[str]:
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", errors="replace", newline="")
    return [name.strip() for name in next(csv.reader(text), [])]


def _at_once(content: bytes, names: Sequence[str], fields: Sequence[str]) -> pl.DataFrame | None:
    """The rows where each is one line of the full width; None where that is not certain."""
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    # Each row has as many commas as the first line, or something is quoted or cut off.
    if content.count(b",") != (len(names) - 1) * lines or b'"' in content or len(set(names)) != len(names):
        return None
    try:
        rows = pl.read_csv(
            io.BytesIO(content),
            has_header=False,
            skip_rows=1,
            new_columns=list(names),
            infer_schema=False,
            quote_char=None,
        )
    except pl.exceptions.PolarsError:
        return None
    last = rows[names[-1]]
    if rows.height != lines - 1 or last.null_count():
        return None
    return rows.select(fields).with_columns(pl.int_range(2, lines + 1).alias("line"))


def _row_by_row(content: bytes, names: Sequence[str], fields: Sequence[str]) -> tuple[pl.DataFrame, list[Reject]]:
    csv.field_size_limit(_LONGEST_VALUE)
    places = [names.index(field) for field in fields]
    rejects: list[Reject] = []
    kept: list[tuple[Any, ...]] = []
    # Bytes that are no UTF-8 become replacement characters: a name with one is still a name.
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", errors="replace", newline=""))
    next(reader, None)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error:
            rejects.append(Reject(line=line, reason="not CSV"))
            continue
        if row is None:
            break
        if len(row) == len(names):
            kept.append((line, *(row[place] for place in places)))
        elif row:
            rejects.append(Reject(line=line, reason=f"{len(row)} values, not {len(names)}"))
    schema = {"line": pl.Int64(), **{field: pl.String() for field in fields}}
    return pl.DataFrame(kept, schema=schema, orient="row"), rejects
