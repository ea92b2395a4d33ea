"""Posts events as OTLP/HTTP JSON to a collector, or to anything that takes traces."""

import gzip
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from genai_finops.record.event import Event
from genai_finops.record.sinks.otlp_spans import trace_request
from genai_finops.record.sinks.sink import SinkFailsError, SinkRefusesError

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

TRACES_PATH = "/v1/traces"
#: Statuses that OTLP/HTTP says to try again.
_TRY_AGAIN = frozenset({429, 502, 503, 504})
_TIMEOUT_SECONDS = 10.0
_LONGEST_ANSWER = 64 * 1024


class OtlpEndpoint:
    """An endpoint. A URL without a path gets `/v1/traces`; `headers` may hold secrets and are shown to nobody else."""

    def __init__(self, url: str, *, service: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._url = url if parts.path.strip("/") else parts._replace(path=TRACES_PATH).geturl()
        self._service = service
        self._headers = {**(headers or {}), "Content-Type": "application/json", "Content-Encoding": "gzip"}
        self._opener: OpenerDirector | None = None

    def write(self, events: Sequence[Event]) -> None:
        """Post the events. Raises SinkRefusesError for what will not be taken, SinkFailsError for what may be."""
        # Imports what only this sink needs, off the application's thread.
        import json  # noqa: PLC0415
        from urllib.error import HTTPError, URLError  # noqa: PLC0415
        from urllib.request import Request  # noqa: PLC0415

        body = gzip.compress(trace_request(events, service=self._service), compresslevel=1)
        request = Request(self._url, data=body, headers=self._headers, method="POST")  # noqa: S310 # checked scheme
        opener = self._opener = self._opener or _opener()
        try:
            with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                content = answer.read(_LONGEST_ANSWER)
        except HTTPError as refusal:
            with refusal:
                _raise_refusal(refusal.code, refusal.headers.get("Retry-After"))
        except (URLError, OSError) as failure:
            raise SinkFailsError(f"OTLP endpoint: {type(failure).__name__}") from failure
        try:
            rejected = int((json.loads(content) or {}).get("partialSuccess", {}).get("rejectedSpans", 0))
        except (ValueError, TypeError, AttributeError):
            # Whoever accepts without an answer of OTLP accepts all.
            rejected = 0
        if rejected > 0:
            raise SinkRefusesError("OTLP endpoint rejected spans", count=min(rejected, len(events)))

    def close(self) -> None:
        """Nothing is kept open."""

    def forked(self) -> None:
        """Nothing is shared."""


def _raise_refusal(status: int, retry_after: str | None) -> None:
    reason = f"OTLP endpoint answered {status} {_phrase(status)}"
    if status in _TRY_AGAIN:
        seconds = float(retry_after) if retry_after is not None and retry_after.isdecimal() else None
        raise SinkFailsError(reason, retry_after=seconds)
    raise SinkRefusesError(reason)


def _phrase(status: int) -> str:
    return next((known.phrase for known in HTTPStatus if known == status), "")


def _opener() -> "OpenerDirector":
    """Follows no redirect: headers may hold secrets, and a POST would go on as a GET."""
    from urllib.request import HTTPRedirectHandler, build_opener  # noqa: PLC0415

    class NoRedirect(HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    return build_opener(NoRedirect())
