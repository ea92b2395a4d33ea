"""`genai-finops budget set`: change a budget."""

from typing import Any

import click

from genai_finops.budgets.entry import change_budget
from genai_finops.budgets.stored_budget import stored_budget
from genai_finops.cli.budget.budget_options import budget_fields, budget_options
from genai_finops.cli.context import control_reading, current_settings, utc_now
from genai_finops.control.budget_store import get_budget
from genai_finops.errors import FinopsError


@click.command(name="set")
@click.argument("owner")
@click.argument("name")
@budget_options
@click.option("--open", "is_open", is_flag=True, help="Take its last day away.")
def command(owner: str, name: str, *, is_open: bool, **options: Any) -> None:
    """Change what is given of the budget NAME of OWNER; the rest stays. What was alerted of is not alerted of again."""
    settings = current_settings()
    with control_reading() as session:
        before = stored_budget(get_budget(session, owner, name)).budget
    changes = budget_fields(owner, of_thresholds=before.thresholds, **options)
    if is_open:
        changes["valid_to"] = None
    if changes.get("measure") == "tokens":
        changes.setdefault("currency", None)
    if not changes:
        raise FinopsError(f"Nothing of budget {before.key} was given", remedy="Give an option, as in --amount 500.")
    entered = change_budget(settings, owner, name, changes, now=utc_now(), actor=settings.actor)
    told = f"changed {', '.join(entered.changed)}" if entered.changed else "unchanged"
    click.echo(f"budget {before.key}: {told}")
    for warning in entered.warnings:
        click.echo(f"  Doubtful: {warning}", err=True)
