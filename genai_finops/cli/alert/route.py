"""`genai-finops alert route`: which alerts go to which channel, and at which hours not."""

from typing import Any

import click

from genai_finops.cli.context import (
    control_reading,
    control_writing,
    current_settings,
    json_option,
    print_rows,
    utc_now,
)
from genai_finops.cli.errors import FinopsGroup
from genai_finops.control.alert_content import KINDS, SEVERITIES, AlertKind, AlertSeverity
from genai_finops.control.alert_models import AlertRoute
from genai_finops.control.alert_routes import add_route, list_routes, remove_route
from genai_finops.errors import FinopsError


@click.group(cls=FinopsGroup)
def command() -> None:
    """Which alerts go to which channel. OWNER is an organisation, or '*' for the platform.

    An organisation's routes carry its own alerts. The platform's carry the platform's own, those of one organisation
    (--of), or everybody's (--of-all).
    """


@command.command()
@click.argument("owner")
@click.argument("channel")
@click.option("--of", "of_org", metavar="ORG", help="Of the platform's routes: the alerts of this organisation.")
@click.option("--of-all", is_flag=True, help="Of the platform's routes: everybody's alerts.")
@click.option("--min-severity", type=click.Choice(SEVERITIES), default="info", show_default=True)
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="May be repeated.  [default: all]")
@click.option("--quiet", metavar="HH:MM-HH:MM", help="Hours at which alerts are held back until they end.")
@click.option("--time-zone", help="Of the quiet hours, as in Europe/Berlin.")
@click.option("--breakthrough", type=click.Choice(SEVERITIES), help="Sent at quiet hours too, from this severity on.")
def add(
    *,
    owner: str,
    channel: str,
    of_org: str | None,
    of_all: bool,
    min_severity: AlertSeverity,
    kinds: tuple[AlertKind, ...],
    quiet: str | None,
    time_zone: str | None,
    breakthrough: AlertSeverity | None,
) -> None:
    """Send alerts to CHANNEL of OWNER.

    \b
      genai-finops alert route add acme ops --min-severity warning
      genai-finops alert route add '*' oncall --of-all --min-severity exceeded
      genai-finops alert route add acme mail --quiet 22:00-07:00 --time-zone Europe/Berlin --breakthrough critical
    """
    if of_org is not None and of_all:
        raise FinopsError("--of and --of-all are both given", remedy="Give one of them.")
    settings = current_settings()
    with control_writing() as session:
        row = add_route(
            session,
            owner=owner,
            channel=channel,
            alerts_of=None if of_all else of_org or owner,
            min_severity=min_severity,
            kinds=kinds,
            quiet=quiet,
            time_zone=time_zone,
            breakthrough=breakthrough,
            now=utc_now(),
            actor=settings.actor,
        )
        route_id = row.id
    click.echo(f"alert route {route_id}: added")


@command.command(name="list")
@click.argument("owner", required=False)
@json_option
def list_(owner: str | None, as_json: bool) -> None:
    """List the routes of OWNER, or all."""
    with control_reading() as session:
        rows = [_shown(row) for row in list_routes(session, owner)]
    print_rows(rows, as_json=as_json, empty="No routes: nobody is told. Add one: genai-finops alert route add --help.")


@command.command()
@click.argument("owner")
@click.argument("route_id", type=int)
def remove(owner: str, route_id: int) -> None:
    """Delete the route ROUTE_ID of OWNER. What was raised before still goes its way."""
    with control_writing() as session:
        remove_route(session, owner=owner, route_id=route_id, now=utc_now(), actor=current_settings().actor)
    click.echo(f"alert route {route_id}: removed")


def _shown(row: AlertRoute) -> dict[str, Any]:
    quiet = f"{row.quiet_from}-{row.quiet_until} {row.time_zone}" if row.quiet_from else None
    return {
        "owner": row.owner,
        "route": row.id,
        "channel": row.channel.name,
        "alerts_of": "(everybody)" if row.alerts_of is None else row.alerts_of,
        "min_severity": row.min_severity,
        "kinds": row.kinds or "(all)",
        "quiet": quiet,
        "breakthrough": row.breakthrough,
    }
