"""Prices that people enter, for the platform, an organisation or an account: entered and removed, never changed.

A change is a removal and a new entry, so that what held at any earlier moment can be rebuilt.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from genai_finops.control.changes import record
from genai_finops.control.models import CapacityPrice, Commitment, OrganisationPlan, PriceEntry, PriceScope
from genai_finops.control.organisations import choose_account, get_organisation
from genai_finops.control.price_rules import PriceTerms, check_terms
from genai_finops.errors import FinopsError

_TERMS = tuple(field.name for field in dataclasses.fields(PriceTerms))


def enter_price(
    session: Session,
    terms: PriceTerms,
    *,
    org_slug: str | None = None,
    account_id: str | None = None,
    currencies: Mapping[str, str],
    canonical_model: Callable[[str, str], str] = lambda _provider, spelling: spelling,
    now: dt.datetime,
    actor: str,
) -> PriceEntry:
    """Enters a price: for the platform, or for an organisation, or for one of its accounts at the provider.

    `currencies` are those of the price lists by provider; `canonical_model` gives the model of a provider's spelling,
    so that two spellings of one model contend. Call it inside `writing`. Raises FinopsError when the organisation or
    account is unknown, the terms break a rule of check_terms, or an entry that holds decides the same.
    """
    if account_id is not None and org_slug is None:
        raise FinopsError(
            f"Account {account_id!r} was given without its organisation", remedy="Name the organisation: --org ORG."
        )
    terms = check_terms(terms, currencies)
    if org_slug is not None:
        get_organisation(session, org_slug)
    if org_slug is not None and account_id is not None:
        choose_account(session, org_slug=org_slug, provider=terms.provider, account_id=account_id)
    scope = _scope(org_slug, account_id)
    for other in _own_entries(session, org_slug, account_id, terms.provider):
        found = terms_of(other)
        if _resolved(found, canonical_model).overlaps(_resolved(terms, canonical_model)):
            raise FinopsError(
                f"Price of {terms.subject}: entry {other.id} of the {scope} decides the same for "
                f"{found.model or 'all models'} {found.validity}",
                remedy=f"End it first ({removal_command(other)}), or give days or prompts that it does not cover.",
            )
    entry = add_entry(
        session, terms, org_slug=org_slug, account_id=account_id, moment=moment_of_change(session, now), actor=actor
    )
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        action="price.set",
        org_slug=org_slug,
        subject=str(entry.id),
        detail={"scope": scope, "account_id": account_id, **dataclasses.asdict(terms)},
    )
    return entry


def remove_price(session: Session, entry_id: int, *, org_slug: str | None, now: dt.datetime, actor: str) -> PriceEntry:
    """Ends an entry of the organisation, or of the platform without one. It stays known for the time before.

    Raises FinopsError when there is no such entry, or it was removed before.
    """
    if org_slug is not None:
        get_organisation(session, org_slug)
    entry = session.get(PriceEntry, entry_id)
    owner = "The platform" if org_slug is None else f"Organisation {org_slug}"
    # Another organisation's entry is not there, for this one.
    if entry is None or entry.org_slug != org_slug:
        raise FinopsError(
            f"{owner} has no price entry {entry_id}",
            remedy=f"Correct the id; genai-finops prices list{org_option(org_slug)} shows all.",
        )
    if entry.removed_at is not None:
        raise FinopsError(
            f"Price entry {entry_id} was removed on {entry.removed_at:%Y-%m-%d %H:%M:%S} UTC by {entry.removed_by}",
            remedy=f"Nothing needs to be done; genai-finops prices list{org_option(org_slug)} shows what holds.",
        )
    entry.removed_at, entry.removed_by = moment_of_change(session, now), actor
    session.flush()
    record(session, now=now, actor=actor, action="price.remove", org_slug=org_slug, subject=str(entry_id))
    return entry


def list_prices(
    session: Session, org_slug: str | None, *, at: dt.datetime | None = None, include_removed: bool = False
) -> Sequence[PriceEntry]:
    """The entries of the organisation and its accounts, or of the platform without one, by id.

    Those that hold, or that held at the moment `at`, or with `include_removed` all. Raises FinopsError when the
    organisation is unknown.
    """
    if org_slug is not None:
        get_organisation(session, org_slug)
    query = select(PriceEntry).where(PriceEntry.org_slug.is_not_distinct_from(org_slug)).order_by(PriceEntry.id)
    if at is not None:
        query = query.where(PriceEntry.entered_at <= at, PriceEntry.removed_at.is_(None) | (PriceEntry.removed_at > at))
    elif not include_removed:
        query = query.where(PriceEntry.removed_at.is_(None))
    return session.scalars(query).all()


def terms_of(entry: PriceEntry) -> PriceTerms:
    """What the entry says."""
    return PriceTerms(**{name: getattr(entry, name) for name in _TERMS})


def add_entry(
    session: Session,
    terms: PriceTerms,
    *,
    org_slug: str | None,
    account_id: str | None = None,
    default_id: str | None = None,
    default_version: str | None = None,
    moment: dt.datetime,
    actor: str,
) -> PriceEntry:
    """Adds the row, without any check. `default_id` makes it a copy of that default."""
    entry = PriceEntry(
        scope=_scope(org_slug, account_id),
        org_slug=org_slug,
        account_id=account_id,
        **{name: getattr(terms, name) for name in _TERMS},
        is_custom=default_id is None,
        default_id=default_id,
        default_version=default_version,
        entered_at=moment,
        entered_by=actor,
    )
    session.add(entry)
    return entry


def moment_of_change(session: Session, now: dt.datetime) -> dt.datetime:
    """The moment from which on a change made now is known: later than every change before it.

    A clock that stands still or goes back would otherwise change what held at a moment that was already read.
    """
    session.flush()
    tables = (PriceEntry, OrganisationPlan, Commitment, CapacityPrice)
    changes = [moment for table in tables for moment in (table.entered_at, table.removed_at)]
    # One query each, so that an index answers it.
    latest = [session.scalar(select(func.max(moment))) for moment in changes]
    return max([now, *(moment + dt.timedelta(microseconds=1) for moment in latest if moment is not None)])


def org_option(org_slug: str | None) -> str:
    """The option of a command that names the owner."""
    return "" if org_slug is None else f" --org {org_slug}"


def removal_command(entry: PriceEntry) -> str:
    """The command that ends the entry."""
    return f"genai-finops prices remove{org_option(entry.org_slug)} {entry.id}"


def _resolved(terms: PriceTerms, canonical_model: Callable[[str, str], str]) -> PriceTerms:
    if terms.model is None:
        return terms
    return dataclasses.replace(terms, model=canonical_model(terms.provider, terms.model))


def _own_entries(session: Session, org_slug: str | None, account_id: str | None, provider: str) -> Sequence[PriceEntry]:
    # Copies of defaults come after what is entered: the two do not contend.
    query = select(PriceEntry).where(
        PriceEntry.org_slug.is_not_distinct_from(org_slug),
        PriceEntry.account_id.is_not_distinct_from(account_id),
        PriceEntry.provider == provider,
        PriceEntry.is_custom,
        PriceEntry.removed_at.is_(None),
    )
    return session.scalars(query.order_by(PriceEntry.id)).all()


def _scope(org_slug: str | None, account_id: str | None) -> PriceScope:
    if org_slug is None:
        return "platform"
    return "organisation" if account_id is None else "account"
