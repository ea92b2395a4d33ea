"""Google's error answers: which are worth a repeat, how long to wait, what to do about the rest."""

import pytest

from genai_finops.providers.base import (
    CredentialError,
    MissingRightError,
    PermanentProviderError,
    TransientProviderError,
)
from genai_finops.providers.google_errors import classify_google

INFO = "type.googleapis.com/google.rpc.ErrorInfo"
RETRY = "type.googleapis.com/google.rpc.RetryInfo"


def body(status: str, *details: dict[str, object], **more: object) -> dict[str, object]:
    return {"error": {"code": 0, "message": "no", "status": status, "details": list(details), **more}}


@pytest.mark.parametrize(
    ("delay", "seconds"), [("26s", 26.0), ("0.250s", 0.25), ("soon", None), ("-1s", None), (5, None)]
)
def test_the_delay_of_retry_info_becomes_the_wait(delay, seconds):
    verdict = classify_google(429, {}, body("RESOURCE_EXHAUSTED", {"@type": RETRY, "retryDelay": delay}))
    assert (verdict.error, verdict.retry_after) == (TransientProviderError, seconds)


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "quotaExceeded", "backendError", "jobRateLimitExceeded"])
def test_bigquerys_older_reasons_of_a_403_are_transient(reason):
    told = body("PERMISSION_DENIED", errors=[{"reason": reason, "domain": "usageLimits", "message": "no"}])
    assert classify_google(403, {}, told).error is TransientProviderError


def test_a_missing_right_at_bigquery_is_told_from_a_quota():
    told = body("PERMISSION_DENIED", errors=[{"reason": "accessDenied", "message": "no"}])
    assert classify_google(403, {}, told).error is MissingRightError


def test_an_api_that_is_not_enabled_is_no_fault_of_the_credential():
    detail = {"@type": INFO, "reason": "SERVICE_DISABLED", "metadata": {"service": "bigquery.googleapis.com"}}
    verdict = classify_google(403, {}, body("PERMISSION_DENIED", detail))
    assert verdict.error is PermanentProviderError
    assert "enable bigquery.googleapis.com" in verdict.remedy


@pytest.mark.parametrize("status", ["UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "ABORTED", "RESOURCE_EXHAUSTED"])
def test_transient_codes_decide_whatever_the_http_status_is(status):
    assert classify_google(400, {}, body(status)).error is TransientProviderError


@pytest.mark.parametrize(
    ("status", "told", "error"),
    [
        (503, None, TransientProviderError),
        (500, "<html>", TransientProviderError),
        (401, {"error": "invalid_token"}, CredentialError),
        (400, {"error": {}}, PermanentProviderError),
        (404, body("NOT_FOUND"), PermanentProviderError),
        (401, body("UNAUTHENTICATED"), CredentialError),
        (400, body("FAILED_PRECONDITION"), PermanentProviderError),
        (429, {"error": {"details": "none", "errors": "none"}}, TransientProviderError),
    ],
)
def test_the_http_status_decides_where_the_body_does_not(status, told, error):
    assert classify_google(status, {}, told).error is error
