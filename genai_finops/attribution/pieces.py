"""Files as pieces of whole lines, so that memory does not grow with a file."""

from collections.abc import Iterator
from typing import IO

from genai_finops.attribution.log_format import Piece, PieceKind
from genai_finops.errors import FinopsError

PIECE_BYTES = 32 * 2**20
#: A line that is longer belongs to a file of another format.
LONGEST_LINE = 256 * 2**20
#: A file that is read as a whole and is larger than this, decompressed, would not fit into memory.
LARGEST_DOCUMENT = 2 * 2**30


class Pieces:
    """The pieces of one file. After they are gone through, `left_open` says whether a last line was held back.

    A last line without its line feed is given only if `keeps_open_line`: a writer may be in the middle of it.
    """

    def __init__(self, stream: IO[bytes], *, keeps_open_line: bool, piece_bytes: int = PIECE_BYTES) -> None:
        self._stream = stream
        self._keeps_open_line = keeps_open_line
        self._piece_bytes = piece_bytes
        self.left_open = False

    def of(self, kind: PieceKind) -> Iterator[Piece]:
        """The pieces as a format reads them."""
        return {"lines": self.lines, "table": self.table, "file": self.file}[kind]()

    def lines(self) -> Iterator[Piece]:
        """Pieces of about `piece_bytes`, each ending with a whole line. Raises FinopsError for a line too long."""
        number = 1
        while content := self._stream.read(self._piece_bytes):
            if not content.endswith(b"\n"):
                content += self._stream.readline(LONGEST_LINE)
            end = content.rfind(b"\n") + 1
            if end < len(content):
                if self._stream.read(1):
                    raise FinopsError(
                        f"a line after line {number} is longer than {LONGEST_LINE} bytes",
                        remedy="Check that the format of the source fits the file.",
                    )
                self.left_open = not self._keeps_open_line
                content = content if self._keeps_open_line else content[:end]
            if content:
                yield Piece(content=content, first_line=number)
                number += content.count(b"\n")

    def table(self) -> Iterator[Piece]:
        """All whole lines as one piece."""
        whole = self._whole()
        end = len(whole) if self._keeps_open_line else whole.rfind(b"\n") + 1
        self.left_open = end < len(whole)
        if end:
            yield Piece(content=whole[:end], first_line=1)

    def file(self) -> Iterator[Piece]:
        """The file as one piece. Raises FinopsError for one of more than LARGEST_DOCUMENT bytes."""
        yield Piece(content=self._whole(), first_line=1)

    def _whole(self) -> bytes:
        content = self._stream.read(LARGEST_DOCUMENT + 1)
        if len(content) > LARGEST_DOCUMENT:
            raise FinopsError(
                f"it holds more than {LARGEST_DOCUMENT} bytes and its format is read as a whole",
                remedy="Export it in several files, or as JSON lines.",
            )
        return content
