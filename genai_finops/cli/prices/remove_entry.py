"""`genai-finops prices remove`: the end of a price or plan that was entered."""

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.cli.prices.entry_texts import NEXT_STEP, owner
from genai_finops.control.plans import remove_plan
from genai_finops.control.price_entries import remove_price, terms_of
from genai_finops.errors import FinopsError


@click.command(name="remove")
@click.argument("entry_id", metavar="ID")
@click.option("--org", help="Organisation of the price or plan; without it a price of the platform.")
def command(*, entry_id: str, org: str | None) -> None:
    """End the price or plan ID, as `prices list` names it. What it did before stays as known before.

    Prices are removed for all days: to end one on a day, remove it and set it again with --to.

    \b
    Example:
      genai-finops prices remove --org acme 17
    """
    actor = current_settings().actor
    if entry_id.isascii() and entry_id.isdecimal():
        with control_writing() as session:
            entry = remove_price(session, int(entry_id), org_slug=org, now=utc_now(), actor=actor)
            line = f"price {entry.id} of {owner(entry)}: removed\n  {terms_of(entry).summary}"
        click.echo(f"{line}\n{NEXT_STEP}")
        return
    if org is None:
        raise FinopsError(
            f"{entry_id!r} is not the id of a price, and plans belong to an organisation",
            remedy="Give the number of a price, or --org with the id of a plan.",
        )
    with control_writing() as session:
        remove_plan(session, entry_id, org_slug=org, now=utc_now(), actor=actor)
    click.echo(f"plan {entry_id} of {org}: removed")
