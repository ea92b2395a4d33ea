"""Budgets in the control database: rows in, rows out. What a budget means is checked in budgets/, above."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from genai_finops.control.budget_models import BudgetRow, BudgetStateRow, BudgetWatch
from genai_finops.control.changes import record
from genai_finops.errors import FinopsError

#: Owner of what belongs to no organisation.
PLATFORM = "*"


def add_budget(session: Session, columns: Mapping[str, Any], *, now: dt.datetime, actor: str) -> BudgetRow:
    """Adds a budget. Call it inside `writing`. Raises FinopsError where the owner has one of that name."""
    row = BudgetRow(**columns, changed_at=now)
    if _found(session, row.owner, row.name) is not None:
        raise FinopsError(
            f"Budget {row.owner}/{row.name} exists already",
            remedy=f"Take another name, or change it: genai-finops budget set {row.owner} {row.name} --help.",
        )
    session.add(row)
    session.flush()
    _changed(session, row, "add", dict(columns), now=now, actor=actor)
    return row


def set_budget(
    session: Session, owner: str, name: str, columns: Mapping[str, Any], *, now: dt.datetime, actor: str
) -> tuple[BudgetRow, list[str]]:
    """Gives a budget other values, and names the columns that changed. Call it inside `writing`.

    Raises FinopsError where there is no such budget.
    """
    row = get_budget(session, owner, name)
    before = {column: getattr(row, column) for column in columns}
    changed = [column for column, value in columns.items() if before[column] != value]
    for column in changed:
        setattr(row, column, columns[column])
    if changed:
        row.changed_at = now
        session.flush()
        detail = {column: {"before": before[column], "after": columns[column]} for column in changed}
        _changed(session, row, "set", detail, now=now, actor=actor)
    return row, changed


def remove_budget(session: Session, owner: str, name: str, *, now: dt.datetime, actor: str) -> BudgetRow:
    """Deletes a budget and its state; what it alerted of stays. Call it inside `writing`.

    Raises FinopsError where there is no such budget.
    """
    row = get_budget(session, owner, name)
    state = session.get(BudgetStateRow, row.id)
    if state is not None:
        session.delete(state)
        session.flush()
    session.delete(row)
    session.flush()
    _changed(session, row, "remove", {"id": row.id, "amount": row.amount}, now=now, actor=actor)
    return row


def get_budget(session: Session, owner: str, name: str) -> BudgetRow:
    """Raises FinopsError where there is no such budget."""
    row = _found(session, owner, name)
    if row is None:
        raise FinopsError(
            f"Budget {owner}/{name} does not exist", remedy="Take owner and name from genai-finops budget list."
        )
    return row


def list_budgets(session: Session, owner: str | None = None) -> Sequence[BudgetRow]:
    """The budgets of one owner or of all, by owner and name."""
    query = select(BudgetRow).order_by(BudgetRow.owner, BudgetRow.name)
    return session.scalars(query if owner is None else query.where(BudgetRow.owner == owner)).all()


def budget_rows(session: Session) -> Sequence[Any]:
    """All budgets, by owner and name: plain rows, because there may be very many."""
    table = BudgetRow.__table__
    return session.execute(select(table).order_by(table.c.owner, table.c.name)).all()


def budget_states(session: Session, budget_ids: Sequence[int] | None = None) -> dict[int, BudgetStateRow]:
    """What was last found of these budgets or of all, by the id of the budget; nothing of one never evaluated."""
    query = select(BudgetStateRow)
    if budget_ids is not None:
        query = query.where(BudgetStateRow.budget_id.in_(budget_ids))
    return {row.budget_id: row for row in session.scalars(query)}


def budget_version(session: Session) -> int:
    """A number that moves with every change of a budget or of a state."""
    return session.scalars(select(func.max(BudgetWatch.version))).one() or 0


def last_tick(session: Session) -> dt.datetime | None:
    """When a tick last found the data readable; None before the first."""
    return session.scalars(select(func.max(BudgetWatch.ticked_at))).one()


def _found(session: Session, owner: str, name: str) -> BudgetRow | None:
    return session.scalars(select(BudgetRow).where(BudgetRow.owner == owner, BudgetRow.name == name)).one_or_none()


def _changed(
    session: Session, row: BudgetRow, verb: str, detail: Mapping[str, Any], *, now: dt.datetime, actor: str
) -> None:
    session.execute(
        update(BudgetWatch).values(version=BudgetWatch.version + 1, budgets_version=BudgetWatch.budgets_version + 1)
    )
    record(
        session,
        now=now,
        actor=actor,
        action=f"budget.{verb}",
        org_slug=None if row.owner == PLATFORM else row.owner,
        subject=f"{row.owner}/{row.name}",
        detail=detail,
    )
