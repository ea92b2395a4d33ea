"""Advice that is kept: given once or again, decided on, and resolved when it is no longer given."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.advice_models import AdviceConfidence, AdviceRow, AdviceState
from genai_finops.control.changes import record
from genai_finops.errors import FinopsError

Decision = Literal["accepted", "dismissed", "done"]
OPEN: tuple[AdviceState, ...] = ("open",)
_UNDECIDED: tuple[AdviceState, ...] = ("open", "resolved")
_ACTIONS: Mapping[Decision, str] = {"accepted": "advice.accept", "dismissed": "advice.dismiss", "done": "advice.done"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAdvice:
    """What is stored of a piece of advice: the columns of AdviceRow that are not about its life."""

    org_slug: str
    advice_id: str
    kind: str
    group_id: str
    subject: dict[str, str]
    summary: str
    currency: str
    current_cost: Decimal
    saving: Decimal
    monthly_saving: Decimal
    first_day: dt.date
    last_day: dt.date
    confidence: AdviceConfidence
    reasons: str
    query_sql: str
    query_parameters: list[dict[str, str]]
    baseline_method: str
    baseline_requests: int | None
    baseline_lines: list[dict[str, str]]
    target: dict[str, str]
    formula_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceChanges:
    """How many pieces are new or back again, and how many are no longer given."""

    raised: int
    resolved: int


def replace_advice(session: Session, given: Iterable[GivenAdvice], *, now: dt.datetime) -> AdviceChanges:
    """Stores all that is given at `now`; what is open and not given again is resolved.

    What was decided stays decided, and its figures and baseline stay as they were. Call it inside `writing`.
    """
    wanted = {(advice.org_slug, advice.advice_id): advice for advice in given}
    stored = {(row.org_slug, row.advice_id): row for row in session.scalars(select(AdviceRow))}
    raised = 0
    for key, advice in wanted.items():
        row = stored.get(key)
        if row is None:
            row = AdviceRow(org_slug=advice.org_slug, advice_id=advice.advice_id, state="open", first_seen_at=now)
            _take(row, advice)
            session.add(row)
            raised += 1
        elif row.state in _UNDECIDED:
            raised += row.state == "resolved"
            _take(row, advice)
            row.state, row.resolved_at = "open", None
        # A clock that goes back does not make it seen before it was first seen.
        row.last_seen_at = max(now, row.first_seen_at)
    gone = [row for key, row in stored.items() if key not in wanted and row.state == "open"]
    for row in gone:
        row.state, row.resolved_at = "resolved", now
    session.flush()
    return AdviceChanges(raised=raised, resolved=len(gone))


def list_advice(
    session: Session,
    *,
    org: str | None = None,
    kinds: Collection[str] = (),
    states: Collection[AdviceState] = OPEN,
) -> Sequence[AdviceRow]:
    """Advice in these states, of one organisation or all, what saves most first within each currency."""
    query = select(AdviceRow).where(AdviceRow.state.in_(states))
    if org is not None:
        query = query.where(AdviceRow.org_slug == org)
    if kinds:
        query = query.where(AdviceRow.kind.in_(kinds))
    return sorted(
        session.scalars(query), key=lambda row: (row.org_slug, row.currency, -row.monthly_saving, row.advice_id)
    )


def get_advice(session: Session, advice_id: str, *, org: str | None = None) -> AdviceRow:
    """The advice of this id, or of the only one that begins so. Raises FinopsError for none or several."""
    query = select(AdviceRow).where(AdviceRow.advice_id.startswith(advice_id, autoescape=True))
    if org is not None:
        query = query.where(AdviceRow.org_slug == org)
    found = session.scalars(query.limit(2)).all()
    whose = f" of organisation {org}" if org else ""
    if not advice_id or not found:
        raise FinopsError(
            f"There is no advice {advice_id!r}{whose}", remedy="genai-finops advice list --all shows what there is."
        )
    if len(found) > 1:
        raise FinopsError(f"More than one piece of advice{whose} begins with {advice_id!r}", remedy="Give more of it.")
    return found[0]


def decide(
    session: Session,
    row: AdviceRow,
    decision: Decision,
    *,
    now: dt.datetime,
    actor: str,
    done_on: dt.date | None = None,
) -> AdviceRow:
    """Accepts or dismisses it, or says since which UTC day it is in effect. Call it inside `writing`.

    Raises FinopsError for a day that the decision does not have, or that is before the days it was reckoned from end.
    """
    if (decision == "done") != (done_on is not None):
        raise FinopsError(f"Advice {row.advice_id} needs a day exactly when it is done", remedy="Give it with done.")
    if done_on is not None and not row.last_day < done_on <= now.date():
        raise FinopsError(
            f"Advice {row.advice_id} cannot be done since {done_on}: its figures are of the days to {row.last_day}",
            remedy="Give a day after that, up to today.",
        )
    row.state, row.done_on = decision, done_on
    row.decided_at, row.decided_by, row.resolved_at = now, actor, None
    detail = {"kind": row.kind, "monthly_saving": str(row.monthly_saving), "currency": row.currency}
    record(
        session,
        now=now,
        actor=actor,
        action=_ACTIONS[decision],
        org_slug=row.org_slug,
        subject=row.advice_id,
        detail={**detail, **({"done_on": done_on.isoformat()} if done_on else {})},
    )
    session.flush()
    return row


def _take(row: AdviceRow, advice: GivenAdvice) -> None:
    for field in dataclasses.fields(GivenAdvice):
        setattr(row, field.name, _storable(getattr(advice, field.name)))


def _storable(value: object) -> object:
    # Postgres keeps no zero byte in a text, and a name in a log may have one.
    return value.replace("\x00", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
