"""Google's error answers: google.rpc.Status for its interfaces, OAuth's own shape for the token endpoint."""

from collections.abc import Mapping, Sequence
from typing import Any

from genai_finops.simulator.wire import Refusal

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_MESSAGES = {
    401: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    403: "The caller does not have permission",
    429: "Quota exceeded for quota metric 'Time series queries' and limit 'Time series queries per minute' of service "
    "'monitoring.googleapis.com' for consumer 'project_number:100000000000'.",
    500: "Internal error encountered.",
    503: "The service is currently unavailable.",
}


class GoogleRefusal(Refusal):
    """An error answer with details."""

    def __init__(self, status: int, message: str, *, details: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(status, _STATUSES.get(status, "UNAVAILABLE"), message)
        self.details = list(details)


class OAuthRefusal(Refusal):
    """An error answer of the token endpoint; `kind` is OAuth's error code."""

    def __init__(self, kind: str, description: str, *, status: int = 400) -> None:
        super().__init__(status, kind, description)


def invalid(message: str) -> GoogleRefusal:
    """400 INVALID_ARGUMENT."""
    return GoogleRefusal(400, message)


def error_info(reason: str, **metadata: str) -> dict[str, Any]:
    """The detail that names a reason."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata,
    }


def failure(status: int, *, retry_after: str | None = None) -> GoogleRefusal:
    """The wording of a status. Google names the wait in a detail of the body, not in a header."""
    details = []
    if status == 401:  # noqa: PLR2004
        details.append(error_info("ACCESS_TOKEN_EXPIRED", service="monitoring.googleapis.com"))
    if status == 429:  # noqa: PLR2004
        details.append(error_info("RATE_LIMIT_EXCEEDED", service="monitoring.googleapis.com"))
    if retry_after is not None:
        delay = f"{retry_after}s" if retry_after.isdecimal() else retry_after
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    return GoogleRefusal(status, _MESSAGES.get(status, _MESSAGES[503]), details=details)


def error_body(refusal: Refusal) -> dict[str, Any]:
    """The body of an error answer."""
    if isinstance(refusal, OAuthRefusal):
        return {"error": refusal.kind, "error_description": refusal.message}
    status = _STATUSES.get(refusal.status, "UNAVAILABLE")
    error: dict[str, Any] = {"code": refusal.status, "message": refusal.message, "status": status}
    if isinstance(refusal, GoogleRefusal) and refusal.details:
        error["details"] = refusal.details
    return {"error": error}
