"""The HTTP layer over a transport of its own: what is sent, what is refused, and how long it is tried."""

import datetime as dt
import hashlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    PermanentProviderError,
    TransientProviderError,
)
from genai_finops.providers.config import AuthConfig, HttpConfig, ProviderConfig, RetryConfig, load_provider_configs
from genai_finops.providers.http import HeaderAuth, ProviderSession, SessionOptions, page_of, parse_json, static_auth
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.retry import retry_after_seconds

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "providers"
SECRET = "secret-0123456789"
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
Handler = Callable[[httpx.Request], httpx.Response]


class Unlimited:
    def acquire(self) -> float:
        return 0.0


def session_over(
    handler: Handler, *, auth: httpx.Auth | None = None, sleeps: list[float] | None = None, **http: Any
) -> ProviderSession:
    slept: list[float] = [] if sleeps is None else sleeps
    config = load_provider_configs(CONFIGS, {})["openai"].model_copy(
        update={"http": HttpConfig(**http), "hosts": {"auth_url": "https://login.invalid"}}
    )
    options = SessionOptions(
        transport=httpx.MockTransport(handler),
        sleep=slept.append,
        clock=lambda: sum(slept),
        now=lambda: NOW,
        random=lambda: 0.5,
        rate_limiter=Unlimited(),
    )
    return ProviderSession(
        config, auth=auth or HeaderAuth("Authorization", SECRET), redactor=Redactor([SECRET]), options=options
    )


def get(session: ProviderSession, path: str = "/things") -> Any:
    with session:
        return session.get(path, source="things").content


def status(code: int, **headers: str) -> Handler:
    return lambda _: httpx.Response(code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_waits_are_full_jitter_below_a_doubling_ceiling():
    sleeps: list[float] = []
    retry = RetryConfig(attempts=6, first_ceiling_seconds=1, last_ceiling_seconds=6, total_seconds=1000)
    with pytest.raises(TransientProviderError, match="gave up after 6 attempts"):
        get(session_over(status(503), sleeps=sleeps, retry=retry))
    assert sleeps == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_the_total_time_bounds_the_attempts():
    sleeps: list[float] = []
    retry = RetryConfig(attempts=20, first_ceiling_seconds=20, last_ceiling_seconds=20, total_seconds=35)
    with pytest.raises(TransientProviderError, match="gave up after 4 attempts in 30"):
        get(session_over(status(503), sleeps=sleeps, retry=retry))
    assert sleeps == [10.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Thu, 05 Nov 2026 06:00:30 GMT"}, 30.0),
        ({"retry-after": "Thu, 05 Nov 2026 05:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(headers, seconds):
    assert retry_after_seconds(headers, NOW) == seconds


def test_a_retry_after_of_zero_still_waits_a_little():
    sleeps: list[float] = []
    answers = iter([httpx.Response(429, headers={"Retry-After": "0"}), httpx.Response(200, json={})])
    get(session_over(lambda _: next(answers), sleeps=sleeps))
    assert sleeps == [0.5]


def test_a_redirect_is_not_followed():
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "https://elsewhere.invalid/"})

    with pytest.raises(PermanentProviderError, match="redirects are not followed"):
        get(session_over(handler))
    assert asked == ["https://api.openai.com/v1/things"]


def test_an_answer_beyond_the_size_limit_is_refused():
    with pytest.raises(PermanentProviderError, match="longer than 2048 bytes"):
        get(session_over(lambda _: httpx.Response(200, content=b"[" + b"1," * 2000), max_body_bytes=2048))


def test_a_body_that_never_ends_runs_into_the_time_limit():
    sleeps: list[float] = []

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                sleeps.append(100.0)
                yield b" "

    with pytest.raises(TransientProviderError, match="not whole in time"):
        get(session_over(lambda _: httpx.Response(200, stream=Drip()), sleeps=sleeps))


def test_fractions_are_decimals_and_whole_numbers_exact():
    content = get(
        session_over(lambda _: httpx.Response(200, content=b'{"a": 0.1000000000000000055, "b": 36893488147419103233}'))
    )
    assert (str(content["a"]), content["b"]) == ("0.1000000000000000055", 36893488147419103233)


@pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": ' + b"9" * 5000 + b"}", b"[" * 100_000])
def test_json_that_no_provider_documents_is_malformed_and_not_repeated(body):
    session = session_over(lambda _: httpx.Response(200, content=body))
    with pytest.raises(MalformedPageError):
        get(session)
    assert session.requests_made == 1


def test_a_stored_page_can_be_read_again_from_its_bytes():
    page = page_of(b'{"data": []}', source="things", request={"speed": "fast"})
    assert page.sha256 == hashlib.sha256(b'{"data": []}').hexdigest()
    assert (page.content, page.request) == (parse_json(page.body), {"speed": "fast"})


def test_a_link_of_an_answer_is_followed_on_the_same_host_only():
    session = session_over(lambda request: httpx.Response(200, json={"asked": str(request.url)}))
    with session:
        followed = session.get("https://api.openai.com/v1/next?skip=5", source="things").content
        with pytest.raises(PermanentProviderError, match=r"elsewhere\.invalid"):
            session.get("https://elsewhere.invalid/v1/next", source="things")
    assert followed == {"asked": "https://api.openai.com/v1/next?skip=5"}


@pytest.mark.parametrize("secret", ["", "  ", "two words", "line\nbreak", "schlüssel"])
def test_a_secret_that_cannot_be_a_header_is_refused_without_being_repeated(secret):
    with pytest.raises(CredentialError) as refused:
        static_auth(AuthConfig(kind="bearer"), secret, provider="openai")
    assert not secret.strip() or secret not in str(refused.value)


def test_a_line_break_around_a_stored_secret_is_taken_off():
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["x-key"])
        return httpx.Response(200, json={})

    get(session_over(handler, auth=static_auth(AuthConfig(kind="header", header="x-key"), "abc\n", provider="toy")))
    assert seen == ["abc"]


class TokenAuth(httpx.Auth):
    """A bearer token that another host gives for a secret, as the cloud providers do it."""

    requires_response_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        answer = yield httpx.Request("POST", "https://login.invalid/token", data={"client_secret": SECRET})
        request.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield request


def test_a_token_fetched_from_another_host_authenticates_the_request():
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.invalid":
            return httpx.Response(200, json={"access_token": "fetched"})
        return httpx.Response(200, json={"authorization": request.headers["Authorization"]})

    assert get(session_over(handler, auth=TokenAuth())) == {"authorization": "Bearer fetched"}


class SigningAuth(httpx.Auth):
    """A signature over the whole request, as AWS asks for it."""

    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["x-signature"] = f"{request.method} {request.url.path} {len(request.content)}"
        yield request


def test_a_signature_covers_method_path_and_body():
    session = session_over(
        lambda request: httpx.Response(200, json={"signature": request.headers["x-signature"]}), auth=SigningAuth()
    )
    with session:
        page = session.request("POST", "/query", source="query", content=b'{"from": 1}')
    assert page.content == {"signature": "POST /v1/query 11"}


def test_timeouts_are_set_and_connecting_is_given_less_than_reading():
    seen: list[dict[str, float]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json={})

    get(session_over(handler))
    assert seen[0]["connect"] < seen[0]["read"]
    assert None not in seen[0].values()


def test_shipped_configurations_are_of_the_documented_type():
    assert all(isinstance(config, ProviderConfig) for config in load_provider_configs(CONFIGS, {}).values())
