"""Verifying Signature Version 4, from its published description: canonical request, string to sign, derived key."""

import datetime as dt
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from genai_finops.simulator.aws_bedrock.credentials import KeyPair
from genai_finops.simulator.wire import Refusal, WireRequest

_ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{_ALGORITHM} Credential=([A-Za-z0-9]+)/(\d{{8}})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)
_SKEW = dt.timedelta(minutes=5)
_UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an Authorization header says."""

    access_key_id: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def claim_of(request: WireRequest) -> Claim:
    """Raises Refusal where there is none."""
    header = request.headers.get("authorization")
    if header is None:
        raise Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    match = _AUTHORIZATION.fullmatch(header)
    if match is None:
        raise Refusal(400, "IncompleteSignature", "Authorization header is not of Signature Version 4")
    key_id, day, region, service, signed_headers, signature = match.groups()
    return Claim(
        access_key_id=key_id,
        day=day,
        region=region,
        service=service,
        signed_headers=tuple(signed_headers.split(";")),
        signature=signature,
    )


def verify(
    request: WireRequest, claim: Claim, keys: KeyPair, *, service: str, region: str, wall_clock: dt.datetime
) -> None:
    """Raises Refusal where the keys did not sign this request for this service and region within five minutes."""
    amz_date = request.headers.get("x-amz-date", "")
    try:
        signed_at = dt.datetime.strptime(amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        raise Refusal(400, "IncompleteSignature", f"X-Amz-Date is {amz_date!r}") from None
    if (claim.service, claim.region, claim.day) != (service, region, amz_date[:8]):
        raise _mismatch(f"Credential should be scoped to {service} in {region} on {amz_date[:8]}")
    if abs(wall_clock - signed_at) > _SKEW:
        message = "The difference between the request time and the current time is too large."
        raise Refusal(403, "RequestTimeTooSkewed", message)
    needed = {"host", *(name for name in request.headers if name.startswith("x-amz-"))}
    if not needed <= set(claim.signed_headers):
        raise _mismatch(f"Headers are not signed: {', '.join(sorted(needed - set(claim.signed_headers)))}")
    scope = f"{claim.day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(_canonical_request(request, claim).encode()).hexdigest()
    text = "\n".join((_ALGORITHM, amz_date, scope, digest))
    key = f"AWS4{keys.secret_access_key}".encode()
    for part in (claim.day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    if not hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), claim.signature):
        raise _mismatch(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )
    if keys.session_ends_at is not None and wall_clock >= keys.session_ends_at:
        raise Refusal(403, "ExpiredToken", "The security token included in the request is expired")


def _mismatch(message: str) -> Refusal:
    return Refusal(403, "SignatureDoesNotMatch", message)


def _canonical_request(request: WireRequest, claim: Claim) -> str:
    path, _, query = request.raw_path.partition("?")
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in sorted(claim.signed_headers)
    )
    return "\n".join(
        (
            request.method,
            # Encoded once in the address and once more here.
            quote(path, safe="/" + _UNRESERVED),
            _canonical_query(query),
            headers,
            ";".join(claim.signed_headers),
            hashlib.sha256(request.content).hexdigest(),
        )
    )


def _canonical_query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    encoded = sorted(
        (quote(unquote(name), safe=_UNRESERVED), quote(unquote(value), safe=_UNRESERVED)) for name, _, value in pairs
    )
    return "&".join(f"{name}={value}" for name, value in encoded)
