"""`genai-finops quota settle`: what a request took in the end."""

from contextlib import closing
from typing import Any

import click

from genai_finops.cli.context import current_settings
from genai_finops.cli.quota.options import amount_from, amount_options, process_time
from genai_finops.quotas.gate import QuotaGate
from genai_finops.warehouse.spend_scope import SpendScope


@click.command(name="settle")
@click.argument("reservation_id", metavar="RESERVATION")
@amount_options
@click.option("--scope", default="", help="Of the request, where --usage is to be priced.")
def command(*, reservation_id: str, scope: str, **told: Any) -> None:
    """Say what the request of RESERVATION took; without an amount, what was estimated. Twice changes nothing."""
    now = process_time()
    amount = amount_from(SpendScope.parse(scope).as_mapping(), is_upper_bound=False, now=now, **told)
    with closing(QuotaGate(current_settings())) as gate:
        ended = gate.settle(reservation_id, amount, now=now)
    click.echo(f"reservation {reservation_id}: {'settled before' if ended == 'repeated' else ended}")
