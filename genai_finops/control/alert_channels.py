"""Channels of alerts: added, listed, removed, and opened for sending. Their options are checked by who sends."""

import datetime as dt
import hmac
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.alert_content import PLATFORM
from genai_finops.control.alert_models import AlertChannel, AlertRoute
from genai_finops.control.alert_outbox import end_channel
from genai_finops.control.changes import Change, apply_values, check_slug, record
from genai_finops.control.credentials import has_encrypted_credentials
from genai_finops.control.encryption import CredentialOwner, Keyring, decrypt, encrypt
from genai_finops.control.key_file import load_keyring
from genai_finops.control.organisations import get_organisation
from genai_finops.control.secret import Secret, check_reference, refer
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings


def check_owner(session: Session, owner: str) -> str:
    """The owner, or FinopsError where it is neither the platform nor an organisation."""
    if owner != PLATFORM:
        get_organisation(session, owner)
    return owner


def add_channel(
    session: Session,
    settings: Settings,
    *,
    owner: str,
    name: str,
    kind: str,
    options: Mapping[str, str],
    secret: Secret | None = None,
    reference: str | None = None,
    allow_private: bool = False,
    allow_plain: bool = False,
    update: bool = False,
    now: dt.datetime,
    actor: str,
) -> Change:
    """Adds a channel whose options were checked; says what happened. Its secret is encrypted, or kept as a reference.

    Call it inside `writing`, which keeps a key rotation out meanwhile. Raises FinopsError when a value is malformed,
    the owner is unknown, or a value differs from the stored one without `update`.
    """
    check_owner(session, owner)
    check_slug(name, "Channel")
    if reference is not None:
        check_reference(reference)
    subject = f"Channel {shown_owner(owner)}/{name}"
    wanted: dict[str, object] = {
        "options": dict(options),
        "allow_private": allow_private,
        "allow_plain": allow_plain,
    }
    row = find_channel(session, owner=owner, name=name)
    if row is not None and row.kind != kind:
        raise FinopsError(f"{subject} is of kind {row.kind}, not {kind}", remedy="Take another name, or remove it.")
    if row is None:
        row = AlertChannel(owner=owner, name=name, kind=kind, created_at=now, **wanted)
        _store(session, settings, row, secret=secret, reference=reference)
        session.add(row)
        session.flush()
        _record(session, row, "add", {"kind": kind, **wanted}, now=now, actor=actor)
        return "added"
    changed = apply_values(row, wanted, subject=subject, update=update)
    if not _holds(row, settings, secret=secret, reference=reference, update=update):
        if not update:
            raise FinopsError(f"{subject} exists already with another secret", remedy="Pass --update to replace it.")
        _store(session, settings, row, secret=secret, reference=reference)
        changed.append("secret")
    if not changed:
        return "unchanged"
    _record(session, row, "update", {"changed": sorted(changed)}, now=now, actor=actor)
    session.flush()
    return "updated"


def find_channel(session: Session, *, owner: str, name: str) -> AlertChannel | None:
    """The channel of that name, or None."""
    return session.scalars(select(AlertChannel).filter_by(owner=owner, name=name)).one_or_none()


def get_channel(session: Session, *, owner: str, name: str) -> AlertChannel:
    """The channel of that name. Raises FinopsError when there is none."""
    row = find_channel(session, owner=owner, name=name)
    if row is None:
        known = ", ".join(channel.name for channel in list_channels(session, owner)) or "none"
        raise FinopsError(
            f"{shown_owner(owner)} has no alert channel {name!r} (known: {known})",
            remedy="Correct the name; genai-finops alert channel list shows all.",
        )
    return row


def list_channels(session: Session, owner: str | None = None) -> Sequence[AlertChannel]:
    """Channels by owner and name, of one owner or of all."""
    query = select(AlertChannel).order_by(AlertChannel.owner, AlertChannel.name)
    if owner is not None:
        query = query.where(AlertChannel.owner == check_owner(session, owner))
    return session.scalars(query).all()


def remove_channel(session: Session, *, owner: str, name: str, now: dt.datetime, actor: str) -> tuple[int, int]:
    """Deletes the channel and its routes, and gives up what it has not sent; gives how many routes and deliveries.

    Call it inside `writing`. Raises FinopsError when there is none.
    """
    row = get_channel(session, owner=owner, name=name)
    routes = session.scalars(select(AlertRoute).filter_by(channel_id=row.id)).unique().all()
    for route in routes:
        session.delete(route)
    session.flush()
    given_up = end_channel(session, owner=owner, name=name)
    session.delete(row)
    _record(session, row, "remove", {"routes": len(routes), "given_up": given_up}, now=now, actor=actor)
    session.flush()
    return len(routes), given_up


def secret_of(row: AlertChannel, settings: Settings) -> Secret | None:
    """The secret of the channel, None where it has none. A reference is resolved when it is revealed.

    Raises FinopsError when its master key is missing, or the ciphertext was altered.
    """
    if row.reference is not None:
        return refer(row.reference, settings)
    if row.ciphertext is None:
        return None
    return Secret.of(_decrypted(row, load_keyring(settings, may_create=False)))


def reencrypt_channels(session: Session, keyring: Keyring, *, now: dt.datetime, actor: str) -> int:
    """Encrypts every secret of another key with the current one; gives how many there were.

    Raises FinopsError, before anything changes, when one of them cannot be decrypted.
    """
    key = keyring.current
    stale = [row for row in list_channels(session) if row.ciphertext is not None and row.key_id != key.key_id]
    opened = [(row, _decrypted(row, keyring)) for row in stale]
    for row, secret in opened:
        row.ciphertext, row.key_id = encrypt(secret, owner=_bound_to(row), key=key), key.key_id
        _record(session, row, "reencrypt", {"key_id": key.key_id}, now=now, actor=actor)
    return len(opened)


def shown_owner(owner: str) -> str:
    """The owner as people read it."""
    return "platform" if owner == PLATFORM else owner


def _bound_to(row: AlertChannel) -> CredentialOwner:
    # No id of a credential has blanks: a ciphertext of one cannot be moved here, nor the other way round.
    return CredentialOwner(org_slug=row.owner, credential_id=f"alert channel {row.name}", provider=row.kind)


def _decrypted(row: AlertChannel, keyring: Keyring) -> str:
    return decrypt(row.ciphertext or b"", owner=_bound_to(row), key_id=row.key_id or "", keyring=keyring)


def _holds(
    row: AlertChannel, settings: Settings, *, secret: Secret | None, reference: str | None, update: bool
) -> bool:
    if secret is None or row.ciphertext is None:
        # Without a word about the secret, an update leaves it as it is.
        return secret is None and reference in {None, row.reference}
    try:
        stored = _decrypted(row, load_keyring(settings, may_create=False))
    except FinopsError:
        if update:
            return False
        raise
    return hmac.compare_digest(stored.encode(), secret.reveal().encode())


def _store(
    session: Session, settings: Settings, row: AlertChannel, *, secret: Secret | None, reference: str | None
) -> None:
    row.reference, row.ciphertext, row.key_id = reference, None, None
    if secret is None:
        return
    # A new key file would not help rows whose own key is lost: say so before a second key exists.
    with session.no_autoflush:
        may_create = not has_encrypted_credentials(session)
    key = load_keyring(settings, may_create=may_create).current
    row.ciphertext, row.key_id = encrypt(secret.reveal(), owner=_bound_to(row), key=key), key.key_id


def _record(
    session: Session, row: AlertChannel, verb: str, detail: Mapping[str, object], *, now: dt.datetime, actor: str
) -> None:
    record(
        session,
        now=now,
        actor=actor,
        action=f"alert_channel.{verb}",
        org_slug=None if row.owner == PLATFORM else row.owner,
        subject=f"{row.owner}/{row.name}",
        detail=detail,
    )
