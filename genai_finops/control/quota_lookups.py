"""What a quota check reads beside reservations: one row or few of each, as plain columns."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from genai_finops.control.budget_models import BudgetStateRow, BudgetWatch
from genai_finops.control.models import Base, HierarchyEntity

#: A statement takes a limited number of values.
_AT_ONCE = 500

_tables = Base.metadata.tables
_watch = _tables[BudgetWatch.__tablename__]
_states = _tables[BudgetStateRow.__tablename__]
_entities = _tables[HierarchyEntity.__tablename__]
# Made once, and run past the ORM: to put a statement together takes longer than to answer it.
_WATCHED = select(_watch.c.budgets_version, _watch.c.seen_budgets, _watch.c.ticked_at)
_STATES = select(
    _states.c.budget_id,
    _states.c.failure,
    _states.c.evaluated_at,
    _states.c.period_start,
    _states.c.period_end,
    _states.c.available,
    _states.c.spend,
    _states.c.data_as_of,
).where(_states.c.budget_id.in_(bindparam("budget_ids", expanding=True)))
_PARENT = select(_entities.c.parent_entity_id).where(
    _entities.c.org_slug == bindparam("org"), _entities.c.entity_id == bindparam("entity_id")
)


class Watched(NamedTuple):
    """How fresh budgets and states are."""

    #: Moves with every change of a budget.
    budgets_version: int
    #: Of the budgets that the states were found for.
    seen_version: int | None
    #: When the states were last found, or found to still hold.
    ticked_at: dt.datetime | None


def watched(session: Session) -> Watched:
    """How fresh budgets and states are."""
    row = session.connection().execute(_WATCHED).one_or_none()
    return Watched(0, None, None) if row is None else Watched(row.budgets_version, row.seen_budgets, row.ticked_at)


def state_rows(session: Session, budget_ids: Sequence[int]) -> dict[int, Any]:
    """What was last found of these budgets, by id, with the columns of `budget_states` that a check needs."""
    connection = session.connection()
    return {
        row.budget_id: row
        for start in range(0, len(budget_ids), _AT_ONCE)
        for row in connection.execute(_STATES, {"budget_ids": budget_ids[start : start + _AT_ONCE]})
    }


def entities_above(session: Session, org: str, entity_id: str) -> tuple[str, ...]:
    """The entity of the hierarchy, which need not exist, then its parents up to the organisation."""
    found: dict[str, None] = {}
    here: str | None = entity_id
    while here is not None and here not in found:
        found[here] = None
        here = session.connection().scalar(_PARENT, {"org": org, "entity_id": here})
    return tuple(found)
