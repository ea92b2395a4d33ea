"""The Bedrock client against moto: a CloudWatch and an STS that others wrote.

moto differs from AWS: it has neither paging nor inference profiles nor namespaces in a lookup with dimensions, it
refuses signatures in XML whatever the protocol, and an unsigned request falls through to S3 with status 200. So
contents are compared, never statuses alone.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx
import pytest
from moto.server import ThreadedMotoServer

from genai_finops.providers.aws_auth import SIGNED_FOR, AwsAuth, credential_of
from genai_finops.providers.base import Account, CredentialError, SourceAccount, Window
from genai_finops.providers.http import AuthContext, SessionOptions
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.source import HttpUsageSource

from .bedrock_sources import read, source_at

REGION = "us-east-1"
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
#: moto's own account.
ACCOUNT = "123456789012"
ANY_KEYS = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "any secret will do".replace(" ", "-")}
DAY = Window.of_days(dt.date(2026, 11, 3), dt.date(2026, 11, 4))
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
EPOCH_DAY = int(DAY.start.timestamp())


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def moto(server: str) -> Iterator[str]:
    httpx.post(f"{server}/moto-api/reset", trust_env=False)
    yield server
    # Signatures that one test has made obligatory are so for the process.
    httpx.post(f"{server}/moto-api/reset-auth", content=b"1000000000", trust_env=False)


def source(moto: str, secret: Mapping[str, str] = ANY_KEYS, account: str = ACCOUNT) -> HttpUsageSource:
    environ = {f"GENAI_FINOPS_AWS_BEDROCK_{name}": moto for name in ("BASE_URL", "MONITORING_URL", "STS_URL")}
    return source_at(
        environ,
        secret=json.dumps(secret),
        account=SourceAccount(id=account, options={"regions": REGION}),
        now=NOW,
        inference_profiles=False,
    )


def signed(moto: str, service: str, content: str, headers: Mapping[str, str]) -> httpx.Response:
    context = AuthContext(account=SourceAccount(id=ACCOUNT), options=SessionOptions(), redactor=Redactor([]))
    auth = AwsAuth(
        credential_of(json.dumps(ANY_KEYS), provider="aws_bedrock"),
        context,
        provider="aws_bedrock",
        sts_url=moto,
        sts_region=REGION,
    )
    with httpx.Client(auth=auth, trust_env=False) as client:
        answer = client.post(f"{moto}/", content=content, headers={**headers, SIGNED_FOR: f"{service}/{REGION}"})
    assert answer.status_code == 200, answer.text
    return answer


def put(moto: str, metric: str, dimensions: Mapping[str, str], at: int, samples: Mapping[int, int]) -> None:
    """Count samples of each value."""
    data = {
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "Timestamp": at,
        "Values": list(samples),
        "Counts": list(samples.values()),
        "Unit": "Count",
    }
    body = json.dumps({"Namespace": "AWS/Bedrock", "MetricData": [data]})
    target = "GraniteServiceVersion20100801.PutMetricData"
    signed(moto, "monitoring", body, {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target})


def iam(moto: str, action: str, **parameters: str) -> ET.Element:
    form = urlencode({"Action": action, "Version": "2010-05-08", **parameters})
    answer = signed(moto, "iam", form, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    return ET.fromstring(answer.text)  # noqa: S314  # the server is ours


def test_what_was_put_is_read_back_by_model_day_and_meter(moto):
    put(moto, "InputTokenCount", {"ModelId": MODEL}, EPOCH_DAY + 60, {100: 3, 200: 1})
    put(moto, "InputTokenCount", {"ModelId": MODEL}, EPOCH_DAY + 86400 + 7200, {40: 1})
    put(moto, "OutputTokenCount", {"ModelId": MODEL}, EPOCH_DAY + 3600, {70: 1})
    put(moto, "CacheReadInputTokens", {"ModelId": MODEL}, EPOCH_DAY + 3600, {900: 1})
    put(moto, "InputTokenCount", {"ModelId": "amazon.nova-lite-v1:0"}, EPOCH_DAY + 86399, {5: 1})
    found = {
        (row.provider_model_id, row.period_start.date().isoformat(), row.meter): int(row.quantity)
        for row in read(source(moto), DAY)
    }
    assert found == {
        (MODEL, "2026-11-03", "uncached_input"): 500,
        (MODEL, "2026-11-04", "uncached_input"): 40,
        (MODEL, "2026-11-03", "output"): 70,
        (MODEL, "2026-11-03", "cache_read"): 900,
        ("amazon.nova-lite-v1:0", "2026-11-03", "uncached_input"): 5,
    }


def test_usage_outside_the_window_is_not_read(moto):
    put(moto, "InputTokenCount", {"ModelId": MODEL}, EPOCH_DAY - 1, {7: 1})
    put(moto, "InputTokenCount", {"ModelId": MODEL}, EPOCH_DAY + 2 * 86400, {7: 1})
    assert read(source(moto), DAY) == []


def test_service_tiers_are_found_by_their_exact_dimensions(moto):
    put(moto, "InputTokenCount", {"ModelId": MODEL, "ServiceTier": "flex"}, EPOCH_DAY + 60, {11: 1})
    assert [(row.service_tier, int(row.quantity)) for row in read(source(moto), DAY)] == [("flex", 11)]


def test_nothing_put_is_no_usage_and_no_error(moto):
    assert read(source(moto), DAY) == []


def test_sts_says_the_account(moto):
    with source(moto) as bedrock:
        assert bedrock.account() == Account(id=ACCOUNT, name=ACCOUNT)


def test_a_role_is_assumed_and_its_session_reads_the_metrics(moto):
    put(moto, "InputTokenCount", {"ModelId": MODEL}, EPOCH_DAY + 60, {500: 1})
    role = {**ANY_KEYS, "role_arn": f"arn:aws:iam::{ACCOUNT}:role/reader", "external_id": "org-4711"}
    bedrock = source(moto, role)
    assert [int(row.quantity) for row in read(bedrock, DAY)] == [500]
    with source(moto, role) as second:
        identity = second.session.auth.caller_identity()  # type: ignore[attr-defined]
    assert identity.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/genai-finops"


@pytest.fixture
def user(moto: str) -> dict[str, str]:
    """Keys of a user that may do everything, with signatures checked from now on."""
    iam(moto, "CreateUser", UserName="reader")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam(moto, "PutUserPolicy", UserName="reader", PolicyName="all", PolicyDocument=json.dumps(policy))
    found = {
        element.tag.rpartition("}")[2]: element.text or ""
        for element in iam(moto, "CreateAccessKey", UserName="reader").iter()
    }
    put(moto, "InputTokenCount", {"ModelId": MODEL}, EPOCH_DAY + 60, {500: 1})
    httpx.post(f"{moto}/moto-api/reset-auth", content=b"0", trust_env=False)
    return {"access_key_id": found["AccessKeyId"], "secret_access_key": found["SecretAccessKey"]}


def test_signatures_are_accepted_where_they_are_checked(moto, user):
    assert [int(row.quantity) for row in read(source(moto, user), DAY)] == [500]


def test_a_wrong_secret_is_refused_where_signatures_are_checked(moto, user):
    wrong = {**user, "secret_access_key": "x" * 40}
    with pytest.raises(CredentialError, match="SignatureDoesNotMatch"):
        read(source(moto, wrong), DAY)


def test_an_unknown_key_is_refused_where_signatures_are_checked(moto, user):
    unknown = {**user, "access_key_id": "AKIAUNKNOWN0UNKNOWN0"}
    with pytest.raises(CredentialError, match="InvalidClientTokenId"):
        read(source(moto, unknown), DAY)
