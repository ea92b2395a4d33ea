"""Sources in buckets: what is listed, by what a change is seen, and what is read, compressed or not.

The buckets lie in memory, behind fsspec's own listing cache, and describe objects as s3fs 2026.9 and gcsfs 2026.10 do.
"""

import base64
import datetime as dt
import gzip
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pyarrow as pa
import pytest
from fsspec.registry import _registry

from genai_finops.attribution.log_files import LogFiles
from genai_finops.attribution.sources import LogSource
from genai_finops.ingest.request_logs import LogReadReport, read_request_logs
from genai_finops.lake.files import LakeFiles

_NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
_CHANGED = dt.datetime(2026, 11, 3, 8, 0, 0, 2000, tzinfo=dt.UTC)
_LINE = b'{"request_id":"%d","started_at":"2026-11-02T09:00:00Z","provider":"openai","output":1}\n'


class _Bucket(fsspec.AbstractFileSystem):
    """Keeps its listings until they are invalidated, and opens an object only as it was listed."""

    objects: ClassVar[dict[str, bytes]]

    def describe(self, content: bytes) -> dict[str, Any]:
        """What the service says of an object."""
        raise NotImplementedError

    def ls(self, path: str, detail: bool = True, **_: Any) -> Any:  # as fsspec calls it
        path = path.strip("/")
        if path not in self.dircache:
            self.dircache[path] = list(self._listed(path))
        if not self.dircache[path]:
            raise FileNotFoundError(path)
        return self.dircache[path] if detail else [entry["name"] for entry in self.dircache[path]]

    def _listed(self, path: str) -> Iterator[dict[str, Any]]:
        folders = set()
        for name, content in self.objects.items():
            if name == path or name.rpartition("/")[0] == path:
                yield {"name": name, "size": len(content), "type": "file"} | self.describe(content)
            elif name.startswith(f"{path}/"):
                folders.add(f"{path}/{name[len(path) + 1 :].partition('/')[0]}")
        yield from ({"name": folder, "size": 0, "type": "directory"} for folder in sorted(folders))

    def invalidate_cache(self, path: str | None = None) -> None:  # noqa: ARG002
        self.dircache.clear()  # type: ignore[no-untyped-call]

    def _open(self, path: str, mode: str = "rb", *_: Any, **__: Any) -> io.BytesIO:
        assert mode == "rb"
        listed = self.info(path)  # type: ignore[no-untyped-call]
        content = self.objects[path]
        if any(listed[name] != value for name, value in self.describe(content).items()):
            raise OSError(16, "the remote file no longer exists")
        return io.BytesIO(content)


class _S3(_Bucket):
    protocol = "s3"

    def describe(self, content: bytes) -> dict[str, Any]:
        tag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return {"LastModified": _CHANGED.astimezone(), "ETag": f'"{tag}"', "Size": len(content)}


class _Gcs(_Bucket):
    protocol = "gs"

    def describe(self, content: bytes) -> dict[str, Any]:
        digest = hashlib.md5(content, usedforsecurity=False).digest()
        return {
            "updated": "2026-11-03T08:00:00.002Z",
            "mtime": _CHANGED,
            "generation": str(int.from_bytes(digest[:6], "big")),
            "etag": base64.b64encode(digest[:6]).decode(),
            "md5Hash": base64.b64encode(digest).decode(),
        }


@pytest.fixture(params=[_S3, _Gcs])
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[_Bucket]:
    """The filesystem that fsspec takes for its scheme."""
    found: type[_Bucket] = type("Bucket", (request.param,), {"objects": {}})
    monkeypatch.setitem(_registry, str(found.protocol), found)
    return found


class _Reader:
    """Reads one location into a lake."""

    def __init__(self, folder: Path, location: str) -> None:
        self._folder = folder
        self._source = LogSource(org="acme", format="recorded", location=location).at(location)

    def read(self) -> LogReadReport:
        lake = LakeFiles(str(self._folder / "lake"))
        return read_request_logs(lake, [self._source], now=_NOW, run_id="run", locks=self._folder / "locks")


def _zstd(content: bytes) -> bytes:
    packed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return packed


def test_all_objects_below_a_folder_are_read_compressed_or_not(bucket: type[_Bucket], tmp_path: Path) -> None:
    bucket.objects |= {
        "logs/gw/a.jsonl": _LINE % 1,
        # As appended to by a writer that compresses each batch, and as written at once.
        "logs/gw/2026/b.jsonl.gz": gzip.compress(_LINE % 2) + gzip.compress(_LINE % 3),
        "logs/gw/2026/c.jsonl.zst": _zstd(_LINE % 4) + _zstd(_LINE % 5 + _LINE % 6),
        "logs/gw/2026/cut.jsonl.zst": _zstd(_LINE % 7)[:-4],
        "logs/gw/.d.jsonl": _LINE % 8,
        "logs/gw/empty.jsonl": b"",
        "logs/other/e.jsonl": _LINE % 9,
    }

    report = _Reader(tmp_path, f"{bucket.protocol}://logs/gw").read()

    found = {outcome.log_file: (outcome.status, outcome.events) for outcome in report.outcomes}
    assert found == {
        "a.jsonl": ("new", 1),
        "2026/b.jsonl.gz": ("new", 2),
        "2026/c.jsonl.zst": ("new", 3),
        "2026/cut.jsonl.zst": ("failed", 0),
    }


@pytest.mark.parametrize("place", ["logs/gw", "logs/gw/*.jsonl", "logs/gw/a.jsonl"])
def test_what_changes_in_a_bucket_is_read_again_in_the_same_process_and_nothing_else_is(
    bucket: type[_Bucket], tmp_path: Path, place: str
) -> None:
    location = f"{bucket.protocol}://{place}"
    reader = _Reader(tmp_path, location)
    bucket.objects |= {"logs/gw/a.jsonl": _LINE % 1, "logs/gw/b.jsonl": _LINE % 1}
    assert {outcome.status for outcome in reader.read().outcomes} == {"new"}
    assert {outcome.status for outcome in reader.read().outcomes} == {"unchanged"}

    # Of the same size and time: only the object's tag tells.
    bucket.objects["logs/gw/a.jsonl"] = _LINE % 2
    bucket.objects["logs/gw/new.jsonl"] = _LINE % 3
    found = {outcome.log_file: outcome.status for outcome in reader.read().outcomes}

    expected = {"a.jsonl": "changed", "b.jsonl": "unchanged", "new.jsonl": "new"}
    assert found == ({"a.jsonl": "changed"} if place.endswith("a.jsonl") else expected)
    assert {file.modified for file in LogFiles(location).listed()} == {_CHANGED}
