"""Attribution rules in the control database: on each day, one at most for each target and dimension."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.attribution_models import AttributionRule
from genai_finops.control.attribution_rule_file import RuleRecord
from genai_finops.control.attribution_rules import Rule, check_rule, overlapping_rules
from genai_finops.control.changes import record
from genai_finops.control.models import Organisation
from genai_finops.control.organisations import get_organisation
from genai_finops.errors import FinopsError

_SHOWN_FAULTS = 20


def add_rule(
    session: Session, rule: Rule, *, providers: Collection[str], now: dt.datetime, actor: str
) -> AttributionRule:
    """Adds the rule. Call it inside `writing`.

    `providers` are those that are configured. Raises FinopsError when the organisation is unknown, a value is
    malformed, or another rule names the same on some day.
    """
    rule = check_rule(rule, providers)
    get_organisation(session, rule.org)
    for row in list_rules(session, rule.org):
        if stored_rule(row).overlaps(rule):
            raise FinopsError(
                f"Rule {rule} overlaps rule {row.id}, {stored_rule(row)}",
                remedy=f"End that one first: genai-finops attribution rule end {rule.org} {row.id} --to DAY.",
            )
    return _add(session, rule, now=now, actor=actor)


def end_rule(
    session: Session, org: str, rule_id: int, *, valid_to: dt.date, now: dt.datetime, actor: str
) -> AttributionRule:
    """Gives the rule an end, or another one: valid_to is the first day that it does not hold. Call it inside `writing`.

    Raises FinopsError when the organisation has no such rule, the end is not after its start, or a later rule is then
    overlapped.
    """
    row = _found(session, org, rule_id)
    before = stored_rule(row)
    if valid_to <= before.valid_from:
        raise FinopsError(
            f"Rule {rule_id}, {before}, cannot have ended before {valid_to}",
            remedy=f"Give a later day; a rule that never held is removed: genai-finops attribution rule remove {org} "
            f"{rule_id}.",
        )
    ended = dataclasses.replace(before, valid_to=valid_to)
    for other in list_rules(session, org):
        if other.id != row.id and stored_rule(other).overlaps(ended):
            raise FinopsError(
                f"Rule {rule_id}, {ended}, would overlap rule {other.id}, {stored_rule(other)}",
                remedy=f"Give {other.valid_from} or an earlier day as its first day without the rule.",
            )
    row.valid_to = valid_to
    _record(session, row, "end", now=now, actor=actor)
    return row


def remove_rule(session: Session, org: str, rule_id: int, *, now: dt.datetime, actor: str) -> Rule:
    """Deletes a rule that never held. Call it inside `writing`. Raises FinopsError when there is no such rule."""
    row = _found(session, org, rule_id)
    _record(session, row, "remove", now=now, actor=actor)
    session.delete(row)
    session.flush()
    return stored_rule(row)


def list_rules(session: Session, org: str | None = None) -> Sequence[AttributionRule]:
    """The rules of one organisation, which must exist, or of all, by target and start."""
    columns = AttributionRule
    query = select(columns).order_by(
        columns.org_slug,
        columns.scope,
        columns.provider,
        columns.scope_id,
        columns.dimension,
        columns.valid_from,
        columns.id,
    )
    if org is not None:
        get_organisation(session, org)
        query = query.where(columns.org_slug == org)
    return session.scalars(query).all()


def import_rules(
    session: Session,
    records: Sequence[RuleRecord],
    faults: Iterable[str] = (),
    *,
    source: Path,
    now: dt.datetime,
    actor: str,
) -> tuple[int, int]:
    """Adds the rules of a file, and gives how many were added and how many are stored already.

    `faults` are those of lines that could not be read. Call it inside `writing`: raises FinopsError that names every
    line at fault, and nothing is then added.
    """
    known = {org: _stored_rules(session, org) for org in sorted({item.rule.org for item in records})}
    found = list(faults)
    for org, stored in known.items():
        of_org = [item for item in records if item.rule.org == org]
        if session.get(Organisation, org) is None:
            found.append(f"line {of_org[0].line}: there is no organisation {org!r}: add it with genai-finops org add")
        else:
            found.extend(_conflicts(of_org, stored))
    if found:
        more = f"\n  and {len(found) - _SHOWN_FAULTS} more" if len(found) > _SHOWN_FAULTS else ""
        shown = "".join(f"\n  {fault}" for fault in found[:_SHOWN_FAULTS])
        raise FinopsError(
            f"{source}: nothing was imported, because of {len(found)} faults:{shown}{more}\n",
            remedy="Correct these lines and import the file again.",
        )
    new = [item.rule for item in records if not _is_stored(item.rule, known[item.rule.org])]
    for rule in new:
        _add(session, rule, now=now, actor=actor)
    return len(new), len(records) - len(new)


def stored_rule(row: AttributionRule) -> Rule:
    """What the row says."""
    return Rule(
        org=row.org_slug,
        provider=row.provider,
        scope=row.scope,
        scope_id=row.scope_id,
        dimension=row.dimension,
        value=row.value,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


_Start = tuple[tuple[str, ...], dt.date]


def _start(rule: Rule) -> _Start:
    return rule.target, rule.valid_from


def _stored_rules(session: Session, org: str) -> dict[_Start, Rule]:
    rows = session.scalars(select(AttributionRule).filter_by(org_slug=org))
    return {_start(rule): rule for rule in map(stored_rule, rows)}


def _is_stored(rule: Rule, stored: dict[_Start, Rule]) -> bool:
    known = stored.get(_start(rule))
    # One that was ended since is still the rule of the file.
    return known is not None and known.value == rule.value and rule.valid_to in {None, known.valid_to}


def _conflicts(records: Sequence[RuleRecord], stored: dict[_Start, Rule]) -> list[str]:
    lines: dict[_Start, int] = {}
    faults: list[str] = []
    new: set[Rule] = set()
    for item in records:
        start = _start(item.rule)
        first_line = lines.setdefault(start, item.line)
        if first_line != item.line:
            faults.append(f"line {item.line}: repeats line {first_line}: keep one of them")
        elif not _is_stored(item.rule, stored):
            new.add(item.rule)
    # A rule of the same start is told of as an overlap, so that stored ones are not looked up by their start.
    for pair in overlapping_rules([*stored.values(), *new]):
        mine = next(rule for rule in reversed(pair) if rule in new)
        other = pair[0] if mine is pair[1] else pair[1]
        shown = f"{other} of line {lines[_start(other)]}" if other in new else f"the stored {other}"
        faults.append(f"line {lines[_start(mine)]}: {mine} overlaps {shown}: end one where the other starts")
    return faults


def _found(session: Session, org: str, rule_id: int) -> AttributionRule:
    rows = list_rules(session, org)
    row = next((row for row in rows if row.id == rule_id), None)
    if row is None:
        raise FinopsError(
            f"Organisation {org} has no attribution rule {rule_id}",
            remedy=f"Take the id from genai-finops attribution rule list {org}.",
        )
    return row


def _add(session: Session, rule: Rule, *, now: dt.datetime, actor: str) -> AttributionRule:
    values = dataclasses.asdict(rule)
    row = AttributionRule(org_slug=values.pop("org"), **values)
    session.add(row)
    session.flush()
    _record(session, row, "add", now=now, actor=actor)
    return row


def _record(session: Session, row: AttributionRule, verb: str, *, now: dt.datetime, actor: str) -> None:
    record(
        session,
        now=now,
        actor=actor,
        action=f"attribution_rule.{verb}",
        org_slug=row.org_slug,
        subject=f"{row.provider or 'logs'}/{row.scope}/{row.scope_id}/{row.dimension}",
        detail={"id": row.id, **dataclasses.asdict(stored_rule(row))},
    )
