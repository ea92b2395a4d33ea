"""The simulator verifies signatures by itself: AWS's published example passes, and each change to it fails."""

import datetime as dt
from collections.abc import Mapping

import pytest

from genai_finops.simulator.aws_bedrock.credentials import KeyPair
from genai_finops.simulator.aws_bedrock.signature import claim_of, verify
from genai_finops.simulator.wire import Refusal, WireRequest

#: The example `get-vanilla` of AWS's test suite for Signature Version 4.
KEYS = KeyPair(access_key_id="AKIDEXAMPLE", secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SIGNED_AT = dt.datetime(2015, 8, 30, 12, 36, tzinfo=dt.UTC)
HEADERS = {
    "host": "example.amazonaws.com",
    "x-amz-date": "20150830T123600Z",
    "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
}


def check(
    headers: Mapping[str, str] = HEADERS,
    *,
    keys: KeyPair = KEYS,
    path: str = "/",
    content: bytes = b"",
    wall_clock: dt.datetime = SIGNED_AT,
    service: str = "service",
    region: str = "us-east-1",
) -> None:
    request = WireRequest(path=path, raw_path=path, params=(), headers=headers, content=content)
    verify(request, claim_of(request), keys, service=service, region=region, wall_clock=wall_clock)


def test_the_published_example_is_accepted():
    check()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"path": "/other"}, "SignatureDoesNotMatch", id="path"),
        pytest.param({"path": "/?a=1"}, "SignatureDoesNotMatch", id="query"),
        pytest.param({"content": b"x"}, "SignatureDoesNotMatch", id="body"),
        pytest.param({"service": "monitoring"}, "SignatureDoesNotMatch", id="service"),
        pytest.param({"region": "eu-west-1"}, "SignatureDoesNotMatch", id="region"),
        pytest.param(
            {"headers": {**HEADERS, "host": "example.amazonaws.com:8080"}}, "SignatureDoesNotMatch", id="port"
        ),
        pytest.param({"headers": {**HEADERS, "x-amz-target": "T"}}, "SignatureDoesNotMatch", id="unsigned-header"),
        pytest.param(
            {"keys": KeyPair(access_key_id="AKIDEXAMPLE", secret_access_key="another")},
            "SignatureDoesNotMatch",
            id="secret",
        ),
        pytest.param({"wall_clock": SIGNED_AT + dt.timedelta(minutes=6)}, "RequestTimeTooSkewed", id="late"),
        pytest.param({"wall_clock": SIGNED_AT - dt.timedelta(minutes=6)}, "RequestTimeTooSkewed", id="early"),
        pytest.param(
            {
                "keys": KeyPair(
                    access_key_id="AKIDEXAMPLE", secret_access_key=KEYS.secret_access_key, session_ends_at=SIGNED_AT
                )
            },
            "ExpiredToken",
            id="ended-session",
        ),
        pytest.param({"headers": {"host": "x"}}, "MissingAuthenticationToken", id="unsigned"),
        pytest.param({"headers": {**HEADERS, "authorization": "Bearer x"}}, "IncompleteSignature", id="bearer"),
    ],
)
def test_what_was_not_signed_is_refused(change, code):
    with pytest.raises(Refusal) as refused:
        check(**change)
    assert refused.value.kind == code
