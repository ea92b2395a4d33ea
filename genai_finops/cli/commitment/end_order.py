"""`genai-finops commitment end`: an order that stopped before the end of its term."""

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.cli.entered_values import billing_currencies
from genai_finops.cli.moments import moment_from
from genai_finops.control.commitments import commitment_terms, end_commitment


@click.command(name="end")
@click.argument("org")
@click.argument("provider")
@click.argument("commitment_id", metavar="ID")
@click.option("--at", "at", required=True, metavar="MOMENT", help="When it stopped, as 2026-10-15T00:00:00Z.")
def command(*, org: str, provider: str, commitment_id: str, at: str) -> None:
    """Say when the order ID of ORG at PROVIDER stopped. At the end of its term an order ends by itself."""
    settings = current_settings()
    with control_writing() as session:
        row = end_commitment(
            session,
            commitment_id,
            org_slug=org,
            provider=provider,
            ended_at=moment_from(at, option="--at"),
            currencies=billing_currencies(settings),
            now=utc_now(),
            actor=settings.actor,
        )
        line = f"commitment {row.commitment_id} of {org}/{row.account_id}: ended\n  {commitment_terms(row).summary}"
    click.echo(line)
