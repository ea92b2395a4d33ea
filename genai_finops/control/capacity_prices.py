"""Own prices of capacity and accelerators, of organisations and accounts: entered and removed, never changed."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.capacity_price_rules import CapacityPriceTerms, check_capacity_price
from genai_finops.control.changes import record
from genai_finops.control.models import CapacityPrice
from genai_finops.control.organisations import choose_account, get_organisation
from genai_finops.control.price_entries import moment_of_change
from genai_finops.errors import FinopsError

_COLUMNS = tuple(field.name for field in dataclasses.fields(CapacityPriceTerms))


def enter_capacity_price(
    session: Session,
    terms: CapacityPriceTerms,
    *,
    org_slug: str,
    account_id: str | None = None,
    currencies: Mapping[str, str],
    now: dt.datetime,
    actor: str,
) -> CapacityPrice:
    """Enters a price for an organisation, or for one of its accounts at the provider. Call it inside `writing`.

    `currencies` are those of the price lists by provider. Raises FinopsError when the organisation or account is
    unknown, the terms break a rule of check_capacity_price, or a price that holds decides the same.
    """
    terms = check_capacity_price(terms, currencies)
    get_organisation(session, org_slug)
    if account_id is not None:
        choose_account(session, org_slug=org_slug, provider=terms.provider, account_id=account_id)
    for other in list_capacity_prices(session, org_slug):
        if other.account_id == account_id and capacity_price_terms(other).overlaps(terms):
            raise FinopsError(
                f"Price of {terms.subject}: price {other.id} decides the same from {other.valid_from} to "
                f"{other.valid_to or 'open'}",
                remedy=f"Remove it first (genai-finops commitment price remove {org_slug} {other.id}), or give days "
                "that it does not cover.",
            )
    row = CapacityPrice(
        org_slug=org_slug,
        account_id=account_id,
        **{name: getattr(terms, name) for name in _COLUMNS},
        entered_at=moment_of_change(session, now),
        entered_by=actor,
    )
    session.add(row)
    session.flush()
    detail = {"account_id": account_id, **dataclasses.asdict(terms)}
    subject = str(row.id)
    record(
        session, now=now, actor=actor, action="capacity_price.set", org_slug=org_slug, subject=subject, detail=detail
    )
    return row


def remove_capacity_price(
    session: Session, price_id: int, *, org_slug: str, now: dt.datetime, actor: str
) -> CapacityPrice:
    """Ends a price of the organisation. It stays known for the time before. Raises FinopsError when there is none."""
    held = {row.id: row for row in list_capacity_prices(session, org_slug)}
    if price_id not in held:
        raise FinopsError(
            f"Organisation {org_slug} has no capacity price {price_id} that holds (known: "
            f"{', '.join(map(str, held)) or 'none'})",
            remedy=f"Correct the id; genai-finops commitment price list {org_slug} shows all.",
        )
    row = held[price_id]
    row.removed_at, row.removed_by = moment_of_change(session, now), actor
    record(session, now=now, actor=actor, action="capacity_price.remove", org_slug=org_slug, subject=str(price_id))
    return row


def list_capacity_prices(session: Session, org_slug: str, *, include_removed: bool = False) -> Sequence[CapacityPrice]:
    """The prices of the organisation and its accounts that hold, or with `include_removed` all, by id.

    Raises FinopsError when the organisation is unknown.
    """
    get_organisation(session, org_slug)
    query = select(CapacityPrice).where(CapacityPrice.org_slug == org_slug).order_by(CapacityPrice.id)
    if not include_removed:
        query = query.where(CapacityPrice.removed_at.is_(None))
    return session.scalars(query).all()


def capacity_price_terms(row: CapacityPrice) -> CapacityPriceTerms:
    """What the row says."""
    return CapacityPriceTerms(**{name: getattr(row, name) for name in _COLUMNS})
