"""Lines of JSON as a frame of texts: only the fields that are asked for, whatever else a line holds.

polars reads with a projected schema, so that prompts and answers never become values. It reads every fraction as a
binary one on its way to a text, so the numbers that are money are put in quotes before. A piece that it refuses, which
it does as a whole, is gone through line by line to find the broken ones.
"""

import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl

from genai_finops.attribution.formats.json_lines import with_exact
from genai_finops.attribution.formats.log_values import kind_of
from genai_finops.attribution.formats.surrogates import holds_half, may_hold_half, without_halves
from genai_finops.attribution.log_format import Piece, Reject

Path = tuple[str, ...]
#: A tree of projected fields: None is a value, a mapping an object.
_Tree = dict[str, "_Tree | None"]
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: A number of at most so many digits is the same after a binary fraction: only longer ones need their quotes.
_LONG_NUMBER = rb"[-\d.]{16}"


@dataclass(frozen=True, slots=True)
class JsonFrame:
    """`rows` has one column of texts for each path (named by `column_of`), and `line`; rejects are the broken lines."""

    rows: pl.DataFrame
    rejects: list[Reject]


def column_of(path: Path) -> str:
    """Name of the column of a path: no two paths share one."""
    return "\x1f".join(path)


@dataclass(frozen=True, slots=True)
class Projection:
    """The fields to read of each line. Absent and null ones are null; lists and objects are their JSON text."""

    paths: tuple[Path, ...]
    money: frozenset[Path] = frozenset()

    def read(self, piece: Piece) -> JsonFrame:
        """The rows of a piece in the order of its lines. Blank lines are none."""
        content = piece.content.removeprefix(_BYTE_ORDER_MARK) if piece.first_line == 1 else piece.content
        if not may_hold_half(content):
            return self._read(content, piece.first_line)
        content, rejects = self._without_halves(content, piece.first_line)
        frame = self._read(content, piece.first_line)
        return JsonFrame(frame.rows, sorted([*frame.rejects, *rejects], key=lambda reject: reject.line))

    def _without_halves(self, content: bytes, first_line: int) -> tuple[bytes, list[Reject]]:
        """The content with blank lines for those of which a field holds half of a surrogate pair.

        Elsewhere, as in a prompt that was cut off, a half does no harm but must not stop polars.
        """
        parts = content.split(b"\n")
        rejects: list[Reject] = []
        for number, line in enumerate(parts):
            if not may_hold_half(line):
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            field = next((".".join(path) for path in self.paths if holds_half(_found(value, path))), None)
            if field is None:
                parts[number] = without_halves(line)
            else:
                parts[number] = b""
                rejects.append(Reject(line=first_line + number, reason=f"{field} holds half of a surrogate pair"))
        return b"\n".join(parts), rejects

    def _read(self, content: bytes, first_line: int) -> JsonFrame:
        lines = content.count(b"\n") + (not content.endswith(b"\n"))
        frame = self._attempt(content)
        if frame is not None and frame.height == lines:
            return JsonFrame(_numbered(frame, range(first_line, first_line + lines)), [])
        parts = content.split(b"\n")
        # What polars takes for a blank line.
        filled = [number for number, line in enumerate(parts) if line.strip(b" \t\r")]
        if frame is not None and frame.height == len(filled):
            return JsonFrame(_numbered(frame, [first_line + number for number in filled]), [])
        return self._line_by_line(parts, filled, first_line)

    def _attempt(self, content: bytes) -> pl.DataFrame | None:
        try:
            rows = pl.read_ndjson(io.BytesIO(self._exact(content)), schema=_schema(self._tree))
        except (pl.exceptions.PolarsError, UnicodeDecodeError):
            return None
        return rows.select(_at(path).alias(column_of(path)) for path in self.paths)

    def _exact(self, content: bytes) -> bytes:
        if not self.money:
            return content
        keys = rb"|".join(re.escape(path[-1]).encode() for path in sorted(self.money))
        if re.search(rb'"(?:' + keys + rb')"\s*:\s*' + _LONG_NUMBER, content) is None:
            return content
        return with_exact(content, re.compile(rb'("(?:' + keys + rb')"\s*:\s*)(-?\d[\d.eE+-]*)'))

    def _line_by_line(self, parts: Sequence[bytes], filled: Iterable[int], first_line: int) -> JsonFrame:
        rejects: list[Reject] = []
        kept: list[int] = []
        for number in filled:
            reason = self._defect(parts[number])
            if reason is None:
                kept.append(number)
            else:
                rejects.append(Reject(line=first_line + number, reason=reason))
        frames: list[pl.DataFrame] = []
        self._halved(parts, kept, first_line, frames, rejects)
        rows = pl.concat(frames) if frames else _numbered(self._nothing(), [])
        return JsonFrame(rows, sorted(rejects, key=lambda reject: reject.line))

    def _halved(
        self,
        parts: Sequence[bytes],
        numbers: Sequence[int],
        first_line: int,
        frames: list[pl.DataFrame],
        rejects: list[Reject],
    ) -> None:
        """Reads lines that look well formed; of those that polars refuses all the same, each is found by halving."""
        if not numbers:
            return
        frame = self._attempt(b"\n".join(parts[number] for number in numbers))
        if frame is not None and frame.height == len(numbers):
            frames.append(_numbered(frame, [first_line + number for number in numbers]))
        elif len(numbers) == 1:
            rejects.append(Reject(line=first_line + numbers[0], reason="not JSON that can be read"))
        else:
            middle = len(numbers) // 2
            self._halved(parts, numbers[:middle], first_line, frames, rejects)
            self._halved(parts, numbers[middle:], first_line, frames, rejects)

    def _defect(self, line: bytes) -> str | None:
        try:
            value = orjson.loads(line)
        except ValueError:
            return "not JSON"
        if not isinstance(value, dict):
            return f"{kind_of(value)}, not an object"
        return _misshapen(value, self._tree, ())

    @property
    def _tree(self) -> _Tree:
        tree: _Tree = {}
        for path in self.paths:
            node = tree
            for part in path[:-1]:
                below = node.get(part)
                if below is None:
                    below = node[part] = {}
                node = below
            node.setdefault(path[-1], None)
        return tree

    def _nothing(self) -> pl.DataFrame:
        return pl.DataFrame(schema={column_of(path): pl.String() for path in self.paths})


def _schema(tree: _Tree) -> dict[str, pl.DataType]:
    return {
        name: pl.String() if below is None else pl.Struct([pl.Field(*item) for item in _schema(below).items()])
        for name, below in tree.items()
    }


def _at(path: Path) -> pl.Expr:
    value = pl.col(path[0])
    for part in path[1:]:
        value = value.struct.field(part)
    return value


def _found(value: Any, path: Path) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _numbered(frame: pl.DataFrame, lines: Sequence[int]) -> pl.DataFrame:
    return frame.with_columns(pl.Series("line", lines, dtype=pl.Int64))


def _misshapen(value: dict[str, Any], tree: _Tree, above: Path) -> str | None:
    """What is no object although a field is read from it."""
    for name, below in tree.items():
        found = value.get(name)
        if below is None or found is None:
            continue
        if not isinstance(found, dict):
            return f"{'.'.join((*above, name))} is {kind_of(found)}, not an object"
        if reason := _misshapen(found, below, (*above, name)):
            return reason
    return None
