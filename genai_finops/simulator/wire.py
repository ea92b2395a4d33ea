"""What every simulated provider answers with, and how it becomes bytes."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

_MARK = "@number:"
_MARKED = re.compile(rb'"@number:([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """A request below a provider's mount point."""

    path: str
    params: Sequence[tuple[str, str]]
    #: Names in lower case; without credentials once the request is authorised.
    headers: Mapping[str, str] = field(repr=False)
    method: str = "GET"
    #: Address as the client wrote it, with the mount point and the query, still encoded.
    raw_path: str = ""
    content: bytes = field(default=b"", repr=False)

    def values(self, *names: str) -> list[str]:
        """All values of the parameters of these names, in order."""
        return [value for name, value in self.params if name in names]

    def last(self, name: str) -> str | None:
        """The last value of a parameter, None where it is not given."""
        found = self.values(name)
        return found[-1] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAnswer:
    """An answer that is not 200 with JSON, or has headers of its own."""

    body: bytes
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818  # it is the provider's answer, not a failure of the simulator
    """An error answer. `kind` is the provider's error type."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.code = code
        self.param = param
        self.retry_after = retry_after
        #: Path of the request below the mount, set by the server: hosts of one provider may word refusals differently.
        self.path = ""


def number(value: Decimal) -> str:
    """A mark that `encode` writes as a JSON number with all the digits of `value`."""
    return f"{_MARK}{value}"


def encode(payload: Any) -> bytes:
    """JSON with exact decimal numbers."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    return _MARKED.sub(rb"\1", body) if _MARK.encode() in body else body


def parse_whole(value: str) -> int | None:
    """A decimal integer, None where the text is none."""
    return int(value) if re.fullmatch(r"-?\d{1,15}", value) else None
