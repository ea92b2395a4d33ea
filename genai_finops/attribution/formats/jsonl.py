"""`jsonl`: one JSON object per line, with names that the source's mapping gives."""

from collections.abc import Mapping
from typing import Any

from genai_finops.attribution.formats.column_mapping import ColumnMapping, column_mapping, path_of
from genai_finops.attribution.formats.json_frame import Projection, column_of
from genai_finops.attribution.formats.mapped_events import mapped_events
from genai_finops.attribution.log_format import Piece, PieceEvents, PieceKind
from genai_finops.errors import FinopsError


class JsonlFormat:
    """JSON lines by a mapping of columns."""

    name = "jsonl"
    reads: PieceKind = "lines"

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises FinopsError for what is no mapping, and for a field that is both a value and an object."""
        paths = {path_of(field): field for field in column_mapping(options).fields()}
        for path, field in paths.items():
            for length in range(1, len(path)):
                if (above := paths.get(path[:length])) is not None:
                    raise FinopsError(
                        f"field {above} is mapped, and so is {field} below it", remedy="Map one of them only."
                    )

    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:
        """The events of whole lines."""
        return read_mapped_lines(piece, column_mapping(options))


def read_mapped_lines(piece: Piece, mapping: ColumnMapping, *, only_texts: bool = False) -> PieceEvents:
    """The events of lines of JSON by any mapping. `only_texts`: as for `mapped_events`."""
    paths = {field: path_of(field) for field in mapping.fields()}
    money = frozenset({paths[mapping.cost.field]}) if mapping.cost else frozenset()
    frame = Projection(tuple(dict.fromkeys(paths.values())), money).read(piece)
    rows = frame.rows.select("line", **{field: frame.rows[column_of(path)] for field, path in paths.items()})
    return mapped_events(rows, mapping, frame.rejects, only_texts=only_texts)
