"""What Google's error answers mean: google.rpc.Status with its details, and BigQuery's older `errors` list."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from genai_finops.providers.base import (
    CredentialError,
    MissingRightError,
    PermanentProviderError,
    TransientProviderError,
)
from genai_finops.providers.retry import Verdict, classify_status

_LATER = "run the partition again later"
#: By google.rpc.Code; the other codes are refusals for good.
_TRANSIENT_STATUSES = frozenset(
    {"RESOURCE_EXHAUSTED", "UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "ABORTED", "CANCELLED", "UNKNOWN"}
)
#: By reason, of ErrorInfo and of BigQuery's `errors`: some come with status 403, which else is the credential's fault.
_TRANSIENT_REASONS = frozenset(
    {
        "RATE_LIMIT_EXCEEDED",
        "rateLimitExceeded",
        "quotaExceeded",
        "backendError",
        "internalError",
        "jobRateLimitExceeded",
    }
)
_NO_API_KEY = Verdict(CredentialError, "store a service account's key file; API keys cannot read usage")
_BY_REASON = {
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": Verdict(
        MissingRightError, "the credential's tokens lack the scope; use a service account's key file"
    ),
    "ACCESS_TOKEN_EXPIRED": Verdict(CredentialError, "check this machine's clock"),
    "API_KEY_INVALID": _NO_API_KEY,
    "CREDENTIALS_MISSING": _NO_API_KEY,
    "ACCOUNT_STATE_INVALID": Verdict(
        CredentialError, "the service account is disabled or deleted; enable it or store another key"
    ),
}
_DISABLED_REASONS = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_REMEDIES = {
    403: "grant the service account the role that docs/providers names, on this project, and wait a few minutes",
    404: "check the account's project id and its options",
}
_DELAY = re.compile(r"^(\d{1,9}(?:\.\d{1,9})?)s$")


def classify_google(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
    """A verdict by the error's status and reason; RetryInfo's delay becomes the wait."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return classify_status(status, headers, body)
    reasons = set(_reasons(error))
    if reasons & _TRANSIENT_REASONS or error.get("status") in _TRANSIENT_STATUSES:
        return Verdict(TransientProviderError, _LATER, retry_after=_retry_delay(error))
    if reasons & _DISABLED_REASONS:
        service = next(_metadata(error, "service"), "the API that is asked")
        return Verdict(PermanentProviderError, f"enable {service} in the project, then run the partition again")
    known = next((_BY_REASON[reason] for reason in _BY_REASON if reason in reasons), None)
    if known is not None:
        return known
    verdict = classify_status(status, headers, body)
    remedy = _REMEDIES.get(status, verdict.remedy)
    return Verdict(verdict.error, remedy, retry_after=_retry_delay(error))


def _details(error: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith(f"google.rpc.{kind}"):
            yield detail


def _reasons(error: Mapping[str, Any]) -> Iterator[str]:
    for detail in _details(error, "ErrorInfo"):
        yield str(detail.get("reason"))
    older = error.get("errors")
    for entry in older if isinstance(older, list) else ():
        if isinstance(entry, dict):
            yield str(entry.get("reason"))


def _metadata(error: Mapping[str, Any], name: str) -> Iterator[str]:
    for detail in _details(error, "ErrorInfo"):
        metadata = detail.get("metadata")
        if isinstance(metadata, dict) and isinstance(metadata.get(name), str):
            yield metadata[name]


def _retry_delay(error: Mapping[str, Any]) -> float | None:
    for detail in _details(error, "RetryInfo"):
        match = _DELAY.match(str(detail.get("retryDelay")))
        if match:
            return float(match.group(1))
    return None
