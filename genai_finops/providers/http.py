"""The HTTP layer of all providers: one request in, one whole and parsed page out, or a classified error.

Authentication is any httpx.Auth (a header, a bearer token fetched from another host, a signature), so that no provider
needs a client of its own.
"""

import datetime as dt
import email.utils
import hashlib
import ipaddress
import itertools
import json
import logging
import random
import ssl
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from types import TracebackType
from typing import Any, NoReturn, Self
from urllib.parse import urlsplit

import httpx

from genai_finops import __version__
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    Page,
    PermanentProviderError,
    SourceAccount,
    TransientProviderError,
)
from genai_finops.providers.config import AuthConfig, ProviderConfig
from genai_finops.providers.rate_limit import RateLimiter, shared_bucket
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.retry import (
    Classify,
    RetryableError,
    call_with_retries,
    classify_status,
    retry_after_seconds,
)

log = logging.getLogger(__name__)

#: Query parameters in order, repeated names allowed.
Params = Sequence[tuple[str, str]]

_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid", "x-ms-request-id", "x-goog-request-id")
_OK = 200
_NO_CONTENT = 204
_SHOWN_CHARACTERS = 300


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """What a session takes from outside: the transport, time and chance. The defaults are the real ones."""

    transport: httpx.BaseTransport | None = None
    #: Monotonic seconds.
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    #: UTC-aware. A simulated provider's clock, where one is read.
    now: Callable[[], dt.datetime] = _utc_now
    #: The clock of this machine, which signatures and tokens go by; None: the same as now.
    machine_clock: Callable[[], dt.datetime] | None = None
    #: In [0, 1).
    random: Callable[[], float] = random.random
    #: None: the process-wide bucket of the provider.
    rate_limiter: RateLimiter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthContext:
    """What an authentication that asks for tokens needs beside the secret."""

    account: SourceAccount
    options: SessionOptions
    #: Told each token and session key, so that none of them is ever shown.
    redactor: Redactor


@cache
def tls_context() -> ssl.SSLContext:
    """The certificates that all sessions trust, read once: 60 ms of CPU, for each of hundreds of accounts."""
    return httpx.create_ssl_context()


class HeaderAuth(httpx.Auth):
    """Sends a secret in a header. The secret is no part of its repr."""

    def __init__(self, header: str, value: str) -> None:
        self._header = header
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._header] = self._value
        yield request


def static_auth(config: AuthConfig, secret: str, *, provider: str) -> httpx.Auth:
    """The httpx.Auth of the kinds `header` and `bearer`.

    Raises CredentialError for a secret that cannot be a header value: the HTTP library would repeat it in its own
    error.
    """
    secret = secret.strip()
    if not secret or not all("!" <= character <= "~" for character in secret):
        raise CredentialError(
            f"{provider}: the credential is empty or holds spaces, line breaks or non-ASCII characters; "
            f"store the key alone"
        )
    if config.kind == "provider":
        raise ValueError(f"{provider}: authentication of kind 'provider' is built by the provider's module")
    return HeaderAuth(config.header, secret if config.kind == "header" else f"Bearer {secret}")


def parse_json(body: bytes) -> Any:
    """The parsed body, numbers with a fraction as Decimal, whole numbers exact.

    Raises json.JSONDecodeError or UnicodeDecodeError where it is not JSON, MalformedPageError for NaN, Infinity, and
    for numbers or nesting beyond any documented shape.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise MalformedPageError(f"the body is JSON that no provider documents: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedPageError(f"the body holds {name}, which is neither JSON nor a quantity")


def page_of(body: bytes, *, source: str, request: Mapping[str, str]) -> Page:
    """A page from a stored or received body. Raises as parse_json."""
    return Page(
        source=source,
        request=dict(request),
        body=body,
        sha256=hashlib.sha256(body).hexdigest(),
        content=parse_json(body),
    )


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    source: str
    params: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    content: bytes | None
    recorded: Mapping[str, str]
    may_be_empty: bool


@dataclass(slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    #: The provider's name for the request, redacted; "none" where it gives none.
    request_id: str


class ProviderSession:
    """A connection to one provider with one credential. Not for several threads; close it, or use it as a context."""

    def __init__(
        self,
        config: ProviderConfig,
        *,
        auth: httpx.Auth,
        redactor: Redactor,
        classify: Classify = classify_status,
        options: SessionOptions | None = None,
    ) -> None:
        self._config = config
        self._options = options or SessionOptions()
        self._classify = classify
        #: What signs or authorises the requests.
        self.auth = auth
        self._redactor = redactor
        self._limiter = self._options.rate_limiter or shared_bucket(
            config.id, per_minute=config.http.max_requests_per_minute, burst=config.http.burst
        )
        timeouts = config.http.timeouts
        self._client = httpx.Client(
            auth=auth,
            headers={"User-Agent": f"genai-finops/{__version__}", "Accept": "application/json", **config.headers},
            timeout=httpx.Timeout(
                timeouts.read,
                connect=min(timeouts.connect, timeouts.read),
            ),
            follow_redirects=False,
            transport=self._options.transport,
            verify=tls_context(),
            # A proxy of the environment cannot reach a simulator on this machine.
            trust_env=not all(_is_loopback(address) for address in (config.base_url, *config.hosts.values())),
        )
        #: HTTP requests sent so far, repeats included.
        self.requests_made = 0
        #: How many of them were repeats.
        self.repeats_made = 0
        #: Our clock less the provider's, from the newest answer that says its time; None before.
        self.clock_skew: dt.timedelta | None = None

    @property
    def now(self) -> Callable[[], dt.datetime]:
        """The clock of this session, UTC-aware."""
        return self._options.now

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(
        self,
        path: str,
        *,
        source: str,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
        recorded: Mapping[str, str] | None = None,
        host: str = "base_url",
        place: Mapping[str, str] | None = None,
    ) -> Page:
        """GET a path of a named host (or an absolute URL on it) as a page. `recorded` becomes Page.request, `place` is
        filled into the host's address. Raises ProviderError.
        """
        return self.request(
            "GET", path, source=source, params=params, headers=headers, recorded=recorded, host=host, place=place
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        source: str,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        recorded: Mapping[str, str] | None = None,
        host: str = "base_url",
        place: Mapping[str, str] | None = None,
        may_be_empty: bool = False,
    ) -> Page:
        """As get, for any method and body. It is repeated on transient errors: ask only what may be asked twice.

        `may_be_empty`: the provider answers 204 where there is nothing; such a page holds null.
        """
        request = _Request(
            method,
            self._url(host, place, path),
            source,
            tuple(params),
            dict(headers or {}),
            content,
            dict(recorded or {}),
            may_be_empty,
        )
        attempts = itertools.count()
        return call_with_retries(
            lambda: self._attempt(request, is_repeat=next(attempts) > 0),
            self._config.http.retry,
            subject=f"provider={self._config.id} source={source}",
            clock=self._options.clock,
            sleep=self._options.sleep,
            random=self._options.random,
        )

    def _url(self, host: str, place: Mapping[str, str] | None, path: str) -> str:
        base = self._config.host(host, place)
        if path.startswith("/"):
            return base + path
        # A link of an answer is followed only to where the credential belongs.
        if urlsplit(path)[:2] != urlsplit(base)[:2]:
            raise PermanentProviderError(
                f"{self._config.id}: an answer links to host {urlsplit(path).netloc!r}, not {urlsplit(base).netloc!r}; "
                f"the credential is not sent there"
            )
        return path

    def _attempt(self, request: _Request, *, is_repeat: bool) -> Page:
        self._limiter.acquire()
        self.requests_made += 1
        self.repeats_made += is_repeat
        started = self._options.clock()
        answer = self._answer(request, started)
        log.debug(
            "provider=%s source=%s status=%d bytes=%d seconds=%.3f request_id=%s",
            self._config.id,
            request.source,
            answer.status,
            len(answer.body),
            self._options.clock() - started,
            answer.request_id,
        )
        if answer.status == _NO_CONTENT and request.may_be_empty:
            return page_of(b"null", source=request.source, request=request.recorded)
        if answer.status != _OK:
            self._refuse(request, answer)
        try:
            return page_of(answer.body, source=request.source, request=request.recorded)
        except ValueError as error:
            # Truncated by a proxy, or a maintenance page: the next attempt may be whole.
            raise RetryableError(
                f"{self._subject(request, answer)}: the body is not JSON "
                f"({type(error).__name__}, {len(answer.body)} bytes): {self._shown(answer.body)}"
            ) from None
        except MalformedPageError as error:
            raise MalformedPageError(f"{self._subject(request, answer)}: {error}") from None

    def _answer(self, request: _Request, started: float) -> _Answer:
        limit, deadline = self._config.http.max_body_bytes, started + self._config.http.timeouts.answer
        body = bytearray()
        try:
            with self._client.stream(
                request.method,
                request.url,
                params=list(request.params) or None,
                headers=dict(request.headers),
                content=request.content,
            ) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > limit:
                        raise PermanentProviderError(
                            f"{self._subject(request)}: the answer is longer than {limit} bytes; ask for fewer days "
                            f"(window_days) or raise http.max_body_bytes"
                        )
                    if self._options.clock() > deadline:
                        raise RetryableError(f"{self._subject(request)}: the answer was not whole in time")
                headers = {name.lower(): value for name, value in response.headers.items()}
                named = next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), "none")
                request_id = self._redactor.clean(named)[:_SHOWN_CHARACTERS]
                self._note_clock(headers)
                return _Answer(response.status_code, headers, bytes(body), request_id)
        except (httpx.TransportError, httpx.DecodingError) as error:
            # Not chained: the library's error carries the request, and that carries the credential.
            raise RetryableError(
                f"{self._subject(request)}: {type(error).__name__}: {self._redactor.clean(str(error))}"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise PermanentProviderError(
                f"{self._subject(request)}: {type(error).__name__}: {self._redactor.clean(str(error))}"
            ) from None

    def _note_clock(self, headers: Mapping[str, str]) -> None:
        try:
            said = email.utils.parsedate_to_datetime(headers.get("date", ""))
        except ValueError:
            return
        if said.tzinfo is not None:
            self.clock_skew = (self._options.machine_clock or self._options.now)() - said

    def _refuse(self, request: _Request, answer: _Answer) -> NoReturn:
        try:
            body = parse_json(answer.body)
        except (ValueError, MalformedPageError):
            body = None
        verdict = self._classify(answer.status, answer.headers, body)
        message = (
            f"{self._subject(request, answer)}: HTTP {answer.status}: {self._shown(answer.body)}; {verdict.remedy}"
        )
        if issubclass(verdict.error, TransientProviderError):
            asked = retry_after_seconds(answer.headers, self._options.now())
            raise RetryableError(message, retry_after=verdict.retry_after if asked is None else asked)
        raise verdict.error(message)

    def _subject(self, request: _Request, answer: _Answer | None = None) -> str:
        parts = urlsplit(request.url)
        request_id = f" (request {answer.request_id})" if answer else ""
        return f"{self._config.id} {request.source}: {request.method} {parts.hostname}{parts.path}{request_id}"

    def _shown(self, body: bytes) -> str:
        text = body.decode("utf-8", errors="replace")
        # Redacted before it is cut: half a secret would pass.
        return " ".join(self._redactor.clean(text).split())[:_SHOWN_CHARACTERS] or "empty body"


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
