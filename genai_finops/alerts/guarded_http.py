"""One POST to a guarded address: no redirects, no proxy, an end to every wait, and errors that hold no secret."""

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

import httpx

from genai_finops import __version__
from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.send_error import SendError
from genai_finops.providers.http import tls_context
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.retry import retry_after_seconds

#: Seconds, for each step and for the whole.
_STEP_TIMEOUT = 10.0
_WHOLE_TIMEOUT = 20.0
_READ_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 200
_MOST_ADDRESSES = 3
#: Beside 5xx: what a later attempt may be spared.
_TRANSIENT = frozenset({408, 425, 429})
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answered, cut to what errors show."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def post(
    url: str,
    *,
    content: bytes,
    headers: Mapping[str, str],
    guard: Guard,
    redactor: Redactor,
    now: dt.datetime,
    auth: tuple[str, str] | None = None,
) -> None:
    """Posts it. Raises SendError unless the answer is 2xx; errors name the host and never the rest of the URL."""
    fault = guard.url_fault(url)
    if fault is not None:
        raise SendError(f"the address {fault}", is_permanent=True)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    answer: Answer | None = None
    failure = ""
    for address in guard.addresses(host, port)[:_MOST_ADDRESSES]:
        # The name stays in the Host header and in the certificate's check; the connection goes to what was judged.
        place = f"[{address}]" if ":" in address else address
        request = httpx.Request(
            "POST",
            urlunsplit((parts.scheme, f"{place}:{port}", parts.path or "/", parts.query, "")),
            content=content,
            headers={"Host": parts.netloc, "User-Agent": f"genai-finops/{__version__}", **headers},
            extensions={"sni_hostname": host},
        )
        try:
            answer = _exchange(request, auth)
            break
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            # Nothing was sent yet: the host's next address may do.
            failure = f"{type(error).__name__}: {redactor.clean(str(error))}"
        except httpx.HTTPError as error:
            # Not chained: the library's error carries the request, and that carries secrets.
            raise SendError(f"{host}: {type(error).__name__}: {redactor.clean(str(error))}") from None
    if answer is None:
        raise SendError(f"{host}: {failure}")
    if not httpx.codes.is_success(answer.status):
        _refuse(host, answer, redactor, now)


def _exchange(request: httpx.Request, auth: tuple[str, str] | None) -> Answer:
    deadline = time.monotonic() + _WHOLE_TIMEOUT
    with httpx.Client(verify=tls_context(), timeout=_STEP_TIMEOUT, follow_redirects=False, trust_env=False) as client:
        response = client.send(request, stream=True, auth=auth)
        body = bytearray()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _READ_BYTES or time.monotonic() > deadline:
                    break
        except httpx.DecodingError:
            body.clear()
        finally:
            response.close()
        return Answer(
            response.status_code, {name.lower(): text for name, text in response.headers.items()}, bytes(body)
        )


def _refuse(host: str, answer: Answer, redactor: Redactor, now: dt.datetime) -> NoReturn:
    # Redacted before it is cut: half a secret would pass.
    body = " ".join(redactor.clean(answer.body.decode("utf-8", errors="replace")).split())[:_SHOWN_CHARACTERS]
    shown = "".join(character if character.isprintable() else "?" for character in body) or "empty body"
    is_transient = answer.status in _TRANSIENT or httpx.codes.is_server_error(answer.status)
    raise SendError(
        f"{host}: HTTP {answer.status}: {shown}",
        is_permanent=not is_transient,
        retry_after=retry_after_seconds(answer.headers, now) if is_transient else None,
    )
