r"""Halves of surrogate pairs in JSON: `\ud83d` without its other half, as programs leave it that cut texts by length.

They are no text in any encoding. polars makes NUL of them, or refuses the whole piece.
"""

import json
import re
from typing import Any

_HIGH = rb"[89abAB][0-9a-fA-F]{2}"
_LOW = rb"[c-fC-F][0-9a-fA-F]{2}"
_HALF = rb"\\u[dD](?:" + _HIGH + rb"(?!\\u[dD][c-fC-F])|(?<!\\u[dD]" + _HIGH + rb"\\u[dD])" + _LOW + rb")"
#: Begins with a literal, by which it is searched fast; also finds a backslash before `ud83d`, which is a text.
_MAYBE = re.compile(_HALF)
_SURELY = re.compile(rb"(?<!\\)((?:\\\\)*)" + _HALF)


def may_hold_half(content: bytes) -> bool:
    """Whether JSON may hold half of a pair; False is certain."""
    return _MAYBE.search(content) is not None


def without_halves(content: bytes) -> bytes:
    """JSON with the sign for what could not be read in place of each half."""
    return _SURELY.sub(rb"\1\\ufffd", content)


def holds_half(value: Any) -> bool:
    """Whether a value of JSON holds half of a pair, at any depth."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
