"""The simulated token endpoint: what Google refuses is refused, in Google's words."""

import base64
import datetime as dt
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from google.auth import crypt, jwt

from genai_finops.simulator.gcp_vertex.wire import GcpVertex
from genai_finops.simulator.google.service_account import key_file
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.wire import Refusal, WireRequest

GOOGLE = GcpVertex()
KEY = GOOGLE.admin_key(7, "acme")
ORGS = {KEY: "acme", GOOGLE.admin_key(7, "globex"): "globex"}
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
READ = "https://www.googleapis.com/auth/monitoring.read"
PATH = "/v3/projects/p/timeSeries"


def assertion(key: str = KEY, **changes: Any) -> bytes:
    """The form that a client sends, made by google-auth."""
    fields = json.loads(key)
    issued = int(NOW.timestamp())
    claims = {
        "iss": fields["client_email"],
        "scope": READ,
        "aud": "https://oauth2.googleapis.com/token",
        "iat": issued,
        "exp": issued + 3600,
        **changes,
    }
    token = jwt.encode(crypt.RSASigner.from_service_account_info(fields), claims)
    return urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": token}).encode()


def token_request(content: bytes) -> WireRequest:
    return WireRequest(method="POST", path="/token", params=(), headers={}, content=content)


def authorize(wire: WireRequest, now: dt.datetime = NOW) -> str:
    return GOOGLE.authorize(wire, ORGS, now)


def token_for(content: bytes, org: str = "acme") -> str:
    account = GOOGLE.build_account(Scenario(first_day=NOW.date(), last_day=NOW.date()), org)
    wire = token_request(content)
    assert authorize(wire) == org
    return str(GOOGLE.answer(wire, account, None)["access_token"])  # type: ignore[arg-type]  # no usage is read


def bearer(token: str) -> WireRequest:
    return WireRequest(path=PATH, params=(), headers={"authorization": f"Bearer {token}"})


def refused(wire: WireRequest, now: dt.datetime = NOW) -> tuple[int, str]:
    with pytest.raises(Refusal) as refusal:
        authorize(wire, now)
    return refusal.value.status, json.dumps(GOOGLE.error_body(refusal.value, "1"))


def test_a_token_opens_its_own_organisation():
    assert authorize(bearer(token_for(assertion()))) == "acme"


def test_a_wrong_signature_is_an_invalid_grant():
    forged = {**json.loads(KEY), "private_key": json.loads(GOOGLE.admin_key(8, "acme"))["private_key"]}
    status, body = refused(token_request(assertion(json.dumps(forged))))
    assert (status, json.loads(body)) == (
        400,
        {"error": "invalid_grant", "error_description": "Invalid JWT Signature."},
    )


def test_a_key_that_was_replaced_signs_no_more():
    old = {**json.loads(KEY), "private_key_id": "0" * 40}
    assert "Invalid JWT Signature." in refused(token_request(assertion(json.dumps(old))))[1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"aud": "http://127.0.0.1/token"}, "audience"),
        ({"iss": "nobody@nowhere.iam.gserviceaccount.com"}, "account not found"),
        ({"exp": int(NOW.timestamp()) - 1}, "reasonable timeframe"),
        ({"exp": int(NOW.timestamp()) + 7200}, "reasonable timeframe"),
        ({"iat": int(NOW.timestamp()) + 900, "exp": int(NOW.timestamp()) + 1200}, "reasonable timeframe"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_an_assertion_that_google_would_refuse_is_refused(changes, said):
    status, body = refused(token_request(assertion(**changes)))
    assert status == 400
    assert said in body


@pytest.mark.parametrize(
    "content", [b"", b"grant_type=password", b"grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=x.y"]
)
def test_a_form_without_an_assertion_is_refused(content):
    assert refused(token_request(content))[0] == 400


def test_a_token_expires_after_an_hour():
    token = token_for(assertion())
    status, body = refused(bearer(token), NOW + dt.timedelta(hours=1))
    assert (status, json.loads(body)["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_a_token_that_was_changed_is_worth_nothing():
    payload, _, code = token_for(assertion()).removeprefix("ya29.").rpartition(".")
    held = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    longer = base64.urlsafe_b64encode(json.dumps({**held, "exp": held["exp"] + 9999}).encode()).decode().rstrip("=")
    assert refused(bearer(f"ya29.{longer}.{code}"))[0] == 401


@pytest.mark.parametrize("token", ["", "ya29.", "ya29.e30.x", "nonsense"])
def test_a_token_that_was_never_issued_is_refused(token):
    assert refused(bearer(token))[0] == 401


def test_a_token_without_the_scope_is_refused_by_that_reason():
    status, body = refused(bearer(token_for(assertion(scope="https://www.googleapis.com/auth/bigquery"))))
    assert (status, json.loads(body)["error"]["details"][0]["reason"]) == (403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT")


def test_an_account_without_the_role_gets_a_token_that_reads_nothing():
    status, body = refused(bearer(token_for(assertion(GOOGLE.inference_key(7, "acme")))))
    assert status == 403
    assert "Permission monitoring.timeSeries.list denied" in body


@pytest.mark.parametrize(
    ("params", "headers"), [([("key", "AIza-x")], {}), ([], {"x-goog-api-key": "AIza-x"})], ids=["query", "header"]
)
def test_an_api_key_is_refused_with_401(params, headers):
    wire = WireRequest(path=PATH, params=params, headers=headers)
    status, body = refused(wire)
    assert status == 401
    assert "API keys are not supported" in body


def test_a_request_without_credential_is_refused():
    assert "missing required authentication" in refused(replace(bearer("x"), headers={}))[1]


def test_key_files_are_the_same_for_the_same_seed_and_differ_by_organisation():
    assert key_file(7, "acme", "gcp_vertex", role="r") == key_file(7, "acme", "gcp_vertex", role="r")
    assert key_file(7, "acme", "gcp_vertex", role="r") != key_file(7, "globex", "gcp_vertex", role="r")
    assert json.loads(KEY)["private_key"] != json.loads(GOOGLE.admin_key(8, "acme"))["private_key"]


@pytest.mark.parametrize("seed", [1, 7, 99])
def test_the_derived_key_passes_the_checks_of_a_cryptographic_library(seed):
    pem = json.loads(key_file(seed, "acme", "gcp_vertex", role="r"))["private_key"]
    assert load_pem_private_key(pem.encode(), None).key_size >= 1500
