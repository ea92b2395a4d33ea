"""The path language of case.json: which values of a JSON document a path names.

Segments are joined by `/`: a field, a position in a list, `*` for each entry of a list or object, and `[a.b=text]` for
each entry of a list whose field a.b is that text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SELECTOR = re.compile(r"\[([^=\]]+)=(.*)\]")


def targets(content: Any, path: str) -> Iterator[tuple[Any, Any]]:
    """Container and key of everything that a path names; the last key need not be there."""
    head, _, rest = path.partition("/")
    for key in _keys(content, head):
        if not rest:
            yield content, key
        elif _has(content, key):
            yield from targets(content[key], rest)


def values(content: Any, path: str) -> list[Any]:
    """Everything at a path that is there and not null."""
    found = [container[key] for container, key in targets(content, path) if _has(container, key)]
    return [value for value in found if value is not None]


def apply_change(page: Any, change: Mapping[str, Any]) -> None:
    """Set or delete what the path `at` of a change names. Raises LookupError where it names nothing."""
    found = list(targets(page, change["at"]))
    if not found:
        raise LookupError(f"path {change['at']!r} names nothing in the page")
    # From the end, so that deleting from a list moves nothing that is still to be deleted.
    for container, key in reversed(found):
        if change.get("delete"):
            del container[key]
        else:
            container[key] = change["set"]


def _keys(content: Any, segment: str) -> Sequence[Any]:
    if isinstance(content, dict):
        return list(content) if segment == "*" else [segment]
    if not isinstance(content, list):
        return []
    if segment == "*":
        return range(len(content))
    if selector := _SELECTOR.fullmatch(segment):
        path, text = selector[1].replace(".", "/"), selector[2]
        return [number for number, entry in enumerate(content) if text in values(entry, path)]
    return [int(segment)] if segment.isdecimal() else []


def _has(container: Any, key: Any) -> bool:
    return key < len(container) if isinstance(container, list) else key in container
