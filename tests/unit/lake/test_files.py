"""A file of the lake is the old one or the new one, never a part."""

import os
import time
from pathlib import Path

import pytest

from genai_finops.errors import FinopsError
from genai_finops.lake.files import LakeFiles


@pytest.fixture(params=["local", "object store"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> LakeFiles:
    return LakeFiles(str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}")


def test_a_replaced_file_reads_back_as_written(files: LakeFiles) -> None:
    files.replace("a/b.parquet", b"one")
    files.replace("a/b.parquet", b"two")
    assert files.read("a/b.parquet") == b"two"


def test_find_lists_relative_paths_in_order(files: LakeFiles) -> None:
    files.replace("a/2.parquet", b"x")
    files.replace("a/1/1.parquet", b"x")
    assert files.find("a") == ["a/1/1.parquet", "a/2.parquet"]


def test_find_below_a_prefix_that_does_not_exist_is_empty(files: LakeFiles) -> None:
    assert files.find("nowhere") == []


def test_a_write_that_dies_before_the_rename_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = LakeFiles(str(tmp_path))
    files.replace("a.parquet", b"old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        files.replace("a.parquet", b"new")
    assert files.read("a.parquet") == b"old"
    assert files.find("") == ["a.parquet"]


def test_what_a_killed_writer_left_aside_is_never_listed_and_goes_after_an_hour(tmp_path: Path) -> None:
    files = LakeFiles(str(tmp_path))
    left = tmp_path / ".a.parquet.123.aside"
    left.write_bytes(b"part")
    assert files.find("") == []
    os.utime(left, (time.time() - 7200, time.time() - 7200))
    files.replace("a.parquet", b"new")
    assert not left.exists()


def test_a_young_file_aside_belongs_to_another_writer_and_stays(tmp_path: Path) -> None:
    other = tmp_path / ".a.parquet.123.aside"
    other.write_bytes(b"part")
    LakeFiles(str(tmp_path)).replace("a.parquet", b"new")
    assert other.exists()


def test_an_unknown_scheme_is_refused_with_a_remedy() -> None:
    with pytest.raises(FinopsError, match="gs://BUCKET"):
        LakeFiles("ftps3://bucket/x")
