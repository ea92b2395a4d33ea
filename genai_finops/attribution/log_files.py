"""The log files of a source: which there are, whether they have changed, and what is in them, decompressed."""

import datetime as dt
import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any, cast

import fsspec
import pyarrow as pa

from genai_finops.errors import FinopsError

#: A local file that was written to so recently may still be: its last line is left for later while it has no end.
SETTLED_AFTER = dt.timedelta(minutes=15)
_GLOB = frozenset("*?[")
_EXTRA = {"gs": "gcs", "s3": "s3"}
_GZIP = (".gz",)
_ZSTD = (".zst", ".zstd")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One file as it is now."""

    #: Relative to the source's folder, or to the part of its glob before the first wildcard.
    name: str
    path: str
    size: int
    #: Time of the last change, UTC.
    modified: dt.datetime | None
    #: What changes with the content: ETag or checksum of an object; null for local files.
    etag: str | None
    #: Objects of buckets appear when they are complete.
    may_grow: bool

    @property
    def key(self) -> str:
        """Stands for the file in names of other files."""
        return log_file_key(self.name)

    @property
    def is_compressed(self) -> bool:
        return PurePosixPath(self.name).suffix.lower() in {*_GZIP, *_ZSTD}

    def is_settled(self, now: dt.datetime) -> bool:
        """False while someone may still be writing its last line."""
        return not self.may_grow or self.modified is None or now - self.modified > SETTLED_AFTER


def log_file_key(name: str) -> str:
    """16 hexadecimal digits for the name of a log file."""
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]


class LogFiles:
    """The files of one location: a folder with all below it, a single file, or a glob; local, gs:// or s3://."""

    def __init__(self, location: str) -> None:
        scheme, separator, _ = location.partition("://")
        try:
            self._filesystem, self._place = fsspec.core.url_to_fs(location)  # type: ignore[no-untyped-call]
        except (ImportError, ValueError) as failure:
            extra = _EXTRA.get(scheme, "gcs")
            raise FinopsError(
                f"location {location}: {failure}", remedy=f"Install the extra: pip install 'genai-finops[{extra}]'"
            ) from failure
        self._location = location
        self._is_local = not separator or scheme == "file"

    def listed(self) -> list[LogFile]:
        """All files but hidden and empty ones, by name. Raises FinopsError where the location cannot be listed."""
        # Filesystems of buckets are shared by the process and keep their listings: what came since would never be seen.
        self._filesystem.invalidate_cache()
        try:
            found, base = self._found()
        except (OSError, ValueError) as failure:
            raise FinopsError(
                f"location {self._location} cannot be listed: {failure or type(failure).__name__}",
                remedy="Correct the source's location, or its access rights.",
            ) from failure
        files = (self._file(path, details, base) for path, details in found.items())
        return sorted((file for file in files if file is not None), key=lambda file: file.name)

    @contextmanager
    def opened(self, file: LogFile) -> Iterator[IO[bytes]]:
        """The decompressed content as a stream. Raises OSError, also for a compressed file that is damaged or cut."""
        with self._filesystem.open(file.path, "rb") as raw, _decompressed(file.name, raw) as stream:
            yield stream

    def _found(self) -> tuple[dict[str, dict[str, Any]], str]:
        if _GLOB & set(self._place):
            before = self._place[: min(self._place.find(sign) for sign in _GLOB if sign in self._place)]
            return self._filesystem.glob(self._place, detail=True), before.rpartition("/")[0]
        details = self._filesystem.info(self._place)
        if details["type"] == "file":
            return {self._place: details}, self._place.rpartition("/")[0]
        return self._filesystem.find(self._place, detail=True), self._place

    def _file(self, path: str, details: dict[str, Any], base: str) -> LogFile | None:
        name = PurePosixPath(path).relative_to(base).as_posix() if base else path
        is_hidden = any(part.startswith(".") for part in PurePosixPath(name).parts)
        if details["type"] != "file" or is_hidden or not details["size"]:
            return None
        return LogFile(
            name=name,
            path=path,
            size=int(details["size"]),
            modified=_modified(details),
            etag=None if self._is_local else _etag(details),
            may_grow=self._is_local,
        )


def _modified(details: dict[str, Any]) -> dt.datetime | None:
    for key in ("mtime", "LastModified", "updated", "last_modified"):
        value = details.get(key)
        if isinstance(value, int | float):
            return dt.datetime.fromtimestamp(value, dt.UTC)
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value)
        if isinstance(value, dt.datetime):
            return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return None


def _etag(details: dict[str, Any]) -> str | None:
    for key in ("ETag", "etag", "md5Hash", "generation"):
        if details.get(key):
            return str(details[key]).strip('"')
    return None


@contextmanager
def _decompressed(name: str, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    ending = PurePosixPath(name).suffix.lower()
    if ending in _GZIP:
        with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
            yield cast("IO[bytes]", stream)
    elif ending in _ZSTD:
        opened = cast("Callable[..., Any]", pa.input_stream)
        with opened(raw, compression="zstd") as stream:
            yield cast("IO[bytes]", io.BufferedReader(stream))
    else:
        yield raw
