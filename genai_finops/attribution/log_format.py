"""What a format of request logs is: something that turns a piece of a file into events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import polars as pl

from genai_finops.schemas.tables.events import EVENTS_RAW

#: Columns that the caller knows, not the format.
_ADDED = {"x_org_slug", "source_id", "event_id", "usage_date", "log_file"}
#: What a format yields: the columns of genai_usage_events_raw up to log_line, without what the caller adds.
EVENT_COLUMNS: tuple[str, ...] = (
    *(column.name for column in EVENTS_RAW.columns if not column.name.startswith("x_") and column.name not in _ADDED),
    "x_genai_account_id",
)

#: What a format is given at once: some whole lines of a text file, a table of lines that needs its first one, or a file
#: as a whole. The last line of the first two may be held back while it has no end.
PieceKind = Literal["lines", "table", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of one log file, decompressed."""

    content: bytes = field(repr=False)
    #: Number of its first line within the file, from 1.
    first_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A line or record that is no event although it should be one. What it says is not kept: it may hold content."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceEvents:
    """What a piece tells: events in the shape of EVENT_COLUMNS, and what could not be read.

    Lines that are well formed but tell of no request (spans of tools, traces, session headers) are in neither;
    `skipped` counts them.
    """

    events: pl.DataFrame = field(repr=False)
    rejects: Sequence[Reject]
    skipped: int = 0
    #: Oddities that were mended, by name: `cached_above_input`.
    mended: Mapping[str, int] = field(default_factory=dict)


class LogFormat(Protocol):
    """One format. `options` is the format's part of a source's configuration, already checked by `check_options`."""

    name: str
    reads: PieceKind

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises FinopsError that names the option and the remedy."""

    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:
        """The events of one piece. A defect of one record is a Reject, never an exception."""
