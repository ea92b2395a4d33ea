"""Entering the orders of a file, all of them or none."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from genai_finops.control.commitment_file import CommitmentRecord
from genai_finops.control.commitment_rules import check_commitment
from genai_finops.control.commitments import commitment_terms, enter_commitment, find_commitment
from genai_finops.control.organisations import choose_account
from genai_finops.errors import FinopsError

_SHOWN_FAULTS = 20


def import_commitments(
    session: Session,
    records: Sequence[CommitmentRecord],
    faults: Sequence[str],
    *,
    source: Path,
    currencies: Mapping[str, str],
    now: dt.datetime,
    actor: str,
) -> tuple[int, int]:
    """Enters the orders, and gives how many were added and how many are entered already in the same words.

    `faults` are those of lines that could not be read. Call it inside `writing`: raises FinopsError that names every
    line with a fault, and nothing is then entered.
    """
    found = list(faults)
    added = 0
    for item in records:
        try:
            added += _entered(session, item, currencies, now=now, actor=actor)
        except FinopsError as error:
            found.append(f"line {item.line}: {error.message}. {error.remedy}")
    if found:
        more = f"\n  and {len(found) - _SHOWN_FAULTS} more" if len(found) > _SHOWN_FAULTS else ""
        shown = "".join(f"\n  {fault}" for fault in found[:_SHOWN_FAULTS])
        raise FinopsError(
            f"{source}: nothing was entered, because of {len(found)} faults:{shown}{more}\n",
            remedy="Correct these lines and import the file again.",
        )
    return added, len(records) - added


def _entered(
    session: Session, item: CommitmentRecord, currencies: Mapping[str, str], *, now: dt.datetime, actor: str
) -> bool:
    stored = find_commitment(session, item.org_slug, item.terms.provider, item.terms.commitment_id)
    if stored is not None:
        terms = check_commitment(item.terms, currencies)
        account = choose_account(session, org_slug=item.org_slug, provider=terms.provider, account_id=item.account_id)
        # One that was ended since is still the order of the file.
        known = commitment_terms(stored)
        ended_at = terms.ended_at or known.ended_at
        if known == dataclasses.replace(terms, ended_at=ended_at) and stored.account_id == account.account_id:
            return False
    enter_commitment(
        session,
        item.terms,
        org_slug=item.org_slug,
        account_id=item.account_id,
        currencies=currencies,
        now=now,
        actor=actor,
    )
    return True
