"""`genai-finops budget status`: what is spent of each budget, and expected."""

import datetime as dt
from typing import Any

import click

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.stored_budget import load_budgets
from genai_finops.cli.budget.budget_texts import plain, shown_amount, shown_share
from genai_finops.cli.context import control_reading, json_option, print_rows
from genai_finops.control.budget_models import BudgetStateRow
from genai_finops.control.budget_store import budget_states
from genai_finops.control.budget_watch import read_watch


@click.command(name="status")
@click.argument("owner", required=False)
@json_option
def command(owner: str | None, *, as_json: bool) -> None:
    """Show how the budgets of OWNER, or all, stood at the last tick.

    DATA_AS_OF is the moment before which everything is known at every provider that a budget reaches; what was spent
    since is counted as far as it is known. A forecast is an estimate.
    """
    with control_reading() as session:
        budgets = load_budgets(session, owner)
        states = budget_states(session)
        ticked_at = read_watch(session).ticked_at
        rows = [(_json if as_json else _line)(stored.budget, states.get(stored.id), ticked_at) for stored in budgets]
    print_rows(rows, as_json=as_json, empty="No budgets. Add one: genai-finops budget add --help.")


def evaluated_at(state: BudgetStateRow, ticked_at: dt.datetime | None) -> dt.datetime:
    """As of when the state holds: a tick that finds nothing changed confirms it."""
    return state.evaluated_at if state.failure or ticked_at is None else max(state.evaluated_at, ticked_at)


def data_as_of(state: BudgetStateRow) -> dt.datetime | None:
    """Moment before which everything is known of every provider; None where no provider is known."""
    return min(map(dt.datetime.fromisoformat, state.data_as_of.values()), default=None)


def standing(state: BudgetStateRow | None) -> str:
    """In a word or two."""
    if state is None:
        return "not evaluated yet"
    if state.status != "evaluated":
        return state.status
    said = [word for word, holds in (("blocked", state.is_blocked), ("data late", state.is_late)) if holds]
    actual = [severity for name, severity in state.crossed.items() if name.startswith("actual")]
    worst = next((each for each in ("exceeded", "critical", "warning", "info") if each in actual), None)
    return ", ".join([*([worst] if worst else []), *said]) or "within"


def _line(budget: Budget, state: BudgetStateRow | None, ticked_at: dt.datetime | None) -> dict[str, Any]:
    known = state is not None and state.available is not None
    return {
        "owner": budget.owner,
        "name": budget.name,
        "status": standing(state),
        "spent": shown_amount(state.spend, budget.currency) if state and known else None,
        "of": shown_amount(state.available if state and known else budget.amount, budget.currency),
        "share": shown_share(state.spend, state.available) if state else None,
        "forecast": shown_amount(state.forecast, budget.currency) if state else None,
        "used_up_on": state.exhaustion_day if state else None,
        "period_ends": _minute(state.period_end) if state else None,
        "data_as_of": _minute(data_as_of(state)) if state else None,
        "evaluated": _minute(evaluated_at(state, ticked_at)) if state else None,
    }


def _minute(moment: dt.datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%MZ}"


def _json(budget: Budget, state: BudgetStateRow | None, ticked_at: dt.datetime | None) -> dict[str, Any]:
    named = {"owner": budget.owner, "name": budget.name, "currency": budget.currency, "status": standing(state)}
    if state is None:
        return named
    return {
        **named,
        "failure": state.failure,
        "period_start": state.period_start,
        "period_end": state.period_end,
        "available": plain(state.available),
        "carried": plain(state.carried),
        "spend": plain(state.spend),
        "uncounted": state.uncounted,
        "forecast": plain(state.forecast),
        "forecast_80": [plain(state.forecast_lower_80), plain(state.forecast_upper_80)],
        "forecast_95": [plain(state.forecast_lower_95), plain(state.forecast_upper_95)],
        "forecast_method": state.forecast_method,
        "backtest_error": plain(state.backtest_error),
        "known_changes": state.known_changes,
        "exhaustion_day": state.exhaustion_day,
        "crossed": state.crossed,
        "is_blocked": state.is_blocked,
        "is_late": state.is_late,
        "data_as_of": state.data_as_of,
        "evaluated_at": evaluated_at(state, ticked_at),
    }
