"""Keys and roles of the simulated accounts. Every secret follows from the id of its key, as nothing else is stored."""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from genai_finops.simulator.noise import draw, token

_ROLE = "genai-finops-reader"
_READER, _APPLICATION = "AKIASIMR", "AKIASIMA"
_SESSION = "ASIASIMS"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """An access key. `session_ends_at` is set on those of a role's session."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_ends_at: dt.datetime | None = None


def account_id_of(seed: int, org: str) -> str:
    """The 12 digits of the organisation's account."""
    return str(100_000_000_000 + draw(seed, org, "aws account") % 900_000_000_000)


def _key_id(prefix: str, seed: int, org: str) -> str:
    return prefix + token(12, seed, org, "aws access key").upper()


def _secret_of(access_key_id: str) -> str:
    return token(40, "aws secret access key", access_key_id)


def uses_role(seed: int, org: str) -> bool:
    """Whether the organisation is read through a role: about every second one."""
    return draw(seed, org, "role of aws") % 2 == 1


def role_arn_of(seed: int, org: str) -> str:
    """The role that may read the organisation's usage."""
    return f"arn:aws:iam::{account_id_of(seed, org)}:role/{_ROLE}"


def external_id_of(seed: int, org: str) -> str:
    """What the role's trust policy asks for."""
    return f"genai-finops-{token(12, seed, org, 'aws external id')}"


def reader_credential(seed: int, org: str) -> str:
    """The credential with which the organisation's usage can be read."""
    key_id = _key_id(_READER, seed, org)
    fields = {"access_key_id": key_id, "secret_access_key": _secret_of(key_id)}
    if uses_role(seed, org):
        fields |= {"role_arn": role_arn_of(seed, org), "external_id": external_id_of(seed, org)}
    return json.dumps(fields)


def application_credential(seed: int, org: str) -> str:
    """Keys of the same account whose policy allows no reading of usage."""
    key_id = _key_id(_APPLICATION, seed, org)
    return json.dumps({"access_key_id": key_id, "secret_access_key": _secret_of(key_id)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who signs. `may_read` is False for a user whose policy allows nothing but STS."""

    org: str
    keys: KeyPair
    may_read: bool


def caller_of(access_key_id: str, session_token: str | None, orgs: Mapping[str, str]) -> Caller | None:
    """The organisation (of `orgs` by credential) and keys behind a request; None where the key is unknown."""
    for credential, org in orgs.items():
        fields = json.loads(credential)
        reader: str = fields["access_key_id"]
        has_role = "role_arn" in fields
        if access_key_id in {reader, reader.replace(_READER, _APPLICATION)}:
            keys = KeyPair(access_key_id=access_key_id, secret_access_key=_secret_of(access_key_id))
            # A user that is to assume a role has no other right.
            return Caller(org=org, keys=keys, may_read=access_key_id == reader and not has_role)
        keys_of_session = _session_keys(access_key_id, session_token, reader) if has_role else None
        if keys_of_session:
            return Caller(org=org, keys=keys_of_session, may_read=True)
    return None


def open_session(reader_key_id: str, ends_at: dt.datetime) -> tuple[KeyPair, str]:
    """Keys of a new session of the reader's role, and the session token."""
    text = f"{reader_key_id}/{ends_at:%Y%m%dT%H%M%SZ}"
    session_token = base64.b64encode(f"{text}/{token(24, 'aws session', text)}".encode()).decode()
    access_key_id = _SESSION + token(12, "aws session key", session_token).upper()
    keys = KeyPair(access_key_id=access_key_id, secret_access_key=_secret_of(access_key_id), session_ends_at=ends_at)
    return keys, session_token


def _session_keys(access_key_id: str, session_token: str | None, reader_key_id: str) -> KeyPair | None:
    try:
        key_id, ends_at, _ = base64.b64decode(session_token or "", validate=True).decode().split("/")
        moment = dt.datetime.strptime(ends_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    keys, issued = open_session(reader_key_id, moment)
    return keys if (key_id, access_key_id, session_token) == (reader_key_id, keys.access_key_id, issued) else None
