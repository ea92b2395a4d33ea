"""Tokens of Google credentials: google-auth over our transport, at the simulated token endpoint."""

import base64
import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from google.auth import exceptions

from genai_finops.providers import google_auth as module
from genai_finops.providers.base import CredentialError, PermanentProviderError, ProviderError, SourceAccount
from genai_finops.providers.cloud_monitoring import SCOPE
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.google_auth import check_google_secret, google_auth, google_secret_parts
from genai_finops.providers.http import AuthContext, SessionOptions
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.retry import RetryableError
from genai_finops.simulator.gcp_vertex.wire import GcpVertex
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.wire import Refusal, WireRequest

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "providers"
CONFIG = load_provider_configs(CONFIGS, {})["gcp_vertex"]
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
KEY_FILE = GcpVertex().admin_key(7, "acme")
USER = json.dumps(
    {"type": "authorized_user", "client_id": "id", "client_secret": "planted-secret", "refresh_token": "1//planted"}
)
Handler = Callable[[httpx.Request], httpx.Response]


class SimulatedGoogle:
    """The simulated provider, without a socket; it remembers what it was asked."""

    def __init__(self) -> None:
        self._provider = GcpVertex()
        scenario = Scenario(first_day=dt.date(2026, 11, 4), orgs=("acme",))
        self._account = self._provider.build_account(scenario, "acme")
        self._ledger = Ledger(scenario, NOW)
        self.asked: list[httpx.Request] = []
        #: Answers in place of the simulated ones, in order.
        self.instead: list[httpx.Response] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.instead:
            return self.instead.pop(0)
        wire = WireRequest(
            path="/token" if request.method == "POST" else request.url.path,
            params=request.url.params.multi_items(),
            headers=dict(request.headers),
            method=request.method,
            content=request.content,
        )
        try:
            self._provider.authorize(wire, {KEY_FILE: "acme"}, dt.datetime.now(dt.UTC))
            return httpx.Response(200, json=self._provider.answer(wire, self._account, self._ledger))
        except Refusal as refusal:
            return httpx.Response(refusal.status, json=self._provider.error_body(refusal, "1"))

    @property
    def descriptors(self) -> str:
        return f"https://monitoring.googleapis.com/v3/projects/{self._account.account_id}/metricDescriptors"

    @property
    def tokens_asked(self) -> int:
        return sum(request.method == "POST" for request in self.asked)


@pytest.fixture
def google() -> SimulatedGoogle:
    return SimulatedGoogle()


def context_over(handler: Handler, secret: str = KEY_FILE) -> AuthContext:
    return AuthContext(
        account=SourceAccount(id="acme"),
        options=SessionOptions(transport=httpx.MockTransport(handler), now=lambda: NOW),
        redactor=Redactor(google_secret_parts(secret)),
    )


def client_over(handler: Handler, secret: str = KEY_FILE, scope: str = SCOPE, **config: Any) -> httpx.Client:
    auth = google_auth(secret, context_over(handler, secret), config=CONFIG.model_copy(update=config), scopes=[scope])
    return httpx.Client(transport=httpx.MockTransport(handler), auth=auth)


def claims_of(request: httpx.Request) -> dict[str, Any]:
    (assertion,) = parse_qs(request.content.decode())["assertion"]
    payload = assertion.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_a_token_of_google_auth_is_accepted(google):
    with client_over(google) as client:
        assert client.get(google.descriptors).status_code == 200


def test_one_token_serves_many_requests(google):
    with client_over(google) as client:
        for _ in range(3):
            client.get(google.descriptors)
    assert google.tokens_asked == 1


def test_the_audience_stays_googles_whatever_the_address_of_the_token_endpoint_is(google):
    with client_over(google, hosts={"token_url": "http://127.0.0.1:1/gcp_vertex/token"}) as client:
        client.get("http://127.0.0.1:1/v3/none")
    assert str(google.asked[0].url) == "http://127.0.0.1:1/gcp_vertex/token"
    assert claims_of(google.asked[0])["aud"] == "https://oauth2.googleapis.com/token"


def test_without_a_configured_address_the_key_files_is_asked(google):
    elsewhere = json.dumps({**json.loads(KEY_FILE), "token_uri": "https://tokens.example/t"})
    with client_over(google, elsewhere, hosts={}) as client:
        client.get(google.descriptors)
    assert str(google.asked[0].url) == "https://tokens.example/t"


def test_only_the_scope_that_is_needed_is_asked_for(google):
    with client_over(google) as client:
        client.get(google.descriptors)
    assert claims_of(google.asked[0])["scope"] == SCOPE


def test_a_token_without_the_scope_is_refused(google):
    with client_over(google, scope="https://www.googleapis.com/auth/bigquery") as client:
        answer = client.get(google.descriptors)
    assert answer.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def test_a_refused_token_that_was_kept_is_renewed_once(google):
    with client_over(google) as client:
        client.get(google.descriptors)
        google.instead = [httpx.Response(401)]
        assert client.get(google.descriptors).status_code == 200
    assert google.tokens_asked == 2


def test_a_fresh_token_that_is_refused_is_not_renewed_again(google):
    def handler(request: httpx.Request) -> httpx.Response:
        return google(request) if request.method == "POST" else httpx.Response(401)

    with client_over(handler) as client:
        assert client.get(google.descriptors).status_code == 401
    assert google.tokens_asked == 1


def test_a_wrong_signature_is_a_credential_error_in_googles_words(google):
    other = json.loads(GcpVertex().admin_key(8, "acme"))["private_key"]
    forged = json.dumps({**json.loads(KEY_FILE), "private_key": other})
    with client_over(google, forged) as client, pytest.raises(CredentialError, match=r"Invalid JWT Signature\."):
        client.get(google.descriptors)


def test_an_account_that_is_gone_is_a_credential_error(google):
    gone = json.dumps({**json.loads(KEY_FILE), "client_email": "gone@elsewhere.iam.gserviceaccount.com"})
    with client_over(google, gone) as client, pytest.raises(CredentialError, match="account not found"):
        client.get(google.descriptors)


@pytest.mark.parametrize(
    ("status", "body", "error", "remedy"),
    [
        (400, {"error": "invalid_grant"}, CredentialError, "neither deleted nor disabled.*clock"),
        (401, {"error": "invalid_client"}, CredentialError, "make a new key"),
        (404, {}, PermanentProviderError, "token_url"),
        (302, {}, PermanentProviderError, "token_url"),
    ],
)
def test_refusals_of_the_token_endpoint_say_what_to_do(google, status, body, error, remedy):
    google.instead = [httpx.Response(status, json=body)]
    with client_over(google) as client, pytest.raises(error, match=remedy) as refused:
        client.get(google.descriptors)
    assert type(refused.value) is error


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_passing_refusal_is_left_to_the_one_retry_layer(google, status, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("google-auth slept"))
    google.instead = [httpx.Response(status)]
    with client_over(google) as client, pytest.raises(RetryableError, match=f"HTTP {status}"):
        client.get(google.descriptors)
    assert len(google.asked) == 1


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "7"}, {}, 7.0),
        (
            {},
            {"error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"}]}},
            26.0,
        ),
        ({}, {}, None),
    ],
    ids=["header", "RetryInfo", "none"],
)
def test_the_wait_that_the_token_endpoint_asks_for_is_handed_on(google, headers, body, seconds):
    google.instead = [httpx.Response(429, headers=headers, json=body)]
    with client_over(google) as client, pytest.raises(RetryableError) as refused:
        client.get(google.descriptors)
    assert refused.value.retry_after == seconds


def test_an_answer_without_a_token_is_an_error_that_holds_no_assertion(google):
    google.instead = [httpx.Response(200, json={"echo": "assertion"})]
    with client_over(google) as client, pytest.raises(ProviderError) as refused:
        client.get(google.descriptors)
    assert "eyJ" not in f"{refused.value!r} {vars(refused.value.__context__) if refused.value.__context__ else ''}"


def test_the_redactor_learns_a_token_of_any_shape(google):
    context = context_over(google)
    google.instead = [httpx.Response(200, json={"access_token": "opaque-0123456789", "expires_in": 3599})]
    auth = google_auth(KEY_FILE, context, config=CONFIG, scopes=[SCOPE])
    with httpx.Client(transport=httpx.MockTransport(google), auth=auth) as client:
        client.get(google.descriptors)
    assert context.redactor.clean("token opaque-0123456789") == "token ***"


def test_a_users_refresh_token_is_exchanged():
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"access_token": "ya29.user", "expires_in": 3599})

    with client_over(handler, USER) as client:
        client.get("https://monitoring.googleapis.com/v3")
    assert parse_qs(asked[0].content.decode())["grant_type"] == ["refresh_token"]
    assert asked[1].headers["Authorization"] == "Bearer ya29.user"


def test_application_default_asks_google_auth_for_what_is_around(google, monkeypatch):
    asked: dict[str, Any] = {}

    def found(scopes: Any, request: Any) -> Any:
        asked["scopes"] = scopes
        raise exceptions.DefaultCredentialsError("none here")

    monkeypatch.setattr(module.google.auth, "default", found)
    with pytest.raises(CredentialError, match="none here"):
        client_over(google, "application-default")
    assert asked == {"scopes": (SCOPE,)}


def test_a_token_endpoint_that_does_not_answer_is_left_to_the_one_retry_layer(google):
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("cut", request=request)

    with client_over(handler) as client, pytest.raises(RetryableError, match=r"oauth2\.googleapis\.com: ConnectError"):
        client.get(google.descriptors)


def without(name: str) -> str:
    fields = json.loads(KEY_FILE)
    del fields[name]
    return json.dumps(fields)


@pytest.mark.parametrize(
    ("secret", "named"),
    [
        ("AIzaSyA-planted-key-0123456789abcdefghij", "API keys cannot read usage"),
        ("", "no JSON object"),
        ("[]", "no JSON object"),
        (json.dumps({"type": "external_account"}), "field type"),
        (without("private_key"), "field private_key"),
        (without("client_email"), "field client_email"),
        (json.dumps({"type": "authorized_user", "client_id": "id"}), "field client_secret"),
    ],
)
def test_a_text_that_is_no_google_credential_is_refused_by_field_and_never_shown(secret, named):
    with pytest.raises(CredentialError, match=named) as refused:
        check_google_secret(secret, "gcp_vertex")
    assert "planted" not in str(refused.value)


@pytest.mark.parametrize("secret", [KEY_FILE, USER, "application-default", " application-default\n"])
def test_what_google_takes_is_taken(secret):
    check_google_secret(secret, "gcp_vertex")


def test_a_key_that_cannot_be_read_is_refused_without_its_text(google):
    broken = json.dumps({**json.loads(KEY_FILE), "private_key": "-----BEGIN PRIVATE KEY-----\nplanted0123456789\n"})
    with pytest.raises(CredentialError, match="key file, whole") as refused:
        client_over(google, broken)
    assert "planted0123456789" not in str(refused.value)


@pytest.mark.parametrize("secret", [KEY_FILE, USER])
def test_every_line_of_a_secret_is_redacted(secret):
    redactor = Redactor(google_secret_parts(secret))
    fields = json.loads(secret)
    planted = [fields[name] for name in ("private_key", "client_secret", "refresh_token") if name in fields]
    lines = [line for text in planted for line in text.splitlines() if "-----" not in line]
    assert lines
    assert [line for line in lines if line in redactor.clean(f"it says {line}")] == []
