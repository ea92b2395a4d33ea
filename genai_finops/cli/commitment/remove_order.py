"""`genai-finops commitment remove`: an order that was entered by mistake."""

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.control.commitments import remove_commitment


@click.command(name="remove")
@click.argument("org")
@click.argument("provider")
@click.argument("commitment_id", metavar="ID")
def command(*, org: str, provider: str, commitment_id: str) -> None:
    """Take back the order ID of ORG at PROVIDER, as if it had never been: one that stopped early is ended instead."""
    settings = current_settings()
    with control_writing() as session:
        row = remove_commitment(
            session, commitment_id, org_slug=org, provider=provider, now=utc_now(), actor=settings.actor
        )
        line = f"commitment {row.commitment_id} of {org}/{row.account_id}: removed"
    click.echo(line)
