"""`genai-finops quota release`: a request that took nothing."""

from contextlib import closing

import click

from genai_finops.cli.context import current_settings
from genai_finops.cli.quota.options import process_time
from genai_finops.quotas.gate import QuotaGate


@click.command(name="release")
@click.argument("reservation_id", metavar="RESERVATION")
def command(*, reservation_id: str) -> None:
    """Say that the request of RESERVATION took nothing."""
    with closing(QuotaGate(current_settings())) as gate:
        ended = gate.release(reservation_id, now=process_time())
    click.echo(f"reservation {reservation_id}: {'had ended before' if ended == 'repeated' else ended}")
