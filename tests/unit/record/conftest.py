"""Recorders that write to a folder, and what is in it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from genai_finops.record import close, configure, default


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder that the functions of the package record to."""
    path = tmp_path / "recorded"
    configure(to=str(path), service="support bot", flush_seconds=0.01)
    yield path
    close()
    default.shared.recorder = None


@pytest.fixture
def lines() -> Callable[[Path], list[dict[str, Any]]]:
    """Reads all whole lines of a folder."""

    def read(path: Path) -> list[dict[str, Any]]:
        return [json.loads(line) for file in sorted(path.glob("*.jsonl")) for line in file.read_text().splitlines()]

    return read
