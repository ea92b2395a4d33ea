"""Pieces of JSON lines, and the whole documents that people keep in such files."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson

from genai_finops.attribution.formats.log_values import Defect
from genai_finops.attribution.log_format import Piece

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NOT_JSON = "not JSON"
#: First line of a document that is written over many lines.
_OPENINGS = frozenset({b"{", b"[", b"[{"})


def exact_fractions(*keys: str) -> re.Pattern[bytes]:
    """Finds numbers under these keys, for `with_exact`.

    orjson reads every fraction as a binary one, and money must not pass through that. A number behind `"key":` is
    therefore put in quotes before it is parsed. Within a string each quote is escaped, so that the quotes on both sides
    of the key are found only around a key itself, and what follows its colon can only be the number.
    """
    names = b"|".join(re.escape(key).encode() for key in keys)
    return re.compile(rb'("(?:' + names + rb')"\s*:\s*)(-?\d[\d.eE+-]*)')


def with_exact(content: bytes, pattern: re.Pattern[bytes]) -> bytes:
    """JSON with the found numbers as strings of the same digits."""
    return pattern.sub(rb'\1"\2"', content)


def parse(content: bytes | str) -> Any:
    """Raises Defect. Deep nesting ends orjson's patience, not our stack."""
    try:
        return orjson.loads(content)
    except ValueError:
        raise Defect(_NOT_JSON) from None


def parse_exact(content: str) -> Any:
    """A small JSON text within a log, with fractions as Decimal. Raises Defect."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Defect(_NOT_JSON) from None


def _no_number(_: str) -> None:
    raise ValueError(_NOT_JSON)


def records(
    piece: Piece, amounts: re.Pattern[bytes] | None = None, *, marker: bytes = b""
) -> Iterator[tuple[int, Any]]:
    """Number and JSON value of each line, with a Defect in place of a value that is none.

    Numbers that `amounts` finds are strings; it is tried only on lines that hold `marker`. Without, there is no money.
    A file that is one document over many lines, as exports by hand are, is one record on its first line.
    """
    content = piece.content.removeprefix(_BYTE_ORDER_MARK)
    lines = content.split(b"\n")
    first = next((position for position, line in enumerate(lines) if line.strip()), None)
    if first is not None and piece.first_line == 1 and lines[first].strip() in _OPENINGS:
        yield first + 1, _value(content, amounts, marker)
        return
    for number, line in enumerate(lines, start=piece.first_line):
        if line and not line.isspace():
            yield number, _value(line, amounts, marker)


def _value(content: bytes, amounts: re.Pattern[bytes] | None, marker: bytes) -> Any:
    return _parsed(with_exact(content, amounts) if amounts and marker in content else content)


def _parsed(content: bytes) -> Any:
    try:
        return parse(content)
    except Defect as defect:
        return defect


def documents(piece: Piece, amounts: re.Pattern[bytes]) -> Iterator[tuple[int, Any, bool]]:
    """A file as one JSON document, or else its lines: number, value or Defect, and whether it is the whole document."""
    content = with_exact(piece.content.removeprefix(_BYTE_ORDER_MARK), amounts)
    if not content.strip():
        return
    start = content.lstrip()
    value = _parsed(content)
    if not isinstance(value, Defect) or b"\n" not in start.rstrip() or start[: start.index(b"\n")].strip() in _OPENINGS:
        yield 1, value, True
        return
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line and not line.isspace():
            yield number, _parsed(line), False
