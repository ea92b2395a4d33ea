"""`genai-finops alert show`: one alert, and what became of each of its deliveries."""

from typing import Any

import click

from genai_finops.alerts.rendering import text_body
from genai_finops.alerts.sending import Outgoing
from genai_finops.cli.alert.list_alerts import alert_json
from genai_finops.cli.context import control_reading, json_option, print_rows
from genai_finops.control.alert_log import find_alert, stored_alert
from genai_finops.control.alert_models import AlertDelivery
from genai_finops.control.alert_outbox import list_attempts, list_deliveries


@click.command(name="show")
@click.argument("alert_id")
@json_option
def command(*, alert_id: str, as_json: bool) -> None:
    """Show the alert ALERT_ID, of which the first digits suffice."""
    with control_reading() as session:
        record = find_alert(session, alert_id)
        deliveries = [_delivery(row) for row in list_deliveries(session, alert_id=record.alert_id)]
        for delivery in deliveries:
            attempts = list_attempts(session, delivery["delivery"])
            delivery["history"] = ", ".join(
                f"{row.started_at:%d. %H:%M} {row.outcome or 'unknown'}" for row in attempts
            )
        if as_json:
            print_rows([{**alert_json(record), "deliveries": deliveries}], as_json=True, empty="")
            return
        outgoing = Outgoing(
            delivery_id="", attempt=1, is_reminder=False, alert=stored_alert(record), now=record.raised_at
        )
        click.echo(text_body(outgoing))
        click.echo(f"Alert {record.alert_id}\n")
    print_rows(deliveries, as_json=False, empty="No deliveries: nobody is told.")


def _delivery(row: AlertDelivery) -> dict[str, Any]:
    return {
        "delivery": row.delivery_id,
        "channel": f"{row.channel_owner}/{row.channel_name}",
        "sequence": row.sequence,
        "state": row.state,
        "attempts": row.attempts,
        "not_before": row.not_before,
        "sent_at": row.sent_at,
        "last_error": row.last_error,
    }
