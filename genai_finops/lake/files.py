"""Files that are replaced in one step."""

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import fsspec

from genai_finops.errors import FinopsError

#: A file written aside that is older than this was left by a process that died.
_ABANDONED_AFTER_SECONDS = 3600.0
_COPIED_BYTES = 2**20


class LakeFiles:
    """The files below one root, addressed by relative POSIX paths.

    A local root is written aside, flushed to disk and renamed. In a bucket an object appears when its upload is
    complete, which is the same promise.
    """

    def __init__(self, url: str) -> None:
        scheme, separator, _ = url.partition("://")
        self.url = url.rstrip("/")
        self.is_local = not separator or scheme == "file"
        try:
            self._filesystem, self._root = fsspec.core.url_to_fs(self.url)  # type: ignore[no-untyped-call]
        except (ImportError, ValueError) as failure:
            raise FinopsError(
                f"lake {url}: {failure}",
                remedy="use a folder, or gs://BUCKET/PREFIX with the extra `genai-finops[gcs]` installed",
            ) from failure

    def path(self, relative: str) -> str:
        """The absolute path or URL of a file, as DuckDB and polars take it."""
        return str(Path(self._root) / relative) if self.is_local else f"{self.url}/{relative}"

    def exists(self, relative: str) -> bool:
        return bool(self._filesystem.exists(f"{self._root}/{relative}"))

    def read(self, relative: str) -> bytes:
        """The content. Raises FileNotFoundError."""
        return bytes(self._filesystem.cat_file(f"{self._root}/{relative}"))

    def find(self, prefix: str) -> list[str]:
        """Relative paths of all complete files below a prefix, sorted."""
        root = PurePosixPath(self._root)
        found = self._filesystem.find(f"{self._root}/{prefix}") if self.exists(prefix) else []
        paths = (PurePosixPath(path).relative_to(root) for path in found)
        return sorted(str(path) for path in paths if not path.name.startswith("."))

    def size(self, relative: str) -> int:
        """Bytes of a file. Raises FileNotFoundError."""
        return int(self._filesystem.size(f"{self._root}/{relative}"))

    def remove(self, relative: str) -> None:
        """Delete a file; one that is gone already is no error."""
        with contextlib.suppress(FileNotFoundError):
            self._filesystem.rm_file(f"{self._root}/{relative}")

    def replace(self, relative: str, content: bytes) -> None:
        """Write a file so that no one ever sees a part of it."""
        if not self.is_local:
            self._filesystem.pipe_file(f"{self._root}/{relative}", content)
            return
        with _aside(Path(self._root) / relative) as file:
            file.write(content)

    def replace_from(self, relative: str, source: Path) -> None:
        """The same with the content of a local file, which need not fit into memory."""
        if not self.is_local:
            self._filesystem.put_file(str(source), f"{self._root}/{relative}")
            return
        with source.open("rb") as content, _aside(Path(self._root) / relative) as file:
            shutil.copyfileobj(content, file, _COPIED_BYTES)


@contextlib.contextmanager
def _aside(target: Path) -> Iterator[IO[bytes]]:
    """A file beside the target that takes its place when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(target)
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.aside")
    try:
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def _remove_abandoned(target: Path) -> None:
    for aside in target.parent.glob(f".{target.name}.*.aside"):
        try:
            if time.time() - aside.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                aside.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # its writer has just renamed it
