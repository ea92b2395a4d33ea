"""`genai-finops commitment price remove`: the end of an own price."""

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.control.capacity_prices import remove_capacity_price


@click.command(name="remove")
@click.argument("org")
@click.argument("price_id", metavar="ID", type=int)
def command(org: str, price_id: int) -> None:
    """End the price ID of ORG for all days. What it was stays as known before."""
    settings = current_settings()
    with control_writing() as session:
        remove_capacity_price(session, price_id, org_slug=org, now=utc_now(), actor=settings.actor)
    click.echo(f"capacity price {price_id} of {org}: removed")
