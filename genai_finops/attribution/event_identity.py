"""What identifies an event within its source: its request id, or else the hash of what it says."""

import hashlib
from collections import Counter
from typing import Literal

import polars as pl

from genai_finops.attribution.log_format import EVENT_COLUMNS

HASHED = "sha256:"
_SAID = tuple(name for name in EVENT_COLUMNS if name != "log_line")


class EventIds:
    """Gives the ids of one log file's events, piece by piece in its order.

    `apart`: events that say exactly the same are numbered within the file instead of being one.
    """

    def __init__(self, identical: Literal["once", "apart"]) -> None:
        self._seen: Counter[str] | None = Counter() if identical == "apart" else None

    def of(self, events: pl.DataFrame) -> pl.Series:
        """The id of each event. `events` has EVENT_COLUMNS, before anything of the configuration is put in."""
        ids = events["request_id"]
        nameless = ids.is_null().arg_true()
        if nameless.is_empty():
            return ids.alias("event_id")
        return ids.scatter(nameless, [self._numbered(text) for text in _said(events[nameless])]).alias("event_id")

    def _numbered(self, text: str) -> str:
        digest = hashlib.sha256(text.encode()).hexdigest()
        if self._seen is None:
            return f"{HASHED}{digest}"
        self._seen[digest] += 1
        return f"{HASHED}{digest}" if self._seen[digest] == 1 else f"{HASHED}{digest}:{self._seen[digest]}"


def _said(events: pl.DataFrame) -> list[str]:
    """Each event as one text that no other event has."""
    texts = [
        (pl.col(name).to_physical() if events.schema[name].is_temporal() else pl.col(name)).cast(pl.String)
        for name in _SAID
    ]
    return events.select(pl.struct(texts).struct.json_encode()).to_series().to_list()
