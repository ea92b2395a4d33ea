"""Events as files of JSON lines in a folder: one per process and UTC hour, begun anew where it grows too large.

A batch is appended by one system call, as whole lines. What ends without a line break is not final: a process that was
killed in the middle of the call may leave that behind, never a broken line before others. Only the owner may read.
"""

import contextlib
import datetime as dt
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from genai_finops.record.event import Event
from genai_finops.record.lines import line_of
from genai_finops.record.sinks.sink import Durability

LARGEST_FILE = 64 * 1024 * 1024
_MODE = 0o600
_FOLDER_MODE = 0o700
_NOT_NAME = re.compile(r"[^A-Za-z0-9_.]+")


class Folder:
    """Appends to `<service>-<hour>-<host>-<process>-<random>[-<number>].jsonl`: no two processes share a file."""

    def __init__(
        self,
        path: Path,
        *,
        service: str,
        durability: Durability = "close",
        largest_file: int = LARGEST_FILE,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        host: str = os.uname().nodename,
    ) -> None:
        self._path, self._durability, self._largest_file, self._now = path, durability, largest_file, now
        self._service, self._host = _name_of(service), _name_of(host)
        self._begin()

    def _begin(self) -> None:
        self._file: int | None = None
        self._hour = ""
        self._size = 0
        self._number = 0
        self._process = f"{os.getpid()}-{os.urandom(4).hex()}"

    def write(self, events: Sequence[Event]) -> None:
        """Append the events, or raise OSError and leave the file as it was."""
        content = b"".join(map(line_of, events))
        file = self._file_for(f"{self._now():%Y%m%dT%H}Z")
        try:
            _write_all(file, content)
        except OSError:
            # The whole batch is tried again: what is there of it goes, or else the next attempt has a file of its own.
            with contextlib.suppress(OSError):
                os.ftruncate(file, self._size)
            self.close()
            raise
        self._size += len(content)
        if self._durability == "batch":
            os.fsync(file)

    def close(self) -> None:
        """Close the file; a further batch begins a new one."""
        file, self._file = self._file, None
        if file is not None:
            try:
                if self._durability != "never":
                    os.fsync(file)
            finally:
                os.close(file)

    def forked(self) -> None:
        """The child has files of its own."""
        if self._file is not None:
            os.close(self._file)
        self._begin()

    def _file_for(self, hour: str) -> int:
        file = self._file
        # Who clears the folder away takes the file with it, and what is appended then is nowhere.
        if file is not None and hour == self._hour and self._size < self._largest_file and os.fstat(file).st_nlink:
            return file
        self.close()
        self._number = self._number + 1 if hour == self._hour else 0
        self._hour = hour
        self._path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        number = f"-{self._number}" if self._number else ""
        name = f"{self._service}-{hour}-{self._host}-{self._process}{number}.jsonl"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self._file = os.open(self._path / name, flags, _MODE)
        self._size = 0
        return self._file


def _write_all(file: int, content: bytes) -> None:
    """One call writes all of it, unless the disk is full or a signal comes between."""
    written = os.write(file, content)
    while written < len(content):
        written += os.write(file, content[written:])


def _name_of(text: str) -> str:
    return _NOT_NAME.sub("_", text).strip("._")[:64] or "unknown"
