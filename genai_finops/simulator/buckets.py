"""Time buckets in UTC, and the opaque page tokens that walk over them."""

import base64
import binascii
import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTHS = {"1m": dt.timedelta(minutes=1), "1h": dt.timedelta(hours=1), "1d": dt.timedelta(days=1)}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def floor_to(moment: dt.datetime, width: dt.timedelta) -> dt.datetime:
    """The last multiple of `width` since the epoch that is not after `moment`."""
    return moment - (moment - _EPOCH) % width


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The buckets that overlap [start, end): aligned to `width`, but for the first and last, which are clipped."""

    start: dt.datetime
    end: dt.datetime
    width: dt.timedelta

    @property
    def count(self) -> int:
        """Number of buckets."""
        return max(0, -((floor_to(self.start, self.width) - self.end) // self.width))

    def slice(self, first: int, limit: int) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """At most `limit` buckets from position `first`, oldest first."""
        origin = floor_to(self.start, self.width)
        for index in range(first, min(first + limit, self.count)):
            begin = origin + index * self.width
            yield max(begin, self.start), min(begin + self.width, self.end)


def query_digest(org: str, path: str, params: Sequence[tuple[str, str]]) -> str:
    """Names a query: everything but the page token, in any order."""
    query = sorted((name, value) for name, value in params if name != "page")
    return hashlib.sha256(json.dumps([org, path, query]).encode()).hexdigest()[:16]


def page_token(digest: str, position: int) -> str:
    """The token of the page that begins with the bucket at `position`."""
    return "page_" + base64.urlsafe_b64encode(f"{digest}:{position}".encode()).decode()


def page_position(page: str, digest: str) -> int | None:
    """The position that a token of this very query holds; None for any other text."""
    try:
        decoded = base64.urlsafe_b64decode(page.removeprefix("page_")).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    found, _, position = decoded.partition(":")
    return int(position) if found == digest and position.isdigit() else None
