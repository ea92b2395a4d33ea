"""Entra: the token endpoint, and whether a token may be used where it is shown."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from genai_finops.simulator.noise import token
from genai_finops.simulator.wire import Refusal, WireRequest

ENDPOINT = re.compile(r"/login/(?P<tenant>[^/]+)/oauth2/v2\.0/token")
ARM_AUDIENCE = "https://management.azure.com"
METRICS_AUDIENCE = "https://metrics.monitor.azure.com"
#: Refusals with this envelope are Entra's, not Resource Manager's.
ENTRA = "entra"
_LIFETIME_SECONDS = 3599


def credential(seed: int, org: str, tenant_id: str) -> str:
    """The app registration that may read, as the JSON text that a client stores."""
    return json.dumps(
        {
            "tenant_id": tenant_id,
            "client_id": str(uuid.UUID(token(32, seed, org, "azure app"))),
            "client_secret": f"sim~{token(36, seed, org, 'azure client secret')}",
        }
    )


def without_role(admin: str) -> str:
    """Another app of the same tenant, which has no role on the subscription."""
    known = json.loads(admin)
    return json.dumps(
        {
            "tenant_id": known["tenant_id"],
            "client_id": str(uuid.UUID(token(32, known["client_id"], "no role"))),
            "client_secret": f"sim~{token(36, known['client_secret'], 'no role')}",
        }
    )


def _refused(code: str, number: int, message: str, status: int = 401) -> Refusal:
    return Refusal(status, code, f"AADSTS{number}: {message}", code=str(number), param=ENTRA)


def identify_client(request: WireRequest, orgs: Mapping[str, str]) -> tuple[str, str, bool]:
    """Organisation, audience, and whether the app may read, of a request for a token. Raises Refusal."""
    found = ENDPOINT.fullmatch(request.path)
    tenant = found["tenant"].lower() if found else ""
    form = dict(parse_qsl(request.content.decode("utf-8", errors="replace")))
    if request.method != "POST" or form.get("grant_type") != "client_credentials":
        raise _refused("unsupported_grant_type", 70003, "The app requested an unsupported grant type.", 400)
    admins = {json.loads(text)["tenant_id"]: text for text in orgs}
    if tenant not in admins:
        raise _refused("invalid_request", 90002, f"Tenant '{tenant}' not found.", 400)
    for text, may_read in ((admins[tenant], True), (without_role(admins[tenant]), False)):
        known = json.loads(text)
        if form.get("client_id", "").lower() == known["client_id"]:
            if not hmac.compare_digest(form.get("client_secret", "").encode(), known["client_secret"].encode()):
                raise _refused(
                    "invalid_client",
                    7000215,
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                    f"value, not the client secret ID, for a secret added to app '{known['client_id']}'.",
                )
            return orgs[admins[tenant]], _audience(form.get("scope", "")), may_read
    raise _refused("unauthorized_client", 700016, "Application was not found in the directory.", 400)


def _audience(scope: str) -> str:
    if not scope.endswith("/.default"):
        message = f"The provided value for the input parameter 'scope' is not valid: '{scope}'."
        raise _refused("invalid_scope", 1002012, message, 400)
    audience = scope.removesuffix("/.default")
    if audience not in {ARM_AUDIENCE, METRICS_AUDIENCE}:
        raise _refused("invalid_resource", 500011, f"The resource principal named {audience} was not found.", 400)
    return audience


def token_answer(admin: str, audience: str, *, may_read: bool, wall_clock: dt.datetime) -> dict[str, Any]:
    """A token of the organisation whose reading credential is `admin`."""
    known = json.loads(admin)
    claims = {
        "tid": known["tenant_id"],
        "aud": audience,
        "roles": ["Reader"] if may_read else [],
        "exp": int(wall_clock.timestamp()) + _LIFETIME_SECONDS,
    }
    head = _encoded(b'{"typ":"JWT","alg":"HS256"}') + "." + _encoded(json.dumps(claims).encode())
    return {
        "token_type": "Bearer",
        "expires_in": _LIFETIME_SECONDS,
        "ext_expires_in": _LIFETIME_SECONDS,
        "access_token": f"{head}.{_signature(head, known['client_secret'])}",
    }


def identify_bearer(header: str, audience: str, orgs: Mapping[str, str], wall_clock: dt.datetime) -> tuple[str, bool]:
    """Organisation of a bearer token, and whether its app may read. Raises Refusal for a token that is none of ours,
    of another audience, or expired."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Refusal(
            401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing or invalid."
        )
    claims, org = _verified(text, orgs)
    if claims is None or org is None:
        raise Refusal(401, "InvalidAuthenticationToken", "The access token is invalid.")
    if claims["aud"] != audience:
        message = f"The access token has been obtained for wrong audience or resource '{claims['aud']}'."
        raise Refusal(401, "InvalidAuthenticationToken", message)
    if claims["exp"] <= wall_clock.timestamp():
        raise Refusal(401, "ExpiredAuthenticationToken", "The access token expiry is in the past.")
    return org, bool(claims["roles"])


def _verified(text: str, orgs: Mapping[str, str]) -> tuple[dict[str, Any] | None, str | None]:
    head, _, signature = text.rpartition(".")
    try:
        claims = json.loads(_decoded(head.partition(".")[2]))
        tenant = claims["tid"]
    except (ValueError, binascii.Error, LookupError, TypeError):
        return None, None
    for admin, org in _of_tenant(tenant, orgs.items()):
        if hmac.compare_digest(signature, _signature(head, json.loads(admin)["client_secret"])):
            return claims, org
    return None, None


def _of_tenant(tenant: str, orgs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((admin, org) for admin, org in orgs if json.loads(admin)["tenant_id"] == tenant)


def _signature(head: str, secret: str) -> str:
    return _encoded(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
