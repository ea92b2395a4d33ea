"""`genai-finops anomaly`: days that cost other than expected, and events that explain some beforehand."""

import datetime as dt

import click

from genai_finops.anomalies.scan import scan_anomalies
from genai_finops.cli.context import (
    control_reading,
    control_writing,
    current_settings,
    json_option,
    print_rows,
    utc_now,
)
from genai_finops.cli.days import day_range_options, window_from
from genai_finops.cli.errors import FinopsGroup
from genai_finops.control.alert_content import PLATFORM
from genai_finops.control.anomaly_store import list_anomalies, mute_again
from genai_finops.control.attribution_rules import shown_name
from genai_finops.control.known_events import add_event, list_events, remove_event
from genai_finops.control.organisations import get_organisation
from genai_finops.warehouse.spend_scope import SpendScope

_owner_option = click.option(
    "--org", "owner", default=PLATFORM, metavar="SLUG", help="Organisation; without, the platform."
)


@click.group(cls=FinopsGroup)
def anomaly() -> None:
    """Days that cost other than expected, and events that explain some beforehand."""


@anomaly.command(name="list")
@click.option("--org", metavar="SLUG", help="Only of this organisation.")
@click.option("--all", "is_all", is_flag=True, help="Also what an event mutes, and what no longer holds.")
@json_option
def list_command(*, org: str | None, is_all: bool, as_json: bool) -> None:
    """List anomalies, the latest day first."""
    with control_reading() as session:
        rows = list_anomalies(session, org, include_all=is_all)
    if as_json:
        told = [
            {
                "id": row.anomaly_id,
                "org": row.org_slug,
                "scope": row.scope,
                "day": row.usage_date,
                "direction": row.direction,
                "severity": row.severity,
                "currency": row.currency,
                "actual": str(row.actual),
                "expected": str(row.expected),
                "allowed": str(row.allowed),
                "baseline_day": row.baseline_day,
                "effects": row.effects,
                "message": row.message,
                "muted_by": row.muted_by,
                "resolved_at": row.resolved_at,
            }
            for row in rows
        ]
        print_rows(told, as_json=True, empty="")
        return
    shown = [
        {
            "day": row.usage_date,
            "scope": ",".join(f"{dimension}={shown_name(value)}" for dimension, value in row.scope.items()),
            "severity": row.severity,
            "expected": f"{row.expected:.2f}",
            "actual": f"{row.actual:.2f} {row.currency}",
            "state": "resolved" if row.resolved_at else f"muted by {row.muted_by}" if row.muted_by else "open",
        }
        for row in rows
    ]
    print_rows(shown, as_json=False, empty="No anomaly.")


@anomaly.command()
@day_range_options
def scan(*, first: dt.datetime, last: dt.datetime) -> None:
    """Look at days again, store what is found, and raise alerts of what is new."""
    window = window_from(first, last)
    settings = current_settings()
    days = [window.start.date() + dt.timedelta(days=number) for number in range((window.end - window.start).days)]
    found = scan_anomalies(settings, days, now=settings.simulated_now or utc_now())
    for one in found.anomalies:
        click.echo(f"{one.severity}: {one.message}{f' (muted by {one.muted_by})' if one.muted_by else ''}")
    click.echo(
        f"{len(found.days)} days, {len(found.anomalies)} anomalies: {found.raised} new, {found.resolved} no longer "
        f"hold, {found.alerts} alerts raised"
    )


@anomaly.group(cls=FinopsGroup)
def event() -> None:
    """Events that are known to change cost: anomalies of their scope and days are kept, and nobody is told."""


@event.command(name="add")
@click.argument("name")
@day_range_options
@_owner_option
@click.option("--scope", default="", metavar="DIMENSION=VALUE,...", help="Without, all cost of the owner.")
def add_command(*, name: str, first: dt.datetime, last: dt.datetime, owner: str, scope: str) -> None:
    """Enter an event of the days --from to --to, such as a launch or a load test."""
    settings = current_settings()
    text = scope if owner == PLATFORM or "org=" in scope else ",".join(filter(None, (f"org={owner}", scope)))
    values = SpendScope.parse(text).as_mapping()
    with control_writing() as session:
        if owner != PLATFORM:
            get_organisation(session, owner)
        add_event(
            session,
            owner=owner,
            name=name,
            scope=values,
            first_day=first.date(),
            last_day=last.date(),
            actor=settings.actor,
            now=utc_now(),
        )
        mute_again(session)
    click.echo(f"event {name}: {first.date()} to {last.date()}, {text or 'everything'}")


@event.command(name="list")
@click.option("--org", metavar="SLUG", help="Only of this organisation.")
@json_option
def list_events_command(*, org: str | None, as_json: bool) -> None:
    """List events by their first day."""
    with control_reading() as session:
        rows = list_events(session, org)
    shown = [
        {
            "name": row.name,
            "owner": row.owner,
            "scope": ",".join(f"{dimension}={value}" for dimension, value in row.scope.items()) or None,
            "first_day": row.first_day,
            "last_day": row.last_day,
        }
        for row in rows
    ]
    print_rows(shown, as_json=as_json, empty="No event.")


@event.command(name="remove")
@click.argument("name")
@_owner_option
def remove_command(*, name: str, owner: str) -> None:
    """Remove an event: what it muted is open again."""
    with control_writing() as session:
        remove_event(session, owner=owner, name=name, actor=current_settings().actor, now=utc_now())
        mute_again(session)
    click.echo(f"event {name} removed")
