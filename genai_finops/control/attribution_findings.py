"""What was noticed about the attribution: seen once or again, and resolved when it is no longer seen."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.attribution_models import AttributionFinding, FindingSeverity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that someone should look at. Equal ids of one organisation are the same matter, seen again."""

    finding_id: str
    org: str
    kind: str
    severity: FindingSeverity
    tenant_id: str | None = None
    conversation_id: str | None = None
    provider: str | None = None
    usage_date: dt.date | None = None
    message: str
    #: Numbers and names behind the message, as text: decimals would not keep in JSON.
    figures: Mapping[str, str] = field(default_factory=dict)


def record_findings(session: Session, findings: Iterable[Finding], now: dt.datetime) -> tuple[Finding, ...]:
    """Stores what was seen at `now`, and gives the findings that are new or had been resolved.

    One that is known keeps its first_seen_at and takes what is said now. Call it inside `writing`.
    """
    wanted = {(finding.org, finding.finding_id): finding for finding in findings}
    stored = _stored(session, wanted)
    raised = []
    for key, finding in wanted.items():
        row = stored.get(key)
        if row is None or row.resolved_at is not None:
            raised.append(finding)
        if row is None:
            row = AttributionFinding(org_slug=finding.org, finding_id=finding.finding_id, first_seen_at=now)
            session.add(row)
        for name, value in _values(finding).items():
            setattr(row, name, value)
        # A clock that goes back does not make it seen before it was first seen.
        row.last_seen_at = max(now, row.first_seen_at)
        row.resolved_at = None
    session.flush()
    return tuple(raised)


def resolve_missing(
    session: Session, org: str, kinds: Collection[str], seen_ids: Collection[str], now: dt.datetime
) -> int:
    """Marks the open findings of these kinds that were not seen as resolved at `now`; gives how many.

    Call it inside `writing`.
    """
    seen = frozenset(seen_ids)
    missing = [row for row in list_findings(session, org, kinds=kinds) if row.finding_id not in seen]
    for row in missing:
        row.resolved_at = now
    session.flush()
    return len(missing)


def list_findings(
    session: Session,
    org: str | None = None,
    *,
    kinds: Collection[str] = (),
    include_resolved: bool = False,
) -> Sequence[AttributionFinding]:
    """Open findings, or with `include_resolved` all, of one organisation or of all, the latest seen first."""
    query = select(AttributionFinding).order_by(
        AttributionFinding.last_seen_at.desc(), AttributionFinding.org_slug, AttributionFinding.finding_id
    )
    if org is not None:
        query = query.where(AttributionFinding.org_slug == org)
    if kinds:
        query = query.where(AttributionFinding.kind.in_(kinds))
    if not include_resolved:
        query = query.where(AttributionFinding.resolved_at.is_(None))
    return session.scalars(query).all()


def _stored(session: Session, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], AttributionFinding]:
    rows: dict[tuple[str, str], AttributionFinding] = {}
    # A statement of SQLite takes some ten thousand values.
    wanted = list(keys)
    for start in range(0, len(wanted), 500):
        for row in session.scalars(
            select(AttributionFinding).where(
                AttributionFinding.finding_id.in_([finding_id for _, finding_id in wanted[start : start + 500]])
            )
        ):
            rows[row.org_slug, row.finding_id] = row
    return rows


def _values(finding: Finding) -> dict[str, object]:
    values = {field.name: getattr(finding, field.name) for field in dataclasses.fields(Finding)}
    del values["org"], values["finding_id"]
    values["figures"] = {name: _storable(text) for name, text in finding.figures.items()}
    for name in ("tenant_id", "conversation_id", "message"):
        values[name] = None if values[name] is None else _storable(values[name])
    return values


def _storable(text: str) -> str:
    # Postgres keeps no zero byte in a text, and a name in a log may have one.
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
