"""Orders of reserved capacity that people enter: entered and removed, never changed, as prices are."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.changes import record
from genai_finops.control.commitment_rules import CommitmentTerms, TokenWeight, check_commitment
from genai_finops.control.models import Commitment, CommitmentWeight
from genai_finops.control.organisations import choose_account, get_organisation
from genai_finops.control.price_entries import moment_of_change
from genai_finops.errors import FinopsError

_COLUMNS = tuple(field.name for field in dataclasses.fields(CommitmentTerms) if field.name != "weights")


def enter_commitment(
    session: Session,
    terms: CommitmentTerms,
    *,
    org_slug: str,
    account_id: str | None,
    currencies: Mapping[str, str],
    now: dt.datetime,
    actor: str,
) -> Commitment:
    """Enters an order of the organisation's account at the provider; without an account, of the only one it has there.

    `currencies` are those of the price lists by provider. Call it inside `writing`. Raises FinopsError when the
    organisation or account is unknown, the terms break a rule, or the organisation has a commitment of that id.
    """
    terms = check_commitment(terms, currencies)
    account = choose_account(session, org_slug=org_slug, provider=terms.provider, account_id=account_id)
    other = find_commitment(session, org_slug, terms.provider, terms.commitment_id)
    if other is not None:
        raise FinopsError(
            f"Organisation {org_slug} has a commitment {other.commitment_id} at {terms.provider} already, from "
            f"{other.starts_at:%Y-%m-%d} to {other.ends_at:%Y-%m-%d}",
            remedy="Give a renewed or changed order an id of its own, or remove the one that is entered: "
            f"genai-finops commitment remove {org_slug} {terms.provider} {other.commitment_id}.",
        )
    moment = moment_of_change(session, now)
    row = _add(session, terms, org_slug=org_slug, account_id=account.account_id, moment=moment, actor=actor)
    _record(session, row, "add", now=now, actor=actor, detail=dataclasses.asdict(terms))
    return row


def end_commitment(
    session: Session,
    commitment_id: str,
    *,
    org_slug: str,
    provider: str,
    ended_at: dt.datetime,
    currencies: Mapping[str, str],
    now: dt.datetime,
    actor: str,
) -> Commitment:
    """Says that the order stopped before the end of its term. What was entered before stays known as it was.

    Raises FinopsError when there is no such order, it has stopped already, or the moment is outside its term.
    """
    row = _held(session, org_slug, provider, commitment_id)
    if row.ended_at is not None:
        raise FinopsError(
            f"Commitment {row.commitment_id} of {org_slug} stopped on {row.ended_at:%Y-%m-%d %H:%M} UTC already",
            remedy="If that is wrong, remove it and enter it again.",
        )
    terms = check_commitment(dataclasses.replace(commitment_terms(row), ended_at=ended_at), currencies)
    moment = moment_of_change(session, now)
    row.removed_at, row.removed_by = moment, actor
    added = _add(session, terms, org_slug=org_slug, account_id=row.account_id, moment=moment, actor=actor)
    _record(session, added, "end", now=now, actor=actor, detail={"ended_at": ended_at})
    return added


def remove_commitment(
    session: Session, commitment_id: str, *, org_slug: str, provider: str, now: dt.datetime, actor: str
) -> Commitment:
    """Takes back an order that was entered by mistake. Raises FinopsError when there is none."""
    row = _held(session, org_slug, provider, commitment_id)
    row.removed_at, row.removed_by = moment_of_change(session, now), actor
    _record(session, row, "remove", now=now, actor=actor, detail={})
    return row


def list_commitments(
    session: Session, org_slug: str | None = None, *, include_removed: bool = False
) -> Sequence[Commitment]:
    """The orders that hold, or with `include_removed` all, of one organisation or of all, by organisation, provider and
    start.

    Raises FinopsError when the organisation is unknown.
    """
    query = select(Commitment).order_by(
        Commitment.org_slug, Commitment.provider, Commitment.starts_at, Commitment.commitment_id, Commitment.id
    )
    if org_slug is not None:
        get_organisation(session, org_slug)
        query = query.where(Commitment.org_slug == org_slug)
    if not include_removed:
        query = query.where(Commitment.removed_at.is_(None))
    return session.scalars(query).all()


def find_commitment(session: Session, org_slug: str, provider: str, commitment_id: str) -> Commitment | None:
    """The order of that id that holds, however its letters are written; None where there is none."""
    held = list_commitments(session, org_slug)
    wanted = commitment_id.strip().lower()
    return next((row for row in held if row.provider == provider and row.commitment_id.lower() == wanted), None)


def commitment_terms(row: Commitment) -> CommitmentTerms:
    """What the row says."""
    weights = tuple(
        TokenWeight(token_meter=entry.token_meter, weight=entry.weight, context_tokens_above=entry.context_tokens_above)
        for entry in row.weights
    )
    return CommitmentTerms(**{name: getattr(row, name) for name in _COLUMNS}, weights=weights)


def _held(session: Session, org_slug: str, provider: str, commitment_id: str) -> Commitment:
    row = find_commitment(session, org_slug, provider, commitment_id)
    if row is None:
        held = [found.commitment_id for found in list_commitments(session, org_slug) if found.provider == provider]
        raise FinopsError(
            f"Organisation {org_slug} has no commitment {commitment_id!r} at {provider} that was entered (known: "
            f"{', '.join(held) or 'none'})",
            remedy=f"Correct the id; genai-finops commitment list {org_slug} shows all.",
        )
    return row


def _add(
    session: Session, terms: CommitmentTerms, *, org_slug: str, account_id: str, moment: dt.datetime, actor: str
) -> Commitment:
    row = Commitment(
        org_slug=org_slug,
        account_id=account_id,
        **{name: getattr(terms, name) for name in _COLUMNS},
        weights=[CommitmentWeight(**dataclasses.asdict(entry)) for entry in terms.weights],
        entered_at=moment,
        entered_by=actor,
    )
    session.add(row)
    session.flush()
    return row


def _record(
    session: Session, row: Commitment, verb: str, *, now: dt.datetime, actor: str, detail: Mapping[str, object]
) -> None:
    record(
        session,
        now=now,
        actor=actor,
        action=f"commitment.{verb}",
        org_slug=row.org_slug,
        subject=f"{row.provider}/{row.commitment_id}",
        detail=detail,
    )
