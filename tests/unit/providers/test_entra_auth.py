"""Entra's client-credentials flow: which token is sent where, how long it is kept, and what its refusals mean."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from genai_finops.providers.base import CredentialError, MalformedPageError, PermanentProviderError, ProviderError
from genai_finops.providers.entra_auth import ClientCredential, EntraAuth
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.redaction import MASK, Redactor
from genai_finops.providers.retry import RetryableError

SECRET = {"tenant_id": "contoso.example", "client_id": "app-1", "client_secret": "not~a~real~secret"}
ARM, METRICS = "https://arm.example", "https://{region}.metrics.example"
START = dt.datetime(2026, 10, 5, 6, tzinfo=dt.UTC)


@dataclass
class World:
    """A clock, Entra and the services behind it."""

    now: dt.datetime = START
    token_answer: Callable[[httpx.Request], httpx.Response] | None = None
    refused: set[str] = field(default_factory=set)
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    timeouts: list[Any] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.example":
            self.timeouts.append(request.extensions.get("timeout"))
            self.forms.append(parse_qs(request.content.decode()))
            if self.token_answer:
                return self.token_answer(request)
            return httpx.Response(200, json={"expires_in": 3599, "access_token": f"token-number-{len(self.forms)}"})
        token = request.headers["Authorization"]
        self.sent.append((request.url.host, token))
        return httpx.Response(401 if token in self.refused else 200, json={})


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def redactor() -> Redactor:
    return Redactor([SECRET["client_secret"]])


@pytest.fixture
def client(world: World, redactor: Redactor) -> Iterator[httpx.Client]:
    auth = EntraAuth(
        ClientCredential.parse(json.dumps(SECRET), provider="azure_openai"),
        provider="azure_openai",
        auth_url="https://login.example",
        scopes={ARM: "https://arm.scope/.default", METRICS: "https://metrics.scope/.default"},
        options=SessionOptions(now=lambda: world.now),
        redactor=redactor,
    )
    with httpx.Client(auth=auth, transport=httpx.MockTransport(world), timeout=7) as client:
        yield client


def test_a_token_is_asked_for_with_the_client_credentials_of_the_tenant(world, client):
    client.get(f"{ARM}/x")
    assert world.forms == [
        {
            "grant_type": ["client_credentials"],
            "client_id": ["app-1"],
            "client_secret": ["not~a~real~secret"],
            "scope": ["https://arm.scope/.default"],
        }
    ]


def test_a_token_is_kept_for_all_requests_of_its_scope(world, client):
    client.get(f"{ARM}/x")
    client.get(f"{ARM}/y")
    assert world.sent == [("arm.example", "Bearer token-number-1")] * 2


def test_each_scope_has_a_token_of_its_own_which_all_regions_share(world, client):
    for address in (ARM, "https://eastus.metrics.example", "https://swedencentral.metrics.example", ARM):
        client.get(f"{address}/x")
    assert [token for _, token in world.sent] == [f"Bearer token-number-{number}" for number in (1, 2, 2, 1)]


@pytest.mark.parametrize(
    ("age", "asked"),
    [
        pytest.param(dt.timedelta(seconds=3599) - dt.timedelta(minutes=5, seconds=1), 1, id="young"),
        pytest.param(dt.timedelta(seconds=3599) - dt.timedelta(minutes=5), 2, id="five-minutes-left"),
    ],
)
def test_a_token_is_renewed_five_minutes_before_it_expires(world, client, age, asked):
    client.get(f"{ARM}/x")
    world.now = START + age
    client.get(f"{ARM}/x")
    assert len(world.forms) == asked


def test_a_kept_token_that_is_refused_is_renewed_once(world, client):
    client.get(f"{ARM}/x")
    world.refused = {"Bearer token-number-1"}
    assert client.get(f"{ARM}/y").status_code == 200
    assert [token for _, token in world.sent[1:]] == ["Bearer token-number-1", "Bearer token-number-2"]


def test_a_new_token_that_is_refused_is_not_renewed(world, client):
    world.refused = {"Bearer token-number-1"}
    assert client.get(f"{ARM}/x").status_code == 401
    assert len(world.forms) == 1


def test_a_renewed_token_that_is_refused_too_is_the_end(world, client):
    client.get(f"{ARM}/x")
    world.refused = {f"Bearer token-number-{number}" for number in range(9)}
    assert client.get(f"{ARM}/x").status_code == 401
    assert len(world.forms) == 2


def test_a_body_is_sent_again_with_the_renewed_token(world, client):
    client.get(f"{ARM}/x")
    world.refused = {"Bearer token-number-1"}
    assert client.post(f"{ARM}/x", content=b'{"resourceids":[]}').request.content == b'{"resourceids":[]}'


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example", "https://arm.example.evil.example", "https://a.b.metrics.example"]
)
def test_no_token_is_asked_for_or_sent_to_a_host_that_is_not_configured(world, client, address):
    with pytest.raises(PermanentProviderError, match="no token is sent to"):
        client.get(f"{address}/x")
    assert (world.forms, world.sent) == ([], [])


def test_the_request_for_a_token_has_the_timeouts_of_the_client(world, client):
    client.get(f"{ARM}/x")
    assert world.timeouts == [{"connect": 7, "read": 7, "write": 7, "pool": 7}]


def test_a_token_is_redacted_from_then_on(world, client, redactor):
    client.get(f"{ARM}/x")
    assert redactor.clean("it was token-number-1") == f"it was {MASK}"


def test_a_lifetime_that_is_written_as_text_is_understood(world, client):
    world.token_answer = lambda _: httpx.Response(200, json={"expires_in": "3599", "access_token": "token-as-text"})
    assert client.get(f"{ARM}/x").status_code == 200


def refusing(status: int, content: Any, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda _: httpx.Response(status, content=body, headers=headers)


def said(error: str, number: int) -> dict[str, Any]:
    return {"error": error, "error_description": f"AADSTS{number}: no", "error_codes": [number]}


@pytest.mark.parametrize(
    ("status", "content", "remedy"),
    [
        pytest.param(401, said("invalid_client", 7000215), "value, not its id", id="wrong-secret"),
        pytest.param(401, said("invalid_client", 7000222), "has expired", id="expired-secret"),
        pytest.param(400, said("unauthorized_client", 700016), "not known in this tenant", id="unknown-app"),
        pytest.param(400, said("invalid_request", 90002), "tenant does not exist", id="unknown-tenant"),
        pytest.param(400, said("invalid_resource", 500011), "arm_scope", id="unknown-scope"),
        pytest.param(400, {"error": "invalid_client"}, "client_secret", id="without-a-number"),
        pytest.param(401, b"<html>", "client_secret", id="401-without-json"),
        pytest.param(403, {"error": {"code": "x"}}, "client_secret", id="403-of-another-shape"),
    ],
)
def test_a_refusal_of_the_credential_is_known_by_its_code_and_names_the_remedy(world, client, status, content, remedy):
    world.token_answer = refusing(status, content)
    with pytest.raises(CredentialError, match=remedy):
        client.get(f"{ARM}/x")


@pytest.mark.parametrize(
    ("status", "content"),
    [
        pytest.param(429, {"error": "x"}, id="429"),
        pytest.param(503, b"busy", id="503"),
        pytest.param(408, b"", id="408"),
        pytest.param(400, {"error": "temporarily_unavailable"}, id="code-of-a-passing-failure"),
        pytest.param(200, b"<html>", id="not-json"),
    ],
)
def test_what_passes_is_left_to_the_sessions_retries(world, client, status, content):
    world.token_answer = refusing(status, content)
    with pytest.raises(RetryableError):
        client.get(f"{ARM}/x")
    assert len(world.forms) == 1


def test_the_wait_that_entra_asks_for_is_handed_on(world, client):
    world.token_answer = refusing(429, {}, **{"Retry-After": "23"})
    with pytest.raises(RetryableError) as refused:
        client.get(f"{ARM}/x")
    assert refused.value.retry_after == 23.0


@pytest.mark.parametrize(
    ("content", "named"),
    [
        pytest.param({"expires_in": 3599}, "access_token", id="no-token"),
        pytest.param({"expires_in": 0, "access_token": "some-token"}, "expires_in", id="no-lifetime"),
        pytest.param([], "access_token", id="list"),
    ],
)
def test_an_answer_without_a_token_is_refused_by_the_name_of_the_field(world, client, content, named):
    world.token_answer = refusing(200, content)
    with pytest.raises(MalformedPageError, match=named):
        client.get(f"{ARM}/x")


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_an_answer_that_repeats_the_request_shows_no_secret(world, client, status):
    world.token_answer = lambda request: httpx.Response(status, content=request.content)
    with pytest.raises(ProviderError) as refused:
        client.get(f"{ARM}/x")
    assert SECRET["client_secret"] not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("not json", "no JSON object", id="text"),
        pytest.param("[]", "no JSON object", id="list"),
        pytest.param(json.dumps({**SECRET, "client_secret": ""}), "client_secret", id="empty-field"),
        pytest.param(json.dumps({"tenant_id": "t", "client_secret": "s"}), "client_id", id="missing-field"),
        pytest.param(json.dumps({**SECRET, "password": "hunter2"}), "1 fields", id="further-field"),
        pytest.param(json.dumps({**SECRET, "tenant_id": "../common"}), "tenant_id", id="tenant-that-is-a-path"),
    ],
)
def test_a_credential_of_another_shape_is_refused_by_the_name_of_the_field_alone(text, named):
    with pytest.raises(CredentialError, match=named) as refused:
        ClientCredential.parse(text, provider="azure_openai")
    assert not any(value in str(refused.value) for value in ("hunter2", "../common", SECRET["client_secret"]))


def test_the_secret_is_no_part_of_the_credentials_repr():
    assert SECRET["client_secret"] not in repr(ClientCredential.parse(json.dumps(SECRET), provider="azure_openai"))
