"""`genai-finops budget list`."""

from typing import Any

import click

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.stored_budget import load_budgets
from genai_finops.cli.budget.budget_texts import budget_json, shown_amount
from genai_finops.cli.context import control_reading, json_option, print_rows


@click.command(name="list")
@click.argument("owner", required=False)
@json_option
def command(owner: str | None, *, as_json: bool) -> None:
    """List the budgets of OWNER, or all. VALID_TO is the first day that a budget does not hold."""
    with control_reading() as session:
        budgets = [stored.budget for stored in load_budgets(session, owner)]
    rows = [budget_json(budget) if as_json else _line(budget) for budget in budgets]
    print_rows(rows, as_json=as_json, empty="No budgets. Add one: genai-finops budget add --help.")


def _line(budget: Budget) -> dict[str, Any]:
    return {
        "owner": budget.owner,
        "name": budget.name,
        "amount": shown_amount(budget.amount, budget.currency),
        "period": budget.period,
        "time_zone": budget.time_zone,
        "measure": budget.measure,
        "scope": str(budget.scope),
        "valid_from": budget.valid_from,
        "valid_to": budget.valid_to,
        "blocks": any("block" in threshold.actions for threshold in budget.thresholds),
    }
