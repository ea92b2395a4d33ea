"""Google credentials as an httpx.Auth: tokens by google-auth, over a transport of ours.

A secret is the text of a service-account key file or of an `authorized_user` file, or the word `application-default`
for what google-auth finds in its surroundings (workload identity, a metadata server).
"""

import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import urlsplit

import google.auth
import httpx
from google.auth import exceptions, transport
from google.auth.credentials import Credentials
from google.oauth2 import credentials as user_account
from google.oauth2 import service_account

from genai_finops.providers.base import CredentialError, PermanentProviderError, ProviderError
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.google_errors import classify_google
from genai_finops.providers.http import AuthContext, tls_context
from genai_finops.providers.retry import RetryableError, retry_after_seconds

APPLICATION_DEFAULT = "application-default"

_REQUIRED = {
    "service_account": ("client_email", "private_key", "private_key_id", "token_uri"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
}
_SECRET_FIELDS = ("private_key", "client_secret", "refresh_token")
_SHOWN_CHARACTERS = 300
_OK = 200
_UNAUTHORIZED = 401
#: No proxy of the environment reaches a simulator on this machine.
_WITHOUT_PROXY: Mapping[str, httpx.BaseTransport | None] = {
    "all://localhost": None,
    "all://127.0.0.1": None,
    "all://[::1]": None,
}


def check_google_secret(secret: str, provider: str) -> None:
    """Raise CredentialError for a text that cannot be a Google credential; names the field, never a value."""
    if secret.strip() != APPLICATION_DEFAULT:
        _key_file(secret, provider)


def google_secret_parts(secret: str) -> tuple[str, ...]:
    """What of the secret must never be shown: the text, the key it holds and each of the key's lines."""
    try:
        fields = json.loads(secret)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return () if secret.strip() == APPLICATION_DEFAULT else (secret, secret.strip())
    parts = [str(fields[name]) for name in _SECRET_FIELDS if fields.get(name)]
    # The lines that open and close a key are no secret, and occur in messages about keys.
    lines = [line for part in parts for line in part.splitlines() if "-----" not in line]
    return (secret, secret.strip(), *parts, *lines)


def google_auth(secret: str, context: AuthContext, *, config: ProviderConfig, scopes: Sequence[str]) -> httpx.Auth:
    """Bearer tokens with these scopes for the credential.

    A service account asks for them at the configuration's host `token_url`, where it has one, else at the key file's
    `token_uri`; the assertion's audience is Google's token endpoint in any case. Raises CredentialError for a secret
    that is none.
    """
    adapter = _TokenRequests(config, context)
    try:
        credentials = _credentials(secret, config, adapter, tuple(scopes))
    except (exceptions.GoogleAuthError, ValueError) as error:
        raise CredentialError(
            f"{config.id}: the credential cannot be used: {_shown(error, context)}; "
            f"store a service account's key file, whole, as it was downloaded"
        ) from None
    return _GoogleAuth(credentials, adapter, config.id, context)


def _key_file(secret: str, provider: str) -> dict[str, Any]:
    try:
        fields = json.loads(secret)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise CredentialError(
            f"{provider}: the credential is no JSON object; store the text of a service account's key file, "
            f"or the word {APPLICATION_DEFAULT}. API keys cannot read usage"
        )
    kind = fields.get("type")
    if not isinstance(kind, str) or kind not in _REQUIRED:
        raise CredentialError(
            f"{provider}: field type of the credential is none of {', '.join(_REQUIRED)}; store a service account's "
            f"key file, or the word {APPLICATION_DEFAULT} for other kinds"
        )
    for name in _REQUIRED[kind]:
        if not isinstance(fields.get(name), str) or not fields[name]:
            raise CredentialError(f"{provider}: field {name} of the credential is missing; store the whole key file")
    return fields


def _credentials(
    secret: str, config: ProviderConfig, adapter: "_TokenRequests", scopes: tuple[str, ...]
) -> Credentials:
    if secret.strip() == APPLICATION_DEFAULT:
        found: Credentials
        found, _ = google.auth.default(scopes=scopes, request=adapter)
        return found
    fields = _key_file(secret, config.id)
    token_url = config.hosts.get("token_url")
    fields = fields if token_url is None else {**fields, "token_uri": token_url}
    made: Credentials
    if fields["type"] == "service_account":
        made = service_account.Credentials.from_service_account_info(fields, scopes=scopes)  # type: ignore[no-untyped-call]
    else:
        made = user_account.Credentials(  # type: ignore[no-untyped-call]
            token=None,
            refresh_token=fields["refresh_token"],
            client_id=fields["client_id"],
            client_secret=fields["client_secret"],
            token_uri=fields.get("token_uri") or "https://oauth2.googleapis.com/token",
            # No scopes: a user's token has those that the user agreed to.
        )
    return made


def _shown(error: object, context: AuthContext) -> str:
    # Redacted before it is cut: half a secret would pass.
    return " ".join(context.redactor.clean(str(error)).split())[:_SHOWN_CHARACTERS]


class _GoogleAuth(httpx.Auth):
    """Adds the token, asks for one where there is none that holds, and once more where a token is refused."""

    def __init__(
        self, credentials: Credentials, adapter: "_TokenRequests", provider: str, context: AuthContext
    ) -> None:
        self._credentials = credentials
        self._adapter = adapter
        self._provider = provider
        self._context = context

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        is_fresh = not self._credentials.valid
        if is_fresh:
            self._refresh()
        response = yield self._signed(request)
        # A token can be revoked before it expires; one that was just issued is refused for another reason.
        if response.status_code == _UNAUTHORIZED and not is_fresh:
            self._refresh()
            yield self._signed(request)

    def _signed(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {self._credentials.token}"
        return request

    def _refresh(self) -> None:
        problem = self._refresh_problem()
        # Raised here, where nothing hangs on it: google-auth's errors carry the answer, which may repeat the request.
        if problem is not None:
            raise problem
        token = self._credentials.token
        if not isinstance(token, str) or not token:
            raise PermanentProviderError(f"{self._provider} token: the token endpoint answered without a token")
        self._context.redactor.learn(token)

    def _refresh_problem(self) -> ProviderError | None:
        try:
            # Not before_request: it would also look up locations at a host that nobody configured.
            self._credentials.refresh(self._adapter)  # type: ignore[no-untyped-call]
        except exceptions.TransportError as error:
            return RetryableError(f"{self._provider} token: {_shown(error, self._context)}")
        except (exceptions.GoogleAuthError, ValueError) as error:
            return CredentialError(
                f"{self._provider} token: {type(error).__name__}: {_shown(error, self._context)}; "
                f"check that the key is whole and not deleted"
            )
        return None


class _Borrowed(httpx.BaseTransport):
    """A transport that its user does not close."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)


class _TokenAnswer(transport.Response):
    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    def data(self) -> bytes:
        return self._response.content


class _TokenRequests(transport.Request):
    """google-auth's requests over httpx.

    Refusals are classified here: google-auth would repeat some of them by itself, sleeping, below the one retry layer.
    """

    def __init__(self, config: ProviderConfig, context: AuthContext) -> None:
        self._config = config
        self._context = context

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> transport.Response:
        """Raises TransportError without an answer, RetryableError, CredentialError, PermanentProviderError."""
        given = self._context.options.transport
        timeouts = self._config.http.timeouts
        limits = httpx.Timeout(timeouts.read if timeout is None else timeout, connect=timeouts.connect)
        try:
            with httpx.Client(
                verify=tls_context(),
                transport=None if given is None else _Borrowed(given),
                mounts=dict(_WITHOUT_PROXY) if given is None else None,
                timeout=limits,
            ) as client:
                response = client.request(method, url, content=body, headers=dict(headers or {}))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The class that google-auth knows: its search for credentials goes on where an address does not answer.
            raise exceptions.TransportError(  # type: ignore[no-untyped-call]
                f"{urlsplit(url).hostname}: {type(error).__name__}: {_shown(error, self._context)}"
            ) from None
        if response.status_code != _OK:
            self._refuse(url, response)
        if not _is_token_answer(response, url):
            raise RetryableError(f"{self._subject(url)}: the body is not JSON ({len(response.content)} bytes)")
        return _TokenAnswer(response)

    def _subject(self, url: str) -> str:
        parts = urlsplit(url)
        return f"{self._config.id} token: {parts.hostname}{parts.path}"

    def _refuse(self, url: str, response: httpx.Response) -> NoReturn:
        headers = {name.lower(): value for name, value in response.headers.items()}
        status = response.status_code
        shown = _shown(response.content.decode("utf-8", errors="replace"), self._context)
        message = f"{self._subject(url)}: HTTP {status}: {shown or 'empty body'}"
        if status in {408, 429} or 500 <= status <= 599:  # noqa: PLR2004
            asked = retry_after_seconds(headers, self._context.options.now())
            asked = classify_google(status, headers, _body(response)).retry_after if asked is None else asked
            raise RetryableError(f"{message}; run the partition again later", retry_after=asked)
        if 300 <= status <= 399 or status == 404:  # noqa: PLR2004
            raise PermanentProviderError(f"{message}; correct hosts.token_url or the key file's token_uri")
        raise CredentialError(f"{message}; {_REMEDIES.get(_oauth_error(response), _OTHER_REMEDY)}")


_OTHER_REMEDY = "check that the key belongs to this service account and was neither deleted nor disabled"
_REMEDIES = {
    "invalid_grant": f"{_OTHER_REMEDY}, and that this machine's clock is right",
    "invalid_client": "the service account or client does not exist any more; make a new key and store it",
    "invalid_scope": "the token endpoint does not know a scope that is asked for; report it",
}


def _body(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _oauth_error(response: httpx.Response) -> str:
    body = _body(response)
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, str) else ""


def _is_token_answer(response: httpx.Response, url: str) -> bool:
    """Only the metadata server answers in plain text, about the account."""
    if "/computeMetadata/" in url or not urlsplit(url).path.strip("/"):
        return True
    return isinstance(_body(response), dict)
