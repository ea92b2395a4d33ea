"""The lines of a reviewed seed, read so that a mistake is named with its file, line and column."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn, TypeVar

from genai_finops.errors import FinopsError

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SeedRow:
    """One line of a seed. Fields that are empty are None; a malformed one is named with file, line and column."""

    path: Path
    line: int
    values: dict[str, str]

    def text(self, column: str) -> str | None:
        if column not in self.values:
            self.refuse(column, "is no column of the file")
        return self.values[column] or None

    def required(self, column: str) -> str:
        return self._read(column, str) or self.refuse(column, "is empty")

    def date(self, column: str) -> dt.date | None:
        return self._read(column, dt.date.fromisoformat)

    def number(self, column: str) -> Decimal | None:
        return self._read(column, Decimal)

    def count(self, column: str) -> int | None:
        return self._read(column, int)

    def flag(self, column: str) -> bool:
        return self._read(column, {"true": True, "false": False}.__getitem__) or False

    def first_day(self, column: str) -> dt.date:
        return self.date(column) or self.refuse(column, "is empty")

    def _read(self, column: str, read: Callable[[str], Value]) -> Value | None:
        text = self.text(column)
        try:
            return None if text is None else read(text)
        except (ValueError, InvalidOperation, KeyError):
            self.refuse(column, f"is {text!r}")

    def refuse(self, column: str, problem: str) -> NoReturn:
        """Raise FinopsError that names file, line, column and problem."""
        raise FinopsError(f"{self.path}, line {self.line}: {column} {problem}", remedy="Correct the seed")


def seed_rows(path: Path) -> list[SeedRow]:
    """The lines of a seed. Raises FinopsError where it cannot be read."""
    lines = csv.DictReader(io.StringIO(seed_content(path).decode("utf-8"), newline=""))
    return [SeedRow(path, lines.line_num, values) for values in lines]


def seed_content(path: Path) -> bytes:
    """The bytes of a seed. Raises FinopsError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as failure:
        raise FinopsError(
            f"{path} cannot be read: {failure.strerror}", remedy="Restore the seeds of this release"
        ) from failure
