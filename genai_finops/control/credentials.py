"""Credentials: added, listed, removed, and opened for the fetch."""

import datetime as dt
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from genai_finops.control.alert_models import AlertChannel
from genai_finops.control.changes import Change, apply_values, check_slug, check_text, record
from genai_finops.control.database import reading
from genai_finops.control.encryption import CredentialOwner, Keyring, decrypt, encrypt
from genai_finops.control.key_file import load_keyring
from genai_finops.control.models import Credential, Organisation, ProviderAccount
from genai_finops.control.organisations import choose_account, get_organisation
from genai_finops.control.secret import Secret, check_reference, refer
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class EnabledCredential:
    """A credential to fetch with. Holds no secret: `open_secret` does that."""

    org_slug: str
    credential_id: str
    provider: str
    account_id: str
    #: Options of the account; no part of the hash, because a mapping has none.
    account_options: Mapping[str, str] = field(default_factory=dict, hash=False)


def enabled_credentials(
    session: Session, provider: str, orgs: Collection[str] | None = None
) -> tuple[EnabledCredential, ...]:
    """The credentials at the provider that are enabled together with their account and organisation, in a fixed order.

    `orgs` limits them to these organisations; None means all. Raises FinopsError when one of them is unknown or
    disabled, so that a mistyped name is not mistaken for a day without usage.
    """
    for slug in sorted(orgs or ()):
        if not get_organisation(session, slug).is_enabled:
            raise FinopsError(
                f"Organisation {slug} is disabled",
                remedy=f"Leave it out, or enable it: genai-finops org add {slug} --name NAME --enabled --update.",
            )
    query = (
        select(Credential, ProviderAccount.options)
        .join(Organisation, Organisation.slug == Credential.org_slug)
        .join(
            ProviderAccount,
            (ProviderAccount.org_slug == Credential.org_slug)
            & (ProviderAccount.provider == Credential.provider)
            & (ProviderAccount.account_id == Credential.account_id),
        )
        .where(Credential.provider == provider)
        .where(Credential.is_enabled, ProviderAccount.is_enabled, Organisation.is_enabled)
        .order_by(Credential.org_slug, Credential.credential_id)
    )
    if orgs is not None:
        query = query.where(Credential.org_slug.in_(orgs))
    return tuple(
        EnabledCredential(
            org_slug=row.org_slug,
            credential_id=row.credential_id,
            provider=row.provider,
            account_id=row.account_id,
            account_options=options,
        )
        for row, options in session.execute(query)
    )


def open_secret(engine: Engine, settings: Settings, *, org_slug: str, credential_id: str) -> Secret:
    """The secret of a credential: decrypted here, or a reference that is resolved when it is revealed.

    Raises FinopsError when there is no such credential, its master key is missing, or its ciphertext was altered.
    """
    try:
        return _open(engine, settings, org_slug, credential_id)
    except FinopsError:
        # A key rotation between reading the row and reading the key file retires the key that the row names. The second
        # look sees the state after it; a lasting error is simply raised again.
        return _open(engine, settings, org_slug, credential_id)


def _open(engine: Engine, settings: Settings, org_slug: str, credential_id: str) -> Secret:
    with reading(engine) as session:
        row = get_credential(session, org_slug=org_slug, credential_id=credential_id)
    if row.reference is not None:
        return refer(row.reference, settings)
    return Secret.of(_decrypted(row, load_keyring(settings, may_create=False)))


def add_credential(
    session: Session,
    settings: Settings,
    *,
    org_slug: str,
    provider: str,
    credential_id: str | None = None,
    account_id: str | None = None,
    name: str | None = None,
    secret: Secret | None = None,
    reference: str | None = None,
    is_enabled: bool | None = None,
    update: bool = False,
    now: dt.datetime,
    actor: str,
) -> tuple[str, Change]:
    """Adds a credential with either a secret, which is encrypted, or a reference; gives its id and what happened.

    The id is `<org>-<provider>` unless given. Call it inside `writing`, which keeps a key rotation out meanwhile.
    Raises FinopsError when a value is malformed or unknown, or differs from the stored one without `update`.
    """
    if (secret is None) == (reference is None):
        raise FinopsError(
            "A credential needs either a secret or a reference", remedy="Use --secret-stdin or --reference env:NAME."
        )
    check_slug(provider, "Provider")
    account = choose_account(session, org_slug=org_slug, provider=provider, account_id=account_id)
    credential_id = check_slug(credential_id or f"{org_slug}-{provider}", "Credential")
    subject = f"Credential {org_slug}/{credential_id}"
    wanted: dict[str, object] = {"provider": provider, "account_id": account.account_id}
    if name is not None:
        wanted["name"] = check_text(name, f"{subject}: name")
    if is_enabled is not None:
        wanted["is_enabled"] = is_enabled
    row = session.get(Credential, (org_slug, credential_id))
    if row is None:
        values = {"name": credential_id, "is_enabled": True, **wanted}
        row = Credential(org_slug=org_slug, credential_id=credential_id, created_at=now, **values)
        _store(session, settings, row, secret=secret, reference=reference)
        session.add(row)
        record(
            session,
            now=now,
            actor=actor,
            action="credential.add",
            org_slug=org_slug,
            subject=credential_id,
            detail={**values, "kind": row.kind},
        )
        return credential_id, "added"
    changed = apply_values(row, wanted, subject=subject, update=update)
    # A changed provider changes what the ciphertext is bound to.
    if "provider" in changed or not _holds(row, settings, secret=secret, reference=reference, update=update):
        if not update:
            raise FinopsError(f"{subject} exists already with another secret", remedy="Pass --update to replace it.")
        _store(session, settings, row, secret=secret, reference=reference)
        row.rotated_at = now
        changed.append("secret")
    if not changed:
        return credential_id, "unchanged"
    record(
        session,
        now=now,
        actor=actor,
        action="credential.update",
        org_slug=org_slug,
        subject=credential_id,
        detail={"changed": sorted(changed)},
    )
    return credential_id, "updated"


def get_credential(session: Session, *, org_slug: str, credential_id: str) -> Credential:
    """The credential of that id. Raises FinopsError when there is none."""
    row = session.get(Credential, (org_slug, credential_id))
    if row is None:
        known = ", ".join(credential.credential_id for credential in list_credentials(session, org_slug)) or "none"
        raise FinopsError(
            f"Organisation {org_slug} has no credential {credential_id!r} (known: {known})",
            remedy="Correct the id; genai-finops credential list shows all.",
        )
    return row


def list_credentials(session: Session, org_slug: str | None = None) -> Sequence[Credential]:
    """Credentials by organisation and id; of one organisation, which must exist, or of all."""
    query = select(Credential).order_by(Credential.org_slug, Credential.credential_id)
    if org_slug is not None:
        get_organisation(session, org_slug)
        query = query.filter_by(org_slug=org_slug)
    return session.scalars(query).all()


def has_encrypted_credentials(session: Session) -> bool:
    """Whether a master key is needed to read what is stored: credentials, or secrets of alert channels."""
    credential = select(Credential.credential_id).filter_by(kind="encrypted").limit(1)
    channel = select(AlertChannel.id).where(AlertChannel.ciphertext.is_not(None)).limit(1)
    return session.scalar(credential) is not None or session.scalar(channel) is not None


def remove_credential(session: Session, *, org_slug: str, credential_id: str, now: dt.datetime, actor: str) -> None:
    """Deletes the credential. What was fetched with it stays. Raises FinopsError when there is none."""
    session.delete(get_credential(session, org_slug=org_slug, credential_id=credential_id))
    record(session, now=now, actor=actor, action="credential.remove", org_slug=org_slug, subject=credential_id)


def reencrypt_credentials(session: Session, keyring: Keyring, *, now: dt.datetime, actor: str) -> int:
    """Encrypts every credential of another key with the current one; gives how many there were.

    Raises FinopsError, before anything changes, when one of them cannot be decrypted.
    """
    key = keyring.current
    stale = [row for row in list_credentials(session) if row.kind == "encrypted" and row.key_id != key.key_id]
    opened = [(row, _decrypted(row, keyring)) for row in stale]
    for row, secret in opened:
        row.ciphertext = encrypt(secret, owner=_owner(row), key=key)
        row.key_id = key.key_id
        row.rotated_at = now
        record(
            session,
            now=now,
            actor=actor,
            action="credential.reencrypt",
            org_slug=row.org_slug,
            subject=row.credential_id,
            detail={"key_id": key.key_id},
        )
    return len(opened)


def _owner(row: Credential) -> CredentialOwner:
    return CredentialOwner(org_slug=row.org_slug, credential_id=row.credential_id, provider=row.provider)


def _decrypted(row: Credential, keyring: Keyring) -> str:
    # The table's check constraint keeps both set on encrypted rows; a row without them fails authentication.
    return decrypt(row.ciphertext or b"", owner=_owner(row), key_id=row.key_id or "", keyring=keyring)


def _holds(row: Credential, settings: Settings, *, secret: Secret | None, reference: str | None, update: bool) -> bool:
    """Whether the row has this very secret or reference. An update replaces one that cannot be decrypted."""
    if secret is None or row.kind == "reference":
        return secret is None and row.reference == reference
    try:
        stored = _decrypted(row, load_keyring(settings, may_create=False))
    except FinopsError:
        if update:
            return False
        raise
    return hmac.compare_digest(stored.encode(), secret.reveal().encode())


def _store(
    session: Session, settings: Settings, row: Credential, *, secret: Secret | None, reference: str | None
) -> None:
    if reference is not None:
        check_reference(reference)
        row.kind, row.reference, row.ciphertext, row.key_id = "reference", reference, None, None
        return
    if secret is None or not secret.reveal():
        raise FinopsError(f"The secret of credential {_owner(row)} is empty", remedy="Give the secret itself.")
    # A new key file would not help rows whose own key is lost: say so before a second key exists.
    with session.no_autoflush:
        may_create = not has_encrypted_credentials(session)
    key = load_keyring(settings, may_create=may_create).current
    row.kind, row.reference = "encrypted", None
    row.ciphertext, row.key_id = encrypt(secret.reveal(), owner=_owner(row), key=key), key.key_id
