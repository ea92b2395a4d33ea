"""Signature Version 4 behind httpx, by botocore's signer; an assumed role by STS where the credential names one.

botocore signs and knows STS's messages; it opens no connection. HTTP stays with the session of the provider.
"""

import datetime as dt
import json
import logging
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast
from urllib.parse import urlencode

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.loaders import Loader
from botocore.model import ServiceModel, StructureShape
from botocore.parsers import QueryParser, ResponseParserError

from genai_finops.providers.aws_errors import verdict_of
from genai_finops.providers.base import CredentialError, PermanentProviderError, TransientProviderError
from genai_finops.providers.http import AuthContext, tls_context
from genai_finops.providers.retry import RetryableError

#: Says for which service and region a request is signed; taken off before it is sent.
SIGNED_FOR = "x-signed-for"

_OK = 200
_STS_SECONDS = 30.0
_EXPIRES_SOON = dt.timedelta(minutes=5)
_DEFAULT_SESSION_NAME = "genai-finops"
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\x21-\x7e]+")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


def _is_no_debug_record(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


# They log the session token and the whole answer of AssumeRole.
for _name in ("botocore.auth", "botocore.parsers"):
    logging.getLogger(_name).addFilter(_is_no_debug_record)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCredential:
    """The fields of the stored credential."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    role_arn: str | None = None
    external_id: str | None = None
    session_name: str = _DEFAULT_SESSION_NAME

    @property
    def keys(self) -> Credentials:
        """What the signer takes."""
        return Credentials(self.access_key_id, self.secret_access_key, self.session_token)


def credential_of(secret: str, *, provider: str) -> AwsCredential:
    """The credential that the text holds. Raises CredentialError that names the field, never a value."""
    credential = AwsCredential(**_fields_of(secret, provider))
    if credential.role_arn is not None and not _ROLE_ARN.fullmatch(credential.role_arn):
        raise CredentialError(f"{provider}: field role_arn of the credential is no ARN of an IAM role")
    if credential.external_id is not None and credential.role_arn is None:
        raise CredentialError(f"{provider}: the credential has an external_id but no role_arn")
    if not _SESSION_NAME.fullmatch(credential.session_name):
        raise CredentialError(f"{provider}: field session_name of the credential is no name of a role session")
    return credential


def _fields_of(secret: str, provider: str) -> dict[str, str]:
    try:
        values = json.loads(secret)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise CredentialError(
            f"{provider}: the credential is no JSON object; "
            f'store {{"access_key_id": "...", "secret_access_key": "..."}}, with "role_arn" where a role is assumed'
        )
    known = AwsCredential.__dataclass_fields__
    # A name that is not known may be a secret in the wrong place: it is not repeated.
    if not values.keys() <= known.keys():
        raise CredentialError(f"{provider}: the credential has an unknown field; known are {', '.join(known)}")
    for name, value in values.items():
        if not isinstance(value, str) or not _PRINTABLE.fullmatch(value):
            raise CredentialError(f"{provider}: field {name} of the credential is no text without spaces")
    missing = [name for name in ("access_key_id", "secret_access_key") if name not in values]
    if missing:
        raise CredentialError(f"{provider}: field {missing[0]} of the credential is missing")
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentity:
    """Whose keys these are, as STS says."""

    account_id: str
    arn: str


@dataclass(frozen=True, slots=True)
class _RoleSession:
    keys: Credentials = field(repr=False)
    expires_at: dt.datetime


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class AwsAuth(httpx.Auth):
    """Signs each request; with a role, by keys of a session that is renewed before it ends.

    A request says in the header SIGNED_FOR for which `service/region` it is signed: the addresses of simulators and
    gateways do not tell. Errors of STS are raised from the request that needed the keys.
    """

    requires_request_body = True

    def __init__(
        self,
        credential: AwsCredential,
        context: AuthContext,
        *,
        provider: str,
        sts_url: str,
        sts_region: str,
        wall_clock: Callable[[], dt.datetime] = _utc_now,
    ) -> None:
        self._credential = credential
        self._context = context
        self._provider = provider
        self._sts_url = sts_url
        self._sts_region = sts_region
        # Signatures and sessions are dated by the real time, whatever the time of the session.
        self._wall_clock = wall_clock
        self._session: _RoleSession | None = None

    def __repr__(self) -> str:
        return f"AwsAuth({self._credential.access_key_id}, role={self._credential.role_arn})"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its signature; before it, where due, AssumeRole."""
        service, _, region = request.headers.pop(SIGNED_FOR, "").partition("/")
        if not service or not region:
            raise PermanentProviderError(f"{self._provider}: {request.method} {request.url.path} names no AWS service")
        keys = self._credential.keys
        if self._credential.role_arn is not None:
            keys = yield from self._role_keys()
        _sign(request, keys, service, region)
        yield request

    def caller_identity(self) -> CallerIdentity:
        """The account and the principal of the keys that sign, asked of STS. Raises ProviderError."""
        # A proxy of the environment cannot reach a simulator on this machine.
        trust_env = httpx.URL(self._sts_url).host not in {"127.0.0.1", "localhost", "::1"}
        transport = self._context.options.transport
        with httpx.Client(
            auth=self, transport=transport, timeout=_STS_SECONDS, trust_env=trust_env, verify=tls_context()
        ) as client:
            request = self._sts_request("GetCallerIdentity", {})
            request.headers[SIGNED_FOR] = f"sts/{self._sts_region}"
            try:
                answer = client.send(request)
            except httpx.HTTPError as error:
                # Not chained: the library's error carries the request, and that carries the signature and token.
                raise TransientProviderError(
                    f"{self._provider} sts GetCallerIdentity: {type(error).__name__}: {self._clean(str(error))}; "
                    f"check that {self._sts_url} can be reached"
                ) from None
            said = self._read("GetCallerIdentity", answer)
        return CallerIdentity(account_id=str(said.get("Account", "")), arn=str(said.get("Arn", "")))

    def _role_keys(self) -> Generator[httpx.Request, httpx.Response, Credentials]:
        session = self._session
        if session is None or session.expires_at - self._wall_clock() <= _EXPIRES_SOON:
            credential = self._credential
            parameters = {"RoleArn": credential.role_arn or "", "RoleSessionName": credential.session_name}
            if credential.external_id is not None:
                parameters["ExternalId"] = credential.external_id
            request = self._sts_request("AssumeRole", parameters)
            _sign(request, credential.keys, "sts", self._sts_region)
            answer = yield request
            answer.read()
            session = self._session_of(self._read("AssumeRole", answer))
            self._session = session
        return session.keys

    def _session_of(self, said: Mapping[str, Any]) -> _RoleSession:
        found = said.get("Credentials", {})
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
        missing = [name for name in names if not found.get(name)]
        if missing:
            raise PermanentProviderError(f"{self._provider} sts AssumeRole: {missing[0]} is missing in the answer")
        for name in ("SecretAccessKey", "SessionToken"):
            self._context.redactor.learn(found[name])
        keys = Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        return _RoleSession(keys, found["Expiration"].astimezone(dt.UTC))

    def _sts_request(self, action: str, parameters: Mapping[str, str]) -> httpx.Request:
        form = urlencode({"Action": action, "Version": _sts().api_version, **parameters})
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return httpx.Request("POST", f"{self._sts_url}/", content=form.encode(), headers=headers)

    def _read(self, action: str, answer: httpx.Response) -> Mapping[str, Any]:
        """The parsed answer of STS. Raises RetryableError for what passes, CredentialError or another for the rest."""
        subject = f"{self._provider} sts {action}"
        whole = {"status_code": answer.status_code, "headers": answer.headers, "body": answer.content}
        try:
            shape = cast("StructureShape", _sts().operation_model(action).output_shape)
            said: Mapping[str, Any] = QueryParser().parse(whole, shape)
        except (ResponseParserError, ValueError, KeyError, TypeError) as error:
            # The answer may hold keys: no part of it is shown.
            if answer.status_code < 500 and answer.status_code != _OK:  # noqa: PLR2004
                raise PermanentProviderError(
                    f"{subject}: HTTP {answer.status_code}, not an answer of STS; check that sts_url leads there"
                ) from None
            raise RetryableError(f"{subject}: the answer is not XML of STS ({type(error).__name__})") from None
        if answer.status_code == _OK:
            return said
        refused = said.get("Error", {})
        code, text = str(refused.get("Code", "")), self._clean(str(refused.get("Message", "")))
        verdict = verdict_of({code}, answer.status_code, text, action=f"sts:{action}")
        message = f"{subject}: HTTP {answer.status_code} {code}: {text}; {verdict.remedy}"
        raise (RetryableError if issubclass(verdict.error, TransientProviderError) else verdict.error)(message)

    def _clean(self, text: str) -> str:
        return " ".join(self._context.redactor.clean(text).split())


@cache
def _sts() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("sts", "service-2"))


def _sign(request: httpx.Request, keys: Credentials, service: str, region: str) -> None:
    """Add the headers of the signature. Signed are the host with its port, the content type and all of x-amz-*."""
    signed = {
        name: value
        for name, value in request.headers.items()
        if name in {"host", "content-type"} or name.startswith("x-amz")
    }
    # The query is handed over decoded: the signer then encodes it as AWS does, however it is written in the URL.
    url = request.url.copy_with(query=None, fragment=None)
    asked = AWSRequest(
        method=request.method,
        url=str(url),
        params=dict(request.url.params),
        data=request.content,
        headers=signed,
    )
    SigV4Auth(keys, service, region).add_auth(asked)
    for name, value in asked.headers.items():
        if name.lower() == "authorization" or name.lower().startswith("x-amz"):
            request.headers[name] = value
