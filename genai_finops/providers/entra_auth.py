"""Tokens of Microsoft Entra: the client-credentials flow as an httpx.Auth, with one cached token for each scope."""

import datetime as dt
import json
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import httpx

from genai_finops.providers.base import CredentialError, MalformedPageError, PermanentProviderError
from genai_finops.providers.http import SessionOptions, parse_json
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.retry import RetryableError, retry_after_seconds

#: A token is renewed when it has less than this to live.
_RENEW_BEFORE = dt.timedelta(minutes=5)
_SHOWN_CHARACTERS = 300
#: A tenant is an id or a domain name; it becomes part of the token endpoint's path.
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_FIELDS = ("tenant_id", "client_id", "client_secret")
#: What to do about an error, by Microsoft's number (AADSTS...) or else by the OAuth error.
_REMEDIES = {
    "7000215": "the client secret is wrong; store the secret's value, not its id",
    "7000222": "the client secret has expired; make a new one in the app registration and store it",
    "7000112": "the application is disabled in this tenant; enable its service principal",
    "700016": "the application is not known in this tenant; check client_id and tenant_id",
    "90002": "the tenant does not exist; check tenant_id, and hosts.auth_url for a sovereign cloud",
    "500011": "the scope's resource is not known in this tenant; check options.arm_scope and options.metrics_scope",
    "70011": "the scope is refused; check options.arm_scope and options.metrics_scope",
    "invalid_client": "check client_id and client_secret, and that the secret has not expired",
    "unauthorized_client": "check that client_id belongs to an app registration of this tenant",
    "invalid_scope": "check options.arm_scope and options.metrics_scope",
}
_PASSING = frozenset({"temporarily_unavailable", "server_error"})
_REGION = re.compile(r"\{region\}")
_ANY_REGION = "any-region"


@dataclass(frozen=True, slots=True)
class ClientCredential:
    """An app registration that may ask for tokens by its secret."""

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)

    @classmethod
    def parse(cls, secret: str, *, provider: str) -> "ClientCredential":
        """From `{"tenant_id": ..., "client_id": ..., "client_secret": ...}`.

        Raises CredentialError that names the field, never a value.
        """
        try:
            content = json.loads(secret)
        except ValueError:
            content = None
        shape = "; store a JSON object with tenant_id, client_id and client_secret"
        if not isinstance(content, dict):
            raise CredentialError(f"{provider}: the credential is no JSON object{shape}")
        for name in _FIELDS:
            value = content.get(name)
            if not isinstance(value, str) or not value.strip():
                raise CredentialError(f"{provider}: field {name} of the credential is missing or no text{shape}")
        if unknown := sorted(set(content) - set(_FIELDS)):
            raise CredentialError(
                f"{provider}: the credential has {len(unknown)} fields that do not belong there{shape}"
            )
        values = {name: content[name].strip() for name in _FIELDS}
        if not _TENANT.fullmatch(values["tenant_id"]):
            raise CredentialError(f"{provider}: field tenant_id of the credential is neither an id nor a domain name")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    renew_at: dt.datetime


class EntraAuth(httpx.Auth):
    """Sends a bearer token whose scope follows from the address that is asked.

    `scopes` maps an address, perhaps with a place for a region, to the scope of its tokens; a request to any other
    address is refused before a token is sent there. Raises CredentialError, PermanentProviderError, MalformedPageError,
    and RetryableError where the session may try again.
    """

    def __init__(
        self,
        credential: ClientCredential,
        *,
        provider: str,
        auth_url: str,
        scopes: Mapping[str, str],
        options: SessionOptions,
        redactor: Redactor,
    ) -> None:
        self._credential = credential
        self._provider = provider
        self._endpoint = f"{auth_url}/{credential.tenant_id}/oauth2/v2.0/token"
        self._scopes = [(_address_pattern(address), scope) for address, scope in scopes.items()]
        self._options = options
        self._redactor = redactor
        self._tokens: dict[str, _Token] = {}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        scope = self._scope_of(request.url)
        cached = self._tokens.get(scope)
        if cached is None or self._options.now() >= cached.renew_at:
            cached = None
            yield from self._renew(scope, request)
        request.headers["Authorization"] = f"Bearer {self._tokens[scope].value}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and cached is not None:
            # Revoked, or expired by a clock that is not ours. A token that is new and refused will not get better.
            yield from self._renew(scope, request)
            request.headers["Authorization"] = f"Bearer {self._tokens[scope].value}"
            yield request

    def _scope_of(self, url: httpx.URL) -> str:
        for pattern, scope in self._scopes:
            if pattern.match(str(url)):
                return scope
        raise PermanentProviderError(
            f"{self._provider}: no token is sent to {url.host}; it is none of the configured hosts"
        )

    def _renew(self, scope: str, wanted_by: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self._tokens.pop(scope, None)
        response = yield httpx.Request(
            "POST",
            self._endpoint,
            data={
                "grant_type": "client_credentials",
                "client_id": self._credential.client_id,
                "client_secret": self._credential.client_secret,
                "scope": scope,
            },
            headers={name: wanted_by.headers[name] for name in ("Accept", "User-Agent") if name in wanted_by.headers},
            # The timeouts: a request that is not made by the client has none.
            extensions=dict(wanted_by.extensions),
        )
        response.read()
        if response.status_code != httpx.codes.OK:
            self._refuse(response)
        self._tokens[scope] = self._token_of(response)

    def _token_of(self, response: httpx.Response) -> _Token:
        subject = f"{self._provider} token: POST {response.request.url.host}"
        try:
            content = parse_json(response.content)
        except ValueError:
            # A proxy's page in place of the answer; the body is not shown, for it may repeat the request.
            raise RetryableError(f"{subject}: the answer is not JSON ({len(response.content)} bytes)") from None
        except MalformedPageError as error:
            raise MalformedPageError(f"{subject}: {error}") from None
        token = content.get("access_token") if isinstance(content, dict) else None
        seconds = content.get("expires_in") if isinstance(content, dict) else None
        if not isinstance(token, str) or not token:
            raise MalformedPageError(f"{subject}: field access_token of the answer is missing or no text")
        self._redactor.learn(token)
        # Older endpoints write the number as text.
        if isinstance(seconds, str) and seconds.isdecimal():
            seconds = int(seconds)
        if type(seconds) is not int or seconds <= 0:
            raise MalformedPageError(f"{subject}: field expires_in of the answer is no number of seconds")
        return _Token(token, self._options.now() + dt.timedelta(seconds=seconds) - _RENEW_BEFORE)

    def _refuse(self, response: httpx.Response) -> NoReturn:
        try:
            content = parse_json(response.content)
        except (ValueError, MalformedPageError):
            content = None
        error, numbers = _codes(content)
        status = response.status_code
        text = response.content.decode("utf-8", errors="replace")
        shown = " ".join(self._redactor.clean(text).split())[:_SHOWN_CHARACTERS] or "empty body"
        message = f"{self._provider} token: POST {response.request.url.host}: HTTP {status}: {shown}"
        if status in {408, 429} or status >= 500 or error in _PASSING:  # noqa: PLR2004
            asked = retry_after_seconds({k.lower(): v for k, v in response.headers.items()}, self._options.now())
            raise RetryableError(f"{message}; run the partition again later", retry_after=asked)
        remedy = next((_REMEDIES[code] for code in (*numbers, error) if code in _REMEDIES), None)
        if remedy is not None or status in {401, 403}:
            raise CredentialError(f"{message}; {remedy or 'check tenant_id, client_id and client_secret'}")
        raise PermanentProviderError(f"{message}; check hosts.auth_url and the credential's tenant_id")


def _codes(content: Any) -> tuple[str, tuple[str, ...]]:
    """The OAuth error and Microsoft's numbers of an error answer."""
    if not isinstance(content, dict):
        return "", ()
    error, numbers = content.get("error"), content.get("error_codes")
    named = re.findall(r"AADSTS(\d+)", str(content.get("error_description", "")))
    listed = [str(number) for number in numbers] if isinstance(numbers, list) else []
    return error if isinstance(error, str) else "", (*listed, *named)


def _address_pattern(address: str) -> re.Pattern[str]:
    # As httpx writes it: host in lower case, default port left out.
    written = str(httpx.URL(_REGION.sub(_ANY_REGION, address))).rstrip("/")
    return re.compile(re.escape(written).replace(re.escape(_ANY_REGION), "[a-z0-9-]+") + r"(?=[/?]|$)")
