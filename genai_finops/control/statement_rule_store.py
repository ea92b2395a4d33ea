"""Statement rules in the control database: on each day, one at most for the same question about the same cost."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.attribution_models import StatementRule
from genai_finops.control.attribution_rules import shown_name
from genai_finops.control.changes import record
from genai_finops.control.organisations import get_organisation
from genai_finops.control.statement_rule_file import TermsRecord
from genai_finops.control.statement_rules import StatementTerms, check_terms, overlapping_terms, terms_from
from genai_finops.errors import FinopsError

_SHOWN_FAULTS = 20


def add_statement_rule(
    session: Session, terms: StatementTerms, *, providers: Collection[str], now: dt.datetime, actor: str
) -> StatementRule:
    """Adds the rule. Call it inside `writing`.

    `providers` are those that are configured. Raises FinopsError when the organisation is unknown, a value is
    malformed, or another rule decides the same on some day.
    """
    terms = check_terms(terms, providers)
    for row in list_statement_rules(session, terms.org):
        if stored_terms(row).overlaps(terms):
            raise FinopsError(
                f"Rule {terms} overlaps rule {row.id}, {stored_terms(row)}",
                remedy=f"End that one first: genai-finops statement rule end {terms.org} {row.id} --to DAY.",
            )
    return _add(session, terms, now=now, actor=actor)


def end_statement_rule(
    session: Session, org: str, rule_id: int, *, valid_to: dt.date, now: dt.datetime, actor: str
) -> StatementRule:
    """Gives the rule an end, or another one: valid_to is the first day that it does not hold. Call it inside `writing`.

    Raises FinopsError when the organisation has no such rule, the end is not after its start, or a later rule is then
    overlapped.
    """
    row = _found(session, org, rule_id)
    before = stored_terms(row)
    if valid_to <= before.valid_from:
        raise FinopsError(
            f"Rule {rule_id}, {before}, cannot have ended before {valid_to}",
            remedy=f"Give a later day; a rule that never held is removed: genai-finops statement rule remove {org} "
            f"{rule_id}.",
        )
    ended = dataclasses.replace(before, valid_to=valid_to)
    for other in list_statement_rules(session, org):
        if other.id != row.id and stored_terms(other).overlaps(ended):
            raise FinopsError(
                f"Rule {rule_id}, {ended}, would overlap rule {other.id}, {stored_terms(other)}",
                remedy=f"Give {other.valid_from} or an earlier day as its first day without the rule.",
            )
    row.valid_to = valid_to
    _record(session, row, "end", now=now, actor=actor)
    return row


def remove_statement_rule(session: Session, org: str, rule_id: int, *, now: dt.datetime, actor: str) -> StatementTerms:
    """Deletes a rule that never held. Call it inside `writing`. Raises FinopsError when there is no such rule."""
    row = _found(session, org, rule_id)
    _record(session, row, "remove", now=now, actor=actor)
    session.delete(row)
    session.flush()
    return stored_terms(row)


def list_statement_rules(session: Session, org: str | None = None) -> Sequence[StatementRule]:
    """The rules of one organisation, which must exist, or of all, by tenant (those for all first), kind and start."""
    columns = StatementRule
    query = select(columns).order_by(
        columns.org_slug,
        columns.tenant_id.is_not(None),
        columns.tenant_id,
        columns.kind,
        columns.valid_from,
        columns.id,
    )
    if org is not None:
        get_organisation(session, org)
        query = query.where(columns.org_slug == org)
    return session.scalars(query).all()


def import_statement_rules(
    session: Session,
    records: Sequence[TermsRecord],
    faults: Iterable[str] = (),
    *,
    source: Path,
    now: dt.datetime,
    actor: str,
) -> tuple[int, int]:
    """Adds the rules of a file, and gives how many were added and how many are stored already.

    `faults` are those of lines that could not be read. Call it inside `writing`: raises FinopsError for an unknown
    organisation, or one that names every line at fault, and nothing is then added.
    """
    stored = [
        stored_terms(row)
        for org in sorted({item.terms.org for item in records})
        for row in list_statement_rules(session, org)
    ]
    new = [item for item in records if not any(_is_same(item.terms, known) for known in stored)]
    found = [*faults, *_conflicts(new, stored)]
    if found:
        more = f"\n  and {len(found) - _SHOWN_FAULTS} more" if len(found) > _SHOWN_FAULTS else ""
        shown = "".join(f"\n  {fault}" for fault in found[:_SHOWN_FAULTS])
        raise FinopsError(
            f"{source}: nothing was imported, because of {len(found)} faults:{shown}{more}\n",
            remedy="Correct these lines and import the file again.",
        )
    for item in new:
        _add(session, item.terms, now=now, actor=actor)
    return len(new), len(records) - len(new)


def stored_terms(row: StatementRule) -> StatementTerms:
    """What the row says."""
    parameters: dict[str, Any] = terms_from(row.parameters)
    return StatementTerms(
        rule_id=row.id,
        org=row.org_slug,
        tenant=row.tenant_id,
        provider=row.provider,
        model=row.model_id,
        kind=row.kind,
        currency=row.currency,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        **parameters,
    )


def _is_same(terms: StatementTerms, known: StatementTerms) -> bool:
    # One that was ended since is still the rule of the file.
    ended = dataclasses.replace(terms, valid_to=known.valid_to)
    return ended == known and terms.valid_to in {None, known.valid_to}


def _conflicts(new: Sequence[TermsRecord], stored: Sequence[StatementTerms]) -> list[str]:
    lines = {id(item.terms): item.line for item in new}
    faults = []
    for pair in overlapping_terms([*stored, *(item.terms for item in new)]):
        mine = next(terms for terms in reversed(pair) if id(terms) in lines)
        other = pair[0] if mine is pair[1] else pair[1]
        place = f"of line {lines[id(other)]}" if id(other) in lines else "that is stored"
        faults.append(f"line {lines[id(mine)]}: {mine} overlaps {other} {place}: end one where the other starts")
    return faults


def _found(session: Session, org: str, rule_id: int) -> StatementRule:
    row = next((row for row in list_statement_rules(session, org) if row.id == rule_id), None)
    if row is None:
        raise FinopsError(
            f"Organisation {org} has no statement rule {rule_id}",
            remedy=f"Take the id from genai-finops statement rule list {org}.",
        )
    return row


def _add(session: Session, terms: StatementTerms, *, now: dt.datetime, actor: str) -> StatementRule:
    row = StatementRule(
        org_slug=terms.org,
        tenant_id=terms.tenant,
        provider=terms.provider,
        model_id=terms.model,
        kind=terms.kind,
        parameters=terms.parameters(),
        currency=terms.currency,
        valid_from=terms.valid_from,
        valid_to=terms.valid_to,
    )
    session.add(row)
    session.flush()
    _record(session, row, "add", now=now, actor=actor)
    return row


def _record(session: Session, row: StatementRule, verb: str, *, now: dt.datetime, actor: str) -> None:
    terms = stored_terms(row)
    record(
        session,
        now=now,
        actor=actor,
        action=f"statement_rule.{verb}",
        org_slug=row.org_slug,
        subject=f"{row.kind}/{'all tenants' if row.tenant_id is None else shown_name(row.tenant_id)}",
        detail={
            **terms.parameters(),
            "id": row.id,
            "tenant": terms.tenant,
            "provider": terms.provider,
            "model": terms.model,
            "currency": terms.currency,
            "valid_from": terms.valid_from,
            "valid_to": terms.valid_to,
        },
    )
