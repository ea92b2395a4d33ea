"""STS: AssumeRole and GetCallerIdentity of the query protocol, answered in XML."""

import datetime as dt
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from genai_finops.simulator.aws_bedrock.credentials import (
    external_id_of,
    open_session,
    reader_credential,
    role_arn_of,
    uses_role,
)
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireAnswer, WireRequest

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_VERSION = "2011-06-15"
_DEFAULT_SECONDS, _SHORTEST, _LONGEST = 3600, 900, 43200


def answer_sts(request: WireRequest, account: Account) -> WireAnswer:
    """The XML of an action. Raises Refusal.

    A session ends by the real time, which is that of the signature: it was verified to be within five minutes of it.
    """
    form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
    action = form.get("Action", "")
    if form.get("Version") != _VERSION or action not in {"AssumeRole", "GetCallerIdentity"}:
        raise Refusal(400, "InvalidAction", f"Could not find operation {action} for version {form.get('Version')}")
    if action == "AssumeRole":
        signed_at = dt.datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
        return _xml(action, _assumed_role(form, account, signed_at))
    user = "genai-finops"
    return _xml(
        action,
        f"<Arn>arn:aws:iam::{account.account_id}:user/{user}</Arn><UserId>AIDASIMULATED{user.upper()}</UserId>"
        f"<Account>{account.account_id}</Account>",
    )


def refusal_xml(refusal: Refusal, request_id: str) -> WireAnswer:
    """A refusal of STS."""
    fault = "Sender" if refusal.status < 500 else "Receiver"  # noqa: PLR2004
    body = (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>{fault}</Type><Code>{escape(refusal.kind)}</Code>'
        f"<Message>{escape(refusal.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return WireAnswer(body=body.encode(), status=refusal.status, media_type="text/xml")


def _assumed_role(form: Mapping[str, str], account: Account, now: dt.datetime) -> str:
    seed, org = account.scenario.seed, account.org
    role, session = form.get("RoleArn", ""), form.get("RoleSessionName", "")
    if not role or not session:
        raise Refusal(400, "ValidationError", "RoleArn and RoleSessionName are required")
    is_trusted = uses_role(seed, org) and role == role_arn_of(seed, org)
    if not is_trusted or form.get("ExternalId") != external_id_of(seed, org):
        # AWS does not say which of the two it was.
        user = f"arn:aws:iam::{account.account_id}:user/genai-finops"
        message = f"User: {user} is not authorized to perform: sts:AssumeRole on resource: {role}"
        raise Refusal(403, "AccessDenied", message)
    seconds = int(form.get("DurationSeconds", _DEFAULT_SECONDS))
    if not _SHORTEST <= seconds <= _LONGEST:
        raise Refusal(400, "ValidationError", f"DurationSeconds is {seconds}, not {_SHORTEST} to {_LONGEST}")
    ends_at = now + dt.timedelta(seconds=seconds)
    keys, token = open_session(json.loads(reader_credential(seed, org))["access_key_id"], ends_at)
    name = role.rpartition("/")[2]
    return (
        f"<AssumedRoleUser><AssumedRoleId>AROASIMULATEDROLE:{escape(session)}</AssumedRoleId>"
        f"<Arn>arn:aws:sts::{account.account_id}:assumed-role/{name}/{escape(session)}</Arn></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>{keys.access_key_id}</AccessKeyId>"
        f"<SecretAccessKey>{keys.secret_access_key}</SecretAccessKey><SessionToken>{token}</SessionToken>"
        f"<Expiration>{ends_at:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
    )


def _xml(action: str, result: str) -> WireAnswer:
    body = (
        f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata>"
        f"</{action}Response>"
    )
    return WireAnswer(body=body.encode(), media_type="text/xml")
