"""Organisations and the accounts they have at providers."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.account_options import check_account_options
from genai_finops.control.changes import Change, apply_values, check_slug, check_text, record
from genai_finops.control.models import Organisation, ProviderAccount
from genai_finops.errors import FinopsError


def add_organisation(
    session: Session,
    *,
    slug: str,
    name: str,
    currency: str | None = None,
    is_enabled: bool | None = None,
    update: bool = False,
    now: dt.datetime,
    actor: str,
) -> Change:
    """Adds the organisation; what is None keeps its stored value, or starts as USD and enabled.

    Raises FinopsError when a value is malformed, or differs from the stored one without `update`.
    """
    subject = f"Organisation {check_slug(slug, 'Organisation')}"
    wanted: dict[str, object] = {"name": check_text(name, f"{subject}: name")}
    if currency is not None:
        wanted["currency"] = _check_currency(currency, subject)
    if is_enabled is not None:
        wanted["is_enabled"] = is_enabled
    row = session.get(Organisation, slug)
    if row is None:
        values = {"currency": "USD", "is_enabled": True, **wanted}
        session.add(Organisation(slug=slug, created_at=now, **values))
        record(session, now=now, actor=actor, action="organisation.add", org_slug=slug, subject=slug, detail=values)
        return "added"
    changed = apply_values(row, wanted, subject=subject, update=update)
    if not changed:
        return "unchanged"
    detail = {field: wanted[field] for field in changed}
    record(session, now=now, actor=actor, action="organisation.update", org_slug=slug, subject=slug, detail=detail)
    return "updated"


def list_organisations(session: Session) -> Sequence[Organisation]:
    """All organisations, enabled or not, by slug."""
    return session.scalars(select(Organisation).order_by(Organisation.slug)).all()


def get_organisation(session: Session, slug: str) -> Organisation:
    """The organisation of that slug. Raises FinopsError when there is none."""
    row = session.get(Organisation, slug)
    if row is None:
        known = ", ".join(org.slug for org in list_organisations(session)) or "none"
        raise FinopsError(
            f"There is no organisation {slug!r} (known: {known})",
            remedy="Correct the slug, or add it: genai-finops org add SLUG --name NAME.",
        )
    return row


def add_account(
    session: Session,
    *,
    org_slug: str,
    provider: str,
    account_id: str,
    name: str,
    is_free_tier: bool | None = None,
    is_enabled: bool | None = None,
    options: Mapping[str, str] | None = None,
    update: bool = False,
    now: dt.datetime,
    actor: str,
) -> Change:
    """Adds a provider account; what is None keeps its stored value, or starts as paid tier, enabled, without options.

    `options` replaces all stored ones; see check_account_options for what they may hold.
    Raises FinopsError when the organisation is unknown, a value is malformed, or differs without `update`.
    """
    get_organisation(session, org_slug)
    check_slug(provider, "Provider")
    account_id = check_text(account_id, "Account")
    subject = f"Account {account_id} of {org_slug} at {provider}"
    wanted: dict[str, object] = {"name": check_text(name, f"{subject}: name")}
    if is_free_tier is not None:
        wanted["is_free_tier"] = is_free_tier
    if is_enabled is not None:
        wanted["is_enabled"] = is_enabled
    if options is not None:
        wanted["options"] = check_account_options(options, subject)
    row = session.scalars(
        select(ProviderAccount).filter_by(org_slug=org_slug, provider=provider, account_id=account_id)
    ).one_or_none()
    path = f"{provider}/{account_id}"
    if row is None:
        values = {"is_free_tier": False, "is_enabled": True, "options": {}, **wanted}
        session.add(ProviderAccount(org_slug=org_slug, provider=provider, account_id=account_id, **values))
        record(session, now=now, actor=actor, action="account.add", org_slug=org_slug, subject=path, detail=values)
        return "added"
    changed = apply_values(row, wanted, subject=subject, update=update)
    if not changed:
        return "unchanged"
    detail = {field: wanted[field] for field in changed}
    record(session, now=now, actor=actor, action="account.update", org_slug=org_slug, subject=path, detail=detail)
    return "updated"


def list_accounts(session: Session, org_slug: str | None = None) -> Sequence[ProviderAccount]:
    """Accounts by organisation, provider and id; of one organisation, which must exist, or of all."""
    query = select(ProviderAccount).order_by(
        ProviderAccount.org_slug, ProviderAccount.provider, ProviderAccount.account_id
    )
    if org_slug is not None:
        get_organisation(session, org_slug)
        query = query.filter_by(org_slug=org_slug)
    return session.scalars(query).all()


def choose_account(session: Session, *, org_slug: str, provider: str, account_id: str | None) -> ProviderAccount:
    """The account of that id or, without one, the only account that the organisation has at the provider.

    Raises FinopsError when there is none, or more than one to choose from.
    """
    accounts = [account for account in list_accounts(session, org_slug) if account.provider == provider]
    matching = [account for account in accounts if account_id in {None, account.account_id}]
    if len(matching) == 1:
        return matching[0]
    known = ", ".join(account.account_id for account in accounts) or "none"
    if matching:
        raise FinopsError(
            f"Organisation {org_slug} has several accounts at {provider}: {known}", remedy="Choose one with --account."
        )
    wanted = "no account" if account_id is None else f"no account {account_id!r}"
    raise FinopsError(
        f"Organisation {org_slug} has {wanted} at {provider} (known: {known})",
        remedy=f"Add it: genai-finops account add {org_slug} {provider} ACCOUNT_ID --name NAME.",
    )


def _check_currency(currency: str, subject: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise FinopsError(
            f"{subject}: currency {currency!r} is not an ISO 4217 code", remedy="Give three capitals, such as USD."
        )
    return currency
