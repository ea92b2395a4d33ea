"""`genai-finops alert list`: what was raised."""

import datetime as dt
from typing import Any

import click

from genai_finops.alerts.wording import shown_amount, shown_share
from genai_finops.cli.context import control_reading, json_option, print_rows
from genai_finops.cli.entered_values import as_texts
from genai_finops.control.alert_content import KINDS, AlertKind
from genai_finops.control.alert_log import list_alerts, stored_alert
from genai_finops.control.alert_models import AlertRecord
from genai_finops.control.attribution_rules import shown_name

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(name="list")
@click.argument("owner", required=False)
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="May be repeated.")
@click.option("--since", type=_DAY, metavar="YYYY-MM-DD", help="First UTC day.")
@click.option("--unrouted", is_flag=True, help="Only those that no route carried: nobody was told.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="The latest so many.")
@json_option
def command(
    *,
    owner: str | None,
    kinds: tuple[AlertKind, ...],
    since: dt.datetime | None,
    unrouted: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List the alerts of OWNER (an organisation, or '*' for the platform), or all, the latest first."""
    with control_reading() as session:
        rows = [
            alert_json(row) if as_json else _line(row)
            for row in list_alerts(
                session,
                owner=owner,
                kinds=kinds,
                since=None if since is None else since.replace(tzinfo=dt.UTC),
                only_unrouted=unrouted,
                limit=limit,
            )
        ]
    print_rows(rows, as_json=as_json, empty="No alerts.")


def alert_json(row: AlertRecord) -> dict[str, Any]:
    """The alert as JSON shows it: amounts as text."""
    values = {column.name: getattr(row, column.name) for column in AlertRecord.__table__.columns}
    values["drivers"] = [{"name": driver.name, "amount": f"{driver.amount:f}"} for driver in row.drivers]
    return as_texts(values)


def _line(row: AlertRecord) -> dict[str, Any]:
    share = stored_alert(row).share
    return {
        "alert": row.alert_id[:12],
        "raised_at": row.raised_at,
        "owner": row.owner,
        "severity": row.severity,
        "kind": row.kind,
        "spend": None if row.spend is None else shown_amount(row.spend, row.currency),
        "share": None if share is None else shown_share(share),
        "routed": row.is_routed,
        "title": shown_name(row.title, max_length=100),
    }
