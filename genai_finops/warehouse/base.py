"""What a reader needs of a warehouse, whichever engine it is."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import pyarrow as pa


class ReadOnlyWarehouse(Protocol):
    """Runs SQL that both engines read alike; `?` stands for a parameter. Sessions are in UTC."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a small answer."""
        ...

    def batches(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[pa.RecordBatch]:
        """A large answer in pieces, in its order; no piece holds more than some ten thousand rows."""
        ...

    def has_table(self, name: str) -> bool:
        """Whether the table was built."""
        ...

    def json_text(self, column: str) -> str:
        """SQL of a text in the JSON object that a column holds, null without; its `?` is the JSON path of the key."""
        ...
