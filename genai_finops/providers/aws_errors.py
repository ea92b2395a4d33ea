"""What AWS's refusals mean: by their code, because CloudWatch throttles with 400 and a clock can fail with 403."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from genai_finops.providers.base import (
    CredentialError,
    MissingRightError,
    PermanentProviderError,
    TransientProviderError,
)
from genai_finops.providers.retry import Verdict, classify_status

_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "PriorRequestNotComplete",
    "LimitExceededException",
    "BandwidthLimitExceeded",
}
_PASSING = {
    "InternalServiceFault",
    "InternalServiceError",
    "InternalServerException",
    "InternalServerError",
    "InternalFailure",
    "InternalError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
    "IDPCommunicationError",
    # Tokens are short-lived: a new run begins without one.
    "InvalidNextToken",
    "InvalidNextTokenException",
    # What was just listed has been deleted since: the next list is without it.
    "ResourceNotFoundException",
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_UNKNOWN_KEY = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "NotAuthorized"}
_WRONG_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"}
_MISSING = {"MissingAuthenticationToken", "MissingAuthenticationTokenException"}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "UnauthorizedException",
}
_CLOCK = {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"}
_CLOSED = {"OptInRequired", "SubscriptionRequiredException", "RegionDisabledException"}

_LATER = "run the partition again later"
_ACTION = re.compile(r"not authorized to perform: ([A-Za-z0-9-]+:[A-Za-z0-9*]+)")
_CLOCK_TEXT = re.compile(r"[Ss]ignature (expired|not yet current)|time is too skewed")


def error_codes(headers: Mapping[str, str], body: Any) -> set[str]:
    """The codes of a refusal: CloudWatch says the JSON one and the older one of its query protocol.

    From `x-amzn-query-error: Throttling;Sender`, `x-amzn-errortype: prefix#Code:...` and `__type` of the body.
    """
    said = [headers.get("x-amzn-query-error", "").partition(";")[0], headers.get("x-amzn-errortype", "")]
    if isinstance(body, dict):
        said += [str(body.get(name) or "") for name in ("__type", "code", "Code")]
    return {code for text in said if (code := text.rpartition("#")[2].partition(":")[0].strip())}


def classify_aws(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
    """What an answer of a JSON service other than 200 means."""
    text = str(body.get("message") or body.get("Message") or "") if isinstance(body, dict) else ""
    return verdict_of(error_codes(headers, body), status, text)


def verdict_of(codes: Collection[str], status: int, text: str, *, action: str | None = None) -> Verdict:
    """The meaning of the codes; of the status where no code is known. `text` names the action that is denied."""
    found = set(codes)
    if found & (_THROTTLED | _PASSING):
        return Verdict(TransientProviderError, _LATER)
    # InvalidSignatureException is said of a wrong clock as well as of a wrong key.
    if found & _CLOCK or (found & _WRONG_SIGNATURE and _CLOCK_TEXT.search(text)):
        return Verdict(CredentialError, "set this machine's clock: AWS takes signatures of the last five minutes only")
    denied = _ACTION.search(text)
    needed = denied.group(1) if denied else action
    granted = f"allow {needed}" if needed else "allow the actions that docs/providers/aws_bedrock.md lists"
    remedies = (
        (_EXPIRED, "the session token has expired; store new keys, or long-lived ones with a role_arn"),
        (_UNKNOWN_KEY, "AWS does not know the access key; check access_key_id, session_token and that it is active"),
        (_WRONG_SIGNATURE, "the secret_access_key does not belong to the access_key_id"),
        (_MISSING, "the request arrived unsigned; check what stands between this machine and AWS"),
        (_DENIED, f"{granted} in the policy of this principal" + _of_trust(needed)),
        (_CLOSED, "enable the region in the AWS account, or take it out of the account option regions"),
    )
    for names, remedy in remedies:
        if found & names:
            return Verdict(MissingRightError if names is _DENIED else CredentialError, remedy)
    if not found or status >= 500:  # noqa: PLR2004
        return classify_status(status, {}, None)
    return Verdict(PermanentProviderError, "the request is refused as it is; compare it with the API reference")


def _of_trust(action: str | None) -> str:
    if action != "sts:AssumeRole":
        return ""
    return ", and in the trust policy of the role, with the external_id that it asks for"
