"""Google's token endpoint and the tokens that it issues.

A token is verified without being remembered: it holds its account, scopes and expiry, under a code that only who knows
the organisation's key file can make.
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from genai_finops.simulator.google.errors import GoogleRefusal, OAuthRefusal, error_info, failure
from genai_finops.simulator.google.service_account import identity_of
from genai_finops.simulator.wire import WireRequest

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
#: Clients name this audience, whatever address they send the assertion to.
AUDIENCE = "https://oauth2.googleapis.com/token"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_PREFIX = "ya29."
_MAX_LIFETIME_SECONDS = 3600
_LIFETIME_SECONDS = 3599
_CLOCK_TOLERANCE_SECONDS = 300
_KEY_UNSUPPORTED = (
    "API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials that "
    "assert a principal. See https://cloud.google.com/docs/authentication"
)
_MISSING = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_TIMEFRAME = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp "
    "values in the JWT claim."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a request needs: one of the scopes, and a permission that the reader's role has."""

    scopes: frozenset[str]
    permission: str
    service: str


def authorize(
    request: WireRequest,
    orgs: Mapping[str, str],
    wall_clock: dt.datetime,
    *,
    token_path: str,
    access: Callable[[WireRequest], Access],
) -> str:
    """The organisation of an assertion or a token, of `orgs` by key file of the account that may read. Raises Refusal.

    Another account of the same project gets a token, but may read nothing.
    """
    if request.path == token_path:
        return _authorize_assertion(request, orgs, wall_clock)
    return _authorize_token(request, orgs, wall_clock, access(request))


def issue(request: WireRequest, admin_key: str) -> dict[str, Any]:
    """The token that an assertion, verified before, is exchanged for. `admin_key`: the organisation's key file."""
    claims = _Assertion.of(request).claims
    held = {"iss": claims["iss"], "scope": claims["scope"], "exp": int(claims["iat"]) + _LIFETIME_SECONDS}
    payload = _encoded(json.dumps(held, separators=(",", ":")).encode())
    return {
        "access_token": f"{_PREFIX}{payload}.{_code(payload, admin_key)}",
        "expires_in": _LIFETIME_SECONDS,
        "token_type": "Bearer",
    }


@dataclass(frozen=True, slots=True)
class _Assertion:
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @classmethod
    def of(cls, request: WireRequest) -> "_Assertion":
        form = parse_qs(request.content.decode("ascii", errors="replace"))
        if request.method != "POST" or form.get("grant_type") != [_GRANT]:
            raise OAuthRefusal("unsupported_grant_type", f"Invalid grant_type: {''.join(form.get('grant_type', []))}")
        text = "".join(form.get("assertion", []))
        try:
            header, claims, signature = text.split(".")
            parsed = cls(
                header=json.loads(_decoded(header)),
                claims=json.loads(_decoded(claims)),
                signed=f"{header}.{claims}".encode(),
                signature=_decoded(signature),
            )
        except ValueError:
            raise OAuthRefusal("invalid_grant", "Invalid JWT: not a valid JWT.") from None
        if not isinstance(parsed.header, dict) or not isinstance(parsed.claims, dict):
            raise OAuthRefusal("invalid_grant", "Invalid JWT: not a valid JWT.")
        return parsed


def _authorize_assertion(request: WireRequest, orgs: Mapping[str, str], wall_clock: dt.datetime) -> str:
    assertion = _Assertion.of(request)
    claims = assertion.claims
    project = _project_of(str(claims.get("iss")))
    admin_key = next((text for text in orgs if identity_of(text).project == project), None)
    if admin_key is None:
        raise OAuthRefusal("invalid_grant", "Invalid grant: account not found")
    _verify_signature(assertion, admin_key)
    if claims.get("aud") != AUDIENCE:
        raise OAuthRefusal("invalid_grant", "Invalid JWT: Failed audience check")
    issued, expires, now = claims.get("iat"), claims.get("exp"), wall_clock.timestamp()
    if (
        not isinstance(issued, int)
        or not isinstance(expires, int)
        or not issued - _CLOCK_TOLERANCE_SECONDS <= now < expires <= issued + _MAX_LIFETIME_SECONDS
    ):
        raise OAuthRefusal("invalid_grant", _TIMEFRAME)
    if not claims.get("scope"):
        raise OAuthRefusal("invalid_scope", "Empty or missing scope not allowed.")
    return orgs[admin_key]


def _verify_signature(assertion: _Assertion, admin_key: str) -> None:
    identity = identity_of(admin_key)
    is_reader = assertion.claims.get("iss") == identity.email
    is_known_key = assertion.header.get("kid") == identity.key_id or not is_reader
    wrong = OAuthRefusal("invalid_grant", "Invalid JWT Signature.")
    if assertion.header.get("alg") != "RS256" or not is_known_key:
        raise wrong
    public_key = _public_key(json.loads(admin_key)["private_key"])
    try:
        public_key.verify(assertion.signature, assertion.signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise wrong from None


def _authorize_token(request: WireRequest, orgs: Mapping[str, str], wall_clock: dt.datetime, access: Access) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        has_key = "x-goog-api-key" in request.headers or request.last("key") is not None
        details = [error_info("CREDENTIALS_MISSING", service=access.service)]
        raise GoogleRefusal(401, _KEY_UNSUPPORTED if has_key else _MISSING, details=details)
    admin_key, held = _read_token(token, orgs)
    if wall_clock.timestamp() >= held["exp"]:
        raise failure(401)
    if access.scopes.isdisjoint(str(held["scope"]).split()):
        details = [error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", service=access.service)]
        raise GoogleRefusal(403, "Request had insufficient authentication scopes.", details=details)
    if held["iss"] != identity_of(admin_key).email:
        raise permission_denied(access.permission)
    return orgs[admin_key]


def permission_denied(permission: str) -> GoogleRefusal:
    """403 of an account without the role, and for a project of somebody else."""
    return GoogleRefusal(
        403,
        f"Permission {permission} denied (or the resource may not exist).",
        details=[error_info("IAM_PERMISSION_DENIED", permission=permission)],
    )


def _read_token(token: str, orgs: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    payload, _, code = token.removeprefix(_PREFIX).rpartition(".")
    try:
        held: dict[str, Any] = json.loads(_decoded(payload))
        project = _project_of(str(held["iss"]))
    except (ValueError, KeyError, TypeError):
        raise failure(401) from None
    admin_key = next((text for text in orgs if identity_of(text).project == project), None)
    if admin_key is None or not hmac.compare_digest(code, _code(payload, admin_key)):
        raise failure(401)
    return admin_key, held


def _project_of(email: str) -> str:
    return email.partition("@")[2].partition(".")[0]


@cache
def _public_key(private_key: str) -> rsa.RSAPublicKey:
    private = load_pem_private_key(private_key.encode(), None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("the key file holds no RSA key")
    return private.public_key()


def _code(payload: str, admin_key: str) -> str:
    return _encoded(hmac.digest(hashlib.sha256(admin_key.encode()).digest(), payload.encode(), "sha256"))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
