"""Files of JSON lines."""

import datetime as dt
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from genai_finops.record.sinks.folder import Folder


def _event(name: str) -> dict[str, Any]:
    return {"request_id": name, "started_at": 1793520000_000_000, "status": "success", "is_cache_hit": False}


def _names(path: Path) -> list[str]:
    return [
        json.loads(line)["request_id"] for file in sorted(path.iterdir()) for line in file.read_bytes().splitlines()
    ]


class _Clock:
    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 22, 23, 59, 59, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now


def test_a_file_is_of_one_hour_and_begun_anew_where_it_grows_too_large(tmp_path: Path) -> None:
    clock = _Clock()
    sink = Folder(tmp_path / "a" / "b", service="bot/../x y", largest_file=150, now=clock, host="h")
    for name in ("1", "2", "3"):
        sink.write([_event(name)])
    clock.now += dt.timedelta(seconds=1)
    sink.write([_event("4")])
    sink.close()

    names = sorted(path.name for path in (tmp_path / "a" / "b").iterdir())
    assert [name.split("-")[1] for name in names] == ["20261122T23Z", "20261122T23Z", "20261123T00Z"]
    assert all(name.startswith("bot_.._x_y-") for name in names)
    assert sorted(_names(tmp_path / "a" / "b")) == ["1", "2", "3", "4"]


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    sink = Folder(tmp_path / "new", service="s")
    sink.write([_event("1")])
    sink.close()

    (file,) = (tmp_path / "new").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_write_that_fails_half_way_leaves_whole_lines_and_each_event_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Folder(tmp_path, service="s")
    sink.write([_event("1")])
    lengths = [10]
    write = os.write

    def half(file: int, content: bytes) -> int:
        if not lengths:
            raise OSError(28, "No space left on device")
        return write(file, content[: lengths.pop()])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            sink.write([_event("2")])
    sink.write([_event("2")])
    sink.close()

    assert sorted(_names(tmp_path)) == ["1", "2"]


def test_a_folder_that_is_cleared_away_is_made_again(tmp_path: Path) -> None:
    sink = Folder(tmp_path / "f", service="s")
    sink.write([_event("1")])
    for file in (tmp_path / "f").iterdir():
        file.unlink()
    (tmp_path / "f").rmdir()

    sink.write([_event("2")])
    sink.close()

    assert _names(tmp_path / "f") == ["2"]
