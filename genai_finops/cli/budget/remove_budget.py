"""`genai-finops budget remove`: delete a budget."""

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.control.budget_store import remove_budget


@click.command(name="remove")
@click.argument("owner")
@click.argument("name")
def command(owner: str, name: str) -> None:
    """Delete the budget NAME of OWNER and its state. What it alerted of stays in the alert log."""
    with control_writing() as session:
        remove_budget(session, owner, name, now=utc_now(), actor=current_settings().actor)
    click.echo(f"budget {owner}/{name}: removed")
