"""What AWS is asked, and how its refusals are understood: by code, not by status."""

import datetime as dt
import json
from typing import Any

import httpx
import pytest

from genai_finops.providers.base import (
    CredentialError,
    MissingRightError,
    PermanentProviderError,
    TransientProviderError,
)
from genai_finops.providers.config import ProviderConfigError

from .aws_answers import MODEL, REGION, SECRET_KEY, ScriptedAws, profile, rows_over, source_over
from .scripted_source import DAY

TARGET = "GraniteServiceVersion20100801"


def refuse(status: int, headers: dict[str, str], body: Any) -> Any:
    return lambda _: httpx.Response(status, headers=headers, json=body)


def cloudwatch_says(status: int, code: str, message: str = "no") -> Any:
    headers = {"x-amzn-errortype": f"{TARGET}#{code}"}
    return refuse(status, headers, {"__type": f"{TARGET}#{code}", "message": message, "Message": message})


@pytest.mark.parametrize(
    ("status", "code", "message", "error", "remedy"),
    [
        (400, "ThrottlingException", "Rate exceeded", TransientProviderError, "gave up after 6 attempts"),
        (400, "Throttling", "Rate exceeded", TransientProviderError, "gave up after 6 attempts"),
        (400, "InvalidNextToken", "no", TransientProviderError, "gave up after 6 attempts"),
        (404, "ResourceNotFoundException", "deleted since it was listed", TransientProviderError, "gave up after 6"),
        (500, "InternalServiceFault", "no", TransientProviderError, "gave up after 6 attempts"),
        (400, "UnrecognizedClientException", "no", CredentialError, "does not know the access key"),
        (403, "InvalidClientTokenId", "no", CredentialError, "does not know the access key"),
        (400, "ExpiredTokenException", "no", CredentialError, "session token has expired"),
        (403, "ExpiredToken", "no", CredentialError, "session token has expired"),
        (403, "SignatureDoesNotMatch", "no", CredentialError, "secret_access_key does not belong"),
        (400, "InvalidSignatureException", "no", CredentialError, "secret_access_key does not belong"),
        (400, "InvalidSignatureException", "Signature expired: 2026", CredentialError, "set this machine's clock"),
        (403, "RequestTimeTooSkewed", "no", CredentialError, "set this machine's clock"),
        (403, "MissingAuthenticationToken", "no", CredentialError, "arrived unsigned"),
        (403, "OptInRequired", "no", CredentialError, "enable the region"),
        (
            400,
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/x is not authorized to perform: cloudwatch:ListMetrics because",
            MissingRightError,
            "allow cloudwatch:ListMetrics",
        ),
        (403, "AccessDenied", "no", MissingRightError, r"docs/providers/aws_bedrock\.md"),
        (400, "ValidationError", "no", PermanentProviderError, "refused as it is"),
        (403, "InvalidParameterValue", "no", PermanentProviderError, "refused as it is"),
    ],
)
def test_refusals_are_classified_by_code_and_not_by_status(status, code, message, error, remedy):
    with (
        source_over(cloudwatch_says(status, code, message)) as source,
        pytest.raises(error, match=remedy) as refused,
    ):
        list(source.fetch(DAY))
    assert type(refused.value) is error


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({"x-amzn-query-error": "Throttling;Sender"}, {}, id="query-error-header"),
        pytest.param({"x-amzn-errortype": "ThrottlingException:http://internal/"}, {}, id="error-type-with-address"),
        pytest.param({"x-amzn-errortype": "com.amazon#ThrottlingException"}, {}, id="error-type-with-prefix"),
        pytest.param({}, {"__type": "ThrottlingException"}, id="body"),
    ],
)
def test_a_throttle_with_status_400_is_found_wherever_the_code_is(headers, body):
    with source_over(refuse(400, headers, body)) as source, pytest.raises(TransientProviderError, match="gave up"):
        list(source.fetch(DAY))


def test_a_throttle_that_passes_loses_nothing():
    aws = ScriptedAws().put("InputTokenCount", 5)
    first = [cloudwatch_says(400, "ThrottlingException")] * 2

    def answer(request: httpx.Request) -> httpx.Response:
        return first.pop()(request) if first else aws(request)

    assert [int(row.quantity) for row in rows_over(answer)] == [5]


def requests_of(aws: ScriptedAws, **options: Any) -> list[httpx.Request]:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return aws(request)

    rows_over(answer, **options)
    return seen


def test_cloudwatch_is_asked_over_awsjson_1_0_in_query_mode():
    asked = [r for r in requests_of(ScriptedAws()) if r.url.host.startswith("monitoring.")]
    said = {(r.method, r.url.path, r.headers["content-type"], r.headers["x-amzn-query-mode"]) for r in asked}
    assert said == {("POST", "/", "application/x-amz-json-1.0", "true")}
    assert {r.headers["x-amz-target"] for r in asked} == {f"{TARGET}.ListMetrics", f"{TARGET}.GetMetricData"}


def test_both_namespaces_are_listed():
    aws = ScriptedAws()
    rows_over(aws)
    assert [body["Namespace"] for *_, operation, body in aws.asked if operation == "ListMetrics"] == [
        "AWS/Bedrock",
        "AWS/BedrockMantle",
    ]


def test_ids_of_queries_hold_no_name_of_a_model():
    aws = ScriptedAws().put("InputTokenCount", 5)
    rows_over(aws)
    body = next(body for *_, operation, body in aws.asked if operation == "GetMetricData")
    assert [query["Id"] for query in body["MetricDataQueries"]] == [
        f"m{number}" for number in range(len(body["MetricDataQueries"]))
    ]


def test_sums_are_asked_for_by_utc_day():
    aws = ScriptedAws().put("InputTokenCount", 5)
    rows_over(aws)
    body = next(body for *_, operation, body in aws.asked if operation == "GetMetricData")
    assert {(q["MetricStat"]["Stat"], q["MetricStat"]["Period"]) for q in body["MetricDataQueries"]} == {("Sum", 86400)}
    assert body["StartTime"] % 86400 == 0
    assert body["EndTime"] - body["StartTime"] == 86400


def test_each_request_is_signed_for_its_service_and_region():
    aws = ScriptedAws(profiles={REGION: [profile("x1y2z3")]})
    asked = requests_of(aws, account={"regions": "us-east-1,eu-west-1"})
    scopes = {(r.url.host, r.headers["authorization"].split("/", 2)[2].rpartition("/aws4_request")[0]) for r in asked}
    assert scopes == {
        (f"{service}.{region}.amazonaws.com", f"{region}/{service}")
        for service in ("monitoring", "bedrock")
        for region in ("us-east-1", "eu-west-1")
    }


def test_what_names_the_service_for_signing_is_not_sent():
    assert all("x-signed-for" not in request.headers for request in requests_of(ScriptedAws()))


def test_without_profiles_bedrock_is_not_asked():
    asked = requests_of(ScriptedAws().put("InputTokenCount", 1, {"ModelId": MODEL}), inference_profiles=False)
    assert not [request for request in asked if request.url.host.startswith("bedrock.")]


def test_without_tags_none_are_asked_for():
    aws = ScriptedAws(profiles={REGION: [profile("x1y2z3")]})
    rows_over(aws, profile_tags=False)
    assert "listTagsForResource" not in {operation for _, _, operation, _ in aws.asked}


@pytest.mark.parametrize(
    "regions", ["", "us-east-1,us-east-1", "US-EAST-1", "us-east-1;eu-west-1", "evil.example/x", "us-east-1,"]
)
def test_regions_that_cannot_be_are_refused_except_for_a_trailing_comma(regions):
    if regions.endswith(","):
        assert source_over(ScriptedAws(), account={"regions": regions})
        return
    with pytest.raises(ProviderConfigError, match=r"regions"):
        source_over(ScriptedAws(), account={"regions": regions})


def test_the_regions_of_an_account_are_required():
    with pytest.raises(ProviderConfigError, match=r"regions"):
        source_over(ScriptedAws(), account={"region": "us-east-1"})


def identity(account: str) -> Any:
    body = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>arn:aws:iam::{account}:user/x</Arn><UserId>AIDA</UserId><Account>{account}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host.startswith("sts."):
            return httpx.Response(200, text=body, headers={"content-type": "text/xml"})
        return ScriptedAws(profiles={REGION: [profile("x1y2z3")]})(request)

    return answer


def test_the_account_of_the_keys_is_asked_of_sts():
    with source_over(identity("123456789012")) as source:
        account = source.account()
    assert account is not None
    assert account.id == "123456789012"


def test_keys_of_another_account_are_found_by_the_first_check():
    now = dt.datetime(2026, 10, 5, tzinfo=dt.UTC)
    with source_over(identity("999999999999")) as source:
        check = source.checks(now)[0]
        with pytest.raises(CredentialError, match="account 999999999999, not of 123456789012"):
            check.run()


def test_a_role_of_another_account_is_refused_before_anything_is_asked():
    secret = {"access_key_id": "AKIAEXAMPLE7SCRIPTED", "secret_access_key": SECRET_KEY}
    secret["role_arn"] = "arn:aws:iam::999999999999:role/reader"
    with pytest.raises(CredentialError, match="account 999999999999, not 123456789012"):
        source_over(ScriptedAws(), secret=json.dumps(secret))


def test_the_checks_name_every_action_in_every_region_and_pass():
    now = dt.datetime(2026, 10, 5, tzinfo=dt.UTC)
    with source_over(identity("123456789012"), account={"regions": "us-east-1,eu-west-1"}) as source:
        checks = source.checks(now)
        assert [check.name for check in checks] == [
            "sts:GetCallerIdentity",
            *(
                f"{action} {region}"
                for region in ("us-east-1", "eu-west-1")
                for action in ("cloudwatch:ListMetrics", "cloudwatch:GetMetricData", "bedrock:ListInferenceProfiles")
            ),
        ]
        assert all(check.run() for check in checks)
