"""`genai-finops alert dead-letters`: deliveries that were given up."""

import click

from genai_finops.cli.context import control_reading, json_option, print_rows
from genai_finops.control.alert_outbox import list_deliveries
from genai_finops.control.attribution_rules import shown_name


@click.command(name="dead-letters")
@click.argument("owner", required=False)
@json_option
def command(*, owner: str | None, as_json: bool) -> None:
    """List the deliveries of the alerts of OWNER (an organisation, or '*'), or of all, that were given up."""
    with control_reading() as session:
        rows = [
            {
                "delivery": row.delivery_id,
                "owner": row.alert.owner,
                "channel": f"{row.channel_owner}/{row.channel_name}",
                "severity": row.alert.severity,
                "attempts": row.attempts,
                "created_at": row.created_at,
                "error": row.last_error,
                "title": row.alert.title if as_json else shown_name(row.alert.title, max_length=80),
            }
            for row in list_deliveries(session, owner=owner, state="dead")
        ]
    print_rows(rows, as_json=as_json, empty="No dead letters.")
