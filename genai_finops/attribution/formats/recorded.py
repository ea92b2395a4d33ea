"""`recorded`: what our own SDK writes, JSON lines with the names of the events themselves."""

from collections.abc import Mapping
from typing import Any

from genai_finops.attribution.formats.column_mapping import COLUMN_OF, ColumnMapping, Cost, Flag, Moment, Text
from genai_finops.attribution.formats.jsonl import read_mapped_lines
from genai_finops.attribution.log_format import EVENT_COLUMNS, Piece, PieceEvents, PieceKind
from genai_finops.errors import FinopsError
from genai_finops.schemas.tables.events import EVENT_METERS

_NOT_TEXTS = {
    *EVENT_METERS,
    "started_at",
    "ended_at",
    "status",
    "is_cache_hit",
    "reported_cost",
    "reported_currency",
    "log_line",
    "tags",
}
_NAME_OF = {column: name for name, column in COLUMN_OF.items()}
_MAPPING = ColumnMapping(
    started_at=Moment(field="started_at"),
    ended_at=Moment(field="ended_at"),
    columns={_NAME_OF.get(name, name): Text(field=name) for name in EVENT_COLUMNS if name not in _NOT_TEXTS},
    counts={meter: meter for meter in EVENT_METERS},
    cost=Cost(field="reported_cost", currency_field="reported_currency"),
    failure=Flag(field="status", values=["failure"]),
    cache_hit=Flag(field="is_cache_hit", values=["true"]),
    tags_object="tags",
)


class RecordedFormat:
    """The JSON lines of `genai_finops.record`: names, meters and words are canonical already."""

    name = "recorded"
    reads: PieceKind = "lines"

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises FinopsError: there are no options."""
        if options:
            raise FinopsError(f"format recorded has no option {next(iter(options))!r}", remedy="Remove it.")

    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:  # noqa: ARG002 - the format has no options
        """The events of whole lines."""
        return read_mapped_lines(piece, _MAPPING, only_texts=True)
