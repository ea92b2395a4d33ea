"""What the last tick saw and found, so that the next one sees whether anything changed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from genai_finops.control.budget_models import BudgetRow, BudgetStateRow, BudgetWatch

#: Columns of a state that are no finding.
_NOT_FOUND = ("budget_id", "evaluated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the last full evaluation had seen; see BudgetWatch."""

    budgets_version: int
    seen_budgets: int | None
    seen_data: str | None
    ticked_at: dt.datetime | None
    next_look_at: dt.datetime | None


def read_watch(session: Session) -> Seen:
    """What is to be compared with now."""
    row = session.execute(
        select(
            BudgetWatch.budgets_version,
            BudgetWatch.seen_budgets,
            BudgetWatch.seen_data,
            BudgetWatch.ticked_at,
            BudgetWatch.next_look_at,
        )
    ).one()
    return Seen(**row._mapping)  # noqa: SLF001 - the documented way to names


def confirm_states(session: Session, *, now: dt.datetime) -> None:
    """Says that the states still hold at `now`. Call it inside `writing`."""
    session.execute(update(BudgetWatch).values(ticked_at=now))


def record_tick(
    session: Session,
    *,
    now: dt.datetime,
    seen_data: str | None,
    seen_budgets: int,
    next_look_at: dt.datetime | None,
) -> None:
    """Says what a full evaluation saw. Call it inside `writing`, when all of its states are stored."""
    session.execute(
        update(BudgetWatch).values(
            ticked_at=now, seen_data=seen_data, seen_budgets=seen_budgets, next_look_at=next_look_at
        )
    )


def stored_states(session: Session) -> dict[int, Any]:
    """What was last found of all budgets, by the id of the budget: plain rows, because there may be very many."""
    return {row.budget_id: row for row in session.execute(select(BudgetStateRow.__table__))}


def says_else(before: Any, state: Mapping[str, Any]) -> bool:
    """Whether a state, as columns by name, says something else than the row of before; None: there was none."""
    return before is None or any(
        getattr(before, name) != value for name, value in state.items() if name not in _NOT_FOUND
    )


def put_states(session: Session, states: Sequence[Mapping[str, Any]], *, now: dt.datetime) -> int:
    """Stores states, as columns by name, and gives how many.

    Those of budgets that were removed meanwhile, or that were evaluated later than `now` by somebody else, are left
    out. Call it inside `writing`, with at most some hundred at once.
    """
    if not states:
        return 0
    ids = [state["budget_id"] for state in states]
    live = set(session.scalars(select(BudgetRow.id).where(BudgetRow.id.in_(ids))))
    query = select(BudgetStateRow.budget_id, BudgetStateRow.evaluated_at).where(BudgetStateRow.budget_id.in_(ids))
    evaluated = {row.budget_id: row.evaluated_at for row in session.execute(query)}
    wanted = [state for state in states if state["budget_id"] in live]
    new = [{**_EMPTY, **state} for state in wanted if state["budget_id"] not in evaluated]
    changed = [dict(state) for state in wanted if evaluated.get(state["budget_id"], _NEVER) <= now]
    if new:
        session.execute(insert(BudgetStateRow), new)
    if changed:
        session.execute(update(BudgetStateRow), changed)
    if new or changed:
        session.execute(update(BudgetWatch).values(version=BudgetWatch.version + 1))
    return len(new) + len(changed)


_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
_EMPTY: dict[str, Any] = {
    **dict.fromkeys(column.name for column in BudgetStateRow.__table__.columns),
    "known_changes": [],
    "data_as_of": {},
    "uncounted": {},
    "is_late": False,
    "is_blocked": False,
    "crossed": {},
}
