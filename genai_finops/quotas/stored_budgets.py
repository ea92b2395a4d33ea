"""Budgets and what is known of their spend, from the control database into the shapes that a check works on."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.periods import Period, period_at
from genai_finops.budgets.stored_budget import stored_budget
from genai_finops.control.budget_store import list_budgets
from genai_finops.control.quota_lookups import Watched, state_rows
from genai_finops.errors import FinopsError
from genai_finops.quotas.budget_index import BudgetIndex, IndexedBudget
from genai_finops.quotas.decision import KnownSpend

#: A budget that was evaluated longer ago is unknown. Ticks come every five minutes, but wait while dbt builds.
STATE_LIMIT = dt.timedelta(hours=1)


def read_index(session: Any, version: int) -> BudgetIndex:
    """The budgets that can block. One that cannot be read is left out, and named."""
    budgets, unreadable = [], []
    for row in list_budgets(session):
        # Most budgets only alert; to read one takes longer than to see that.
        if not any("block" in threshold.get("actions", "") for threshold in row.thresholds):
            continue
        try:
            stored = stored_budget(row)
        except (FinopsError, ValueError, ArithmeticError, KeyError) as error:
            unreadable.append(f"{row.owner}/{row.name}: {type(error).__name__}")
            continue
        budgets.append(IndexedBudget(budget_id=stored.id, budget=stored.budget, changed_at=row.changed_at))
    return BudgetIndex(budgets, version=version, unreadable=unreadable)


def known_spends(
    session: Any, budgets: Sequence[IndexedBudget], *, watched: Watched, now: dt.datetime, limit: dt.timedelta
) -> dict[int, KnownSpend]:
    """What is known of the present period of each budget, by id; nothing of those that have no period now."""
    if not budgets:
        return {}
    states = state_rows(session, [each.budget_id for each in budgets])
    found = {each.budget_id: _known(each, states.get(each.budget_id), watched, now, limit) for each in budgets}
    return {budget_id: known for budget_id, known in found.items() if known is not None}


def _known(
    indexed: IndexedBudget, state: Any, watched: Watched, now: dt.datetime, limit: dt.timedelta
) -> KnownSpend | None:
    period = _period(indexed.budget, state, now)
    if period is None:
        return None
    why = _unknown_because(indexed, state, watched, now, limit)
    if why is not None:
        return KnownSpend(period=period, why=why)
    data_as_of = {provider: dt.datetime.fromisoformat(text) for provider, text in state.data_as_of.items()}
    is_of_period = state.period_start == period.start
    return KnownSpend(
        period=period,
        # Of a period that began after the last evaluation nothing is spent yet. What earlier ones may have left over
        # is not known until the next evaluation.
        spend=state.spend if is_of_period else Decimal(0),
        available=state.available if is_of_period else indexed.budget.amount,
        evaluated_at=_as_of(state, watched),
        data_as_of=data_as_of,
    )


def _period(budget: Budget, state: Any, now: dt.datetime) -> Period | None:
    if (
        state is not None
        and state.period_start is not None
        and state.period_start <= now < state.period_end
        and state.failure is None
    ):
        return Period(state.period_start, state.period_end)
    return period_at(budget, now)


def _unknown_because(
    indexed: IndexedBudget, state: Any, watched: Watched, now: dt.datetime, limit: dt.timedelta
) -> str | None:
    if state is None or state.spend is None or state.available is None:
        return "it has never been evaluated"
    if state.failure is not None:
        return f"it could not be evaluated: {state.failure}"
    if watched.seen_version != watched.budgets_version and indexed.changed_at > state.evaluated_at:
        return "it has not been evaluated since it was changed"
    as_of = _as_of(state, watched)
    if as_of < now - limit:
        return f"it was last evaluated at {as_of:%Y-%m-%d %H:%M}Z"
    return None


def _as_of(state: Any, watched: Watched) -> dt.datetime:
    moment: dt.datetime = state.evaluated_at
    return moment if watched.ticked_at is None else max(moment, watched.ticked_at)
