"""`genai-finops budget show`: everything about one budget."""

import json
from typing import Any

import click

from genai_finops.budgets.stored_budget import stored_budget
from genai_finops.cli.budget.budget_texts import budget_json, shown_amount, shown_share
from genai_finops.cli.budget.status import data_as_of, evaluated_at, standing
from genai_finops.cli.context import control_reading
from genai_finops.control.budget_models import BudgetStateRow
from genai_finops.control.budget_store import budget_states, get_budget
from genai_finops.control.budget_watch import read_watch


@click.command(name="show")
@click.argument("owner")
@click.argument("name")
def command(owner: str, name: str) -> None:
    """Show what was entered of the budget NAME of OWNER, and how it stood at the last tick."""
    with control_reading() as session:
        stored = stored_budget(get_budget(session, owner, name))
        state = budget_states(session, [stored.id]).get(stored.id)
        told = {name: value for name, value in budget_json(stored.budget).items() if value is not None}
        if state is not None:
            told |= _state(state, stored.budget.currency) | {
                "evaluated": evaluated_at(state, read_watch(session).ticked_at)
            }
    width = max(map(len, told))
    for key, value in told.items():
        lines = value if isinstance(value, list) else [json.dumps(value) if isinstance(value, dict) else str(value)]
        for number, line in enumerate(lines):
            click.echo(f"{'' if number else key:<{width}}  {line}")


def _state(state: BudgetStateRow, currency: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"status": standing(state)}
    if state.failure is not None:
        told["failure"] = state.failure
    if state.period_start is None or state.period_end is None:
        return told
    interval = f"{shown_amount(state.forecast_lower_80, currency)} to {shown_amount(state.forecast_upper_80, currency)}"
    forecast = {
        "forecast": f"{shown_amount(state.forecast, currency)} ({interval} at 80 %)",
        "forecast_method": f"{state.forecast_method}, from {state.history_days} days",
        "backtest_error": None if state.backtest_error is None else f"{state.backtest_error * 100:.1f} %",
        "used_up_on": state.exhaustion_day,
        "known_changes": [f"{change['day']}: {change['reason']}" for change in state.known_changes] or None,
    }
    return told | {
        key: value
        for key, value in {
            "period_start": state.period_start,
            "period_end": state.period_end,
            "available": shown_amount(state.available, currency),
            "carried": shown_amount(state.carried, currency) if state.carried else None,
            "spent": f"{shown_amount(state.spend, currency)} ({shown_share(state.spend, state.available)})",
            "not_counted": state.uncounted or None,
            **(forecast if state.forecast is not None else {}),
            "data_as_of": data_as_of(state),
        }.items()
        if value is not None
    }
