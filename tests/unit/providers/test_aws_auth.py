"""Signatures and role sessions: what is signed, what is renewed, and what is never shown."""

import datetime as dt
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from genai_finops.providers.aws_auth import SIGNED_FOR, AwsAuth, credential_of
from genai_finops.providers.base import (
    CredentialError,
    MissingRightError,
    PermanentProviderError,
    ProviderError,
    SourceAccount,
    TransientProviderError,
)
from genai_finops.providers.http import AuthContext, SessionOptions
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.retry import RetryableError

KEYS = {"access_key_id": "AKIAEXAMPLE7UNITTEST", "secret_access_key": "PlantedSecretKey/0123456789+abcdefghij"}
ROLE = {**KEYS, "role_arn": "arn:aws:iam::123456789012:role/path/reader", "external_id": "org-4711"}
SESSION_SECRET, SESSION_TOKEN = "PlantedSessionSecret0123456789", "PlantedSessionToken//0123456789=="
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)

Answer = Callable[[httpx.Request], httpx.Response]


def session_xml(expires_at: dt.datetime) -> str:
    return (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
        f"<AccessKeyId>ASIAEXAMPLE7UNITTEST</AccessKeyId><SecretAccessKey>{SESSION_SECRET}</SecretAccessKey>"
        f"<SessionToken>{SESSION_TOKEN}</SessionToken><Expiration>{expires_at:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
        "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )


def error_xml(code: str, message: str = "no") -> str:
    told = f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
    return f"<ErrorResponse><Error>{told}</Error></ErrorResponse>"


class Wire:
    """Answers STS by a function and all else with an empty object; remembers both."""

    def __init__(self, sts: Answer | None = None, secret: dict[str, str] | None = None) -> None:
        self.sts_requests: list[httpx.Request] = []
        self.requests: list[httpx.Request] = []
        self.now = NOW
        self.redactor = Redactor([KEYS["secret_access_key"]])
        self._sts = sts or (lambda _: httpx.Response(200, text=session_xml(self.now + dt.timedelta(hours=1))))
        context = AuthContext(
            account=SourceAccount(id="123456789012"),
            options=SessionOptions(transport=httpx.MockTransport(self._answer)),
            redactor=self.redactor,
        )
        self.auth = AwsAuth(
            credential_of(json.dumps(secret or KEYS), provider="aws_bedrock"),
            context,
            provider="aws_bedrock",
            sts_url="https://sts.us-east-1.amazonaws.com",
            sts_region="us-east-1",
            wall_clock=lambda: self.now,
        )
        self._client = httpx.Client(transport=httpx.MockTransport(self._answer), auth=self.auth)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host.startswith("sts."):
            self.sts_requests.append(request)
            return self._sts(request)
        self.requests.append(request)
        return httpx.Response(200, json={})

    def send(self, url: str = "https://monitoring.us-east-1.amazonaws.com/", **more: Any) -> httpx.Request:
        headers = {SIGNED_FOR: "monitoring/us-east-1", **more.pop("headers", {})}
        self._client.post(url, headers=headers, **more)
        return self.requests[-1]


def signed_headers(request: httpx.Request) -> list[str]:
    return request.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")


def test_only_host_content_type_and_amz_headers_are_signed():
    request = Wire().send(headers={"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "T.Op"}, content=b"{}")
    assert signed_headers(request) == ["content-type", "host", "x-amz-date", "x-amz-target"]


def test_a_session_token_of_the_credential_is_sent_and_signed():
    request = Wire(secret={**KEYS, "session_token": SESSION_TOKEN}).send()
    assert request.headers["x-amz-security-token"] == SESSION_TOKEN
    assert "x-amz-security-token" in signed_headers(request)


def test_a_request_that_names_no_service_is_not_sent():
    wire = Wire()
    with pytest.raises(PermanentProviderError, match="names no AWS service"):
        wire.send(headers={SIGNED_FOR: ""})
    assert wire.requests == []


def test_a_role_is_assumed_with_its_external_id_and_the_session_signs():
    wire = Wire(secret=ROLE)
    request = wire.send()
    form = parse_qs(wire.sts_requests[0].content.decode())
    assert form == {
        "Action": ["AssumeRole"],
        "Version": ["2011-06-15"],
        "RoleArn": [ROLE["role_arn"]],
        "RoleSessionName": ["genai-finops"],
        "ExternalId": ["org-4711"],
    }
    assert "Credential=AKIAEXAMPLE7UNITTEST/" in wire.sts_requests[0].headers["authorization"]
    assert "Credential=ASIAEXAMPLE7UNITTEST/" in request.headers["authorization"]
    assert request.headers["x-amz-security-token"] == SESSION_TOKEN
    assert "x-amz-security-token" in signed_headers(request)


def test_a_session_is_kept_for_further_requests():
    wire = Wire(secret=ROLE)
    wire.send()
    wire.now += dt.timedelta(minutes=54)
    wire.send()
    assert len(wire.sts_requests) == 1


def test_a_session_is_renewed_five_minutes_before_it_ends():
    wire = Wire(secret=ROLE)
    wire.send()
    wire.now += dt.timedelta(minutes=55)
    wire.send()
    assert len(wire.sts_requests) == 2


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (400, error_xml("Throttling", "Rate exceeded"), RetryableError, "Rate exceeded"),
        (500, error_xml("InternalFailure"), RetryableError, "run the partition again"),
        (503, "<html>maintenance</html>", RetryableError, "HTTP 503|not XML"),
        (200, "<html>maintenance", RetryableError, "not XML of STS"),
        (200, "", RetryableError, "not XML of STS"),
        (403, error_xml("AccessDenied"), MissingRightError, r"allow sts:AssumeRole .*trust policy .*external_id"),
        (403, error_xml("InvalidClientTokenId"), CredentialError, "does not know the access key"),
        (403, error_xml("SignatureDoesNotMatch"), CredentialError, "secret_access_key does not belong"),
        (
            403,
            error_xml("SignatureDoesNotMatch", "Signature expired: 20261105"),
            CredentialError,
            "set this machine's clock",
        ),
        (403, error_xml("ExpiredToken"), CredentialError, "session token has expired"),
        (403, error_xml("RegionDisabledException"), CredentialError, "enable the region"),
        (400, error_xml("ValidationError"), PermanentProviderError, "refused as it is"),
        (404, "<html>no such page", PermanentProviderError, "sts_url"),
    ],
)
def test_refusals_of_sts_are_errors_of_their_class_with_a_remedy(status, body, error, said):
    wire = Wire(lambda _: httpx.Response(status, text=body), ROLE)
    with pytest.raises(error, match=said) as refused:
        wire.send()
    assert type(refused.value) is error
    assert "aws_bedrock sts AssumeRole" in str(refused.value)


def test_an_answer_without_keys_is_refused():
    empty = "<AssumeRoleResponse><AssumeRoleResult><Credentials/></AssumeRoleResult></AssumeRoleResponse>"
    with pytest.raises(PermanentProviderError, match="AccessKeyId is missing"):
        Wire(lambda _: httpx.Response(200, text=empty), ROLE).send()


def test_keys_of_a_session_are_learned_by_the_redactor():
    wire = Wire(secret=ROLE)
    wire.send()
    assert wire.redactor.clean(f"{SESSION_SECRET} {SESSION_TOKEN}") == "*** ***"


def test_no_secret_is_logged_at_any_level(caplog):
    caplog.set_level(logging.DEBUG)
    wire = Wire(secret=ROLE)
    wire.send()
    assert not [part for part in (KEYS["secret_access_key"], SESSION_SECRET, SESSION_TOKEN) if part in caplog.text]


def test_a_refusal_that_repeats_the_secret_does_not_show_it():
    echo = error_xml("SignatureDoesNotMatch", f"you sent {KEYS['secret_access_key']}")
    with pytest.raises(CredentialError) as refused:
        Wire(lambda _: httpx.Response(403, text=echo), ROLE).send()
    assert KEYS["secret_access_key"] not in str(refused.value)


def test_the_secret_is_in_no_repr():
    credential = credential_of(json.dumps({**ROLE, "session_token": SESSION_TOKEN}), provider="aws_bedrock")
    said = f"{credential!r} {Wire(secret=ROLE).auth!r}"
    assert KEYS["secret_access_key"] not in said
    assert SESSION_TOKEN not in said


def test_sts_that_cannot_be_reached_is_a_passing_failure_with_its_address():
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(TransientProviderError, match=r"https://sts\.us-east-1"):
        Wire(cut).auth.caller_identity()


@pytest.mark.parametrize(
    ("secret", "named"),
    [
        ("AKIA:secret", "no JSON object"),
        ("[]", "no JSON object"),
        ("{}", "access_key_id"),
        (json.dumps({"access_key_id": "AKIAX"}), "secret_access_key"),
        (json.dumps({**KEYS, "secret_access_key": 7}), "secret_access_key"),
        (json.dumps({**KEYS, "session_token": "two words"}), "session_token"),
        (json.dumps({**KEYS, "role_arn": "reader"}), "role_arn"),
        (json.dumps({**KEYS, "external_id": "x1"}), "external_id"),
        (json.dumps({**ROLE, "session_name": "no/slash"}), "session_name"),
        (json.dumps({**KEYS, "PlantedSecretKey": "x"}), "unknown field"),
    ],
)
def test_a_credential_that_cannot_be_one_is_refused_by_field_and_never_shown(secret, named):
    with pytest.raises(CredentialError, match=named) as refused:
        credential_of(secret, provider="aws_bedrock")
    assert "PlantedSecretKey" not in str(refused.value)
    assert isinstance(refused.value, ProviderError)
