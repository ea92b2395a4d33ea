"""`genai-finops budget add`: how much a scope may spend in each period."""

from typing import Any

import click

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.entry import enter_budget
from genai_finops.cli.budget.budget_options import budget_fields, budget_options, scope_of
from genai_finops.cli.budget.budget_texts import shown_amount
from genai_finops.cli.context import current_settings, utc_now
from genai_finops.errors import FinopsError


@click.command(name="add")
@click.argument("owner")
@click.argument("name")
@budget_options
def command(owner: str, name: str, **options: Any) -> None:
    """Give OWNER a budget NAME. OWNER is an organisation, or * for what spans several.

    A budget that nothing could ever be spent from is refused; what makes that doubtful is told.

    \b
      genai-finops budget add acme monthly --amount 5000 --currency USD
      genai-finops budget add acme web-daily --scope tenant=web --amount 40 --currency USD --period daily \\
        --time-zone Europe/Berlin --block --threshold 80%=warning --threshold 100%=exceeded
      genai-finops budget add '*' tokens --scope provider=openai --measure tokens --amount 2000000000
    """
    settings = current_settings()
    now = utc_now()
    given = budget_fields(owner, **options)
    if "amount" not in given:
        raise FinopsError(f"Budget {owner}/{name} has no amount", remedy="Add --amount NUMBER.")
    measure = given.get("measure", "effective_cost")
    defaults: dict[str, Any] = {
        "scope": scope_of(owner, ()),
        "period": "monthly",
        "time_zone": "UTC",
        "measure": measure,
        "currency": None if measure == "tokens" else "USD",
        "valid_from": (settings.simulated_now or now).date().replace(day=1),
    }
    budget = Budget(owner=owner, name=name, **{**defaults, **given})
    entered = enter_budget(settings, budget, now=now, actor=settings.actor)
    click.echo(
        f"budget {budget.key}: added\n  {shown_amount(budget.amount, budget.currency)}, {budget.period} "
        f"({budget.time_zone}), for {budget.scope}"
    )
    for warning in entered.warnings:
        click.echo(f"  Doubtful: {warning}", err=True)
    click.echo("The next tick evaluates it, within five minutes; or now: genai-finops budget tick.")
