"""What a sink is."""

from collections.abc import Sequence
from typing import Literal, Protocol

from genai_finops.record.event import Event

#: When files are forced to the disk: `never` leaves it to the system, which loses nothing when a process dies, only
#: when the machine does; `close` does it at the end of each file, `batch` after every batch.
Durability = Literal["never", "close", "batch"]


class SinkRefusesError(Exception):
    """The events will not be taken however often they are sent. `count` of them, all without."""

    def __init__(self, message: str, *, count: int | None = None) -> None:
        self.count = count
        super().__init__(message)


class SinkFailsError(Exception):
    """Nothing was written; trying again may help, after `retry_after` seconds where the other side says so."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Sink(Protocol):
    """Called by one thread at a time."""

    def write(self, events: Sequence[Event]) -> None:
        """Write all or none. Raises SinkRefusesError; any other exception is tried again."""

    def close(self) -> None:
        """Finish what is begun."""

    def forked(self) -> None:
        """Let go of what the parent of this process goes on using."""
