"""`genai-finops quota reservations`: requests that are under way."""

import click

from genai_finops.cli.context import control_reading, json_option, print_rows
from genai_finops.cli.quota.options import process_time
from genai_finops.control.reservations import open_reservations
from genai_finops.quotas.figures import plain_figure


@click.command(name="reservations")
@json_option
def command(*, as_json: bool) -> None:
    """List reservations that were neither settled nor released, and have not expired."""
    with control_reading() as session:
        rows = [
            {
                "reservation": row.reservation_id,
                "scope": ",".join(f"{name}={value}" for name, value in row.scope.items()),
                "cost": None if row.estimated_cost is None else plain_figure(row.estimated_cost),
                "currency": row.currency,
                "tokens": None if row.estimated_tokens is None else plain_figure(row.estimated_tokens),
                "made_at": row.made_at,
                "expires_at": row.expires_at,
            }
            for row in open_reservations(session, now=process_time())
        ]
    print_rows(rows, as_json=as_json, empty="No request is under way.")
