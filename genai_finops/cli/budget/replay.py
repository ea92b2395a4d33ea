"""`genai-finops budget replay`: what a budget would have told and blocked over past days."""

import dataclasses
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import click

from genai_finops.alerts.alert import Alert
from genai_finops.budgets.policy_replay import replay_budget
from genai_finops.budgets.replay import BlockedInterval
from genai_finops.budgets.stored_budget import stored_budget
from genai_finops.cli.budget.budget_options import threshold_of
from genai_finops.cli.budget.budget_texts import plain, shown_amount
from genai_finops.cli.context import control_reading, current_settings, json_option
from genai_finops.cli.days import day_range_options
from genai_finops.cli.entered_values import number
from genai_finops.control.budget_store import get_budget


@click.command(name="replay")
@click.argument("owner")
@click.argument("name")
@day_range_options
@click.option("--amount", type=number, metavar="NUMBER", help="Replay it with another amount.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="[KIND:]SHARE%=SEVERITY[:ACTIONS]",
    help="Replay it with other thresholds; may be repeated.",
)
@json_option
def command(
    *,
    owner: str,
    name: str,
    first: dt.datetime,
    last: dt.datetime,
    amount: Decimal | None,
    thresholds: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print what the budget NAME of OWNER would have alerted and blocked. Nothing is stored or sent.

    Days are those of the budget's time zone. What was spent on a day counts from 06:00 UTC of the next one on, as after
    the daily consolidation, and as it is known now.
    """
    with control_reading() as session:
        budget = stored_budget(get_budget(session, owner, name)).budget
    if amount is not None:
        budget = dataclasses.replace(budget, amount=amount)
    if thresholds:
        budget = dataclasses.replace(budget, thresholds=tuple(threshold_of(text) for text in thresholds))
    result = replay_budget(current_settings(), budget, first=first.date(), last=last.date())
    events = sorted(
        [
            *((alert.raised_at, _alert(alert)) for alert in result.alerts),
            *((one.alert.raised_at, _alert(one.alert) | {"again": True}) for one in result.reminders),
            *((one.since, _block(one)) for one in result.blocked),
        ],
        key=lambda event: event[0],
    )
    if as_json:
        click.echo(json.dumps([{"at": _text(at)} | told for at, told in events], indent=2))
        return
    for at, told in events:
        click.echo(f"{at:%Y-%m-%dT%H:%MZ}  {_line(told, budget.currency)}")
    click.echo(
        f"{sum(alert.is_sent for alert in result.alerts)} alerts, {len(result.reminders)} told again, "
        f"blocked {len(result.blocked)} times"
    )


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "what": "alert",
        "alert_id": alert.alert_id,
        "kind": alert.kind,
        "severity": alert.severity,
        "threshold": plain(alert.threshold),
        "title": alert.title,
        "is_sent": alert.is_sent,
    }


def _block(block: BlockedInterval) -> dict[str, Any]:
    return {
        "what": "blocked",
        "period_start": _text(block.period.start),
        "until": None if block.until is None else _text(block.until),
        "spend": plain(block.spend),
    }


def _line(told: dict[str, Any], currency: str | None) -> str:
    if told["what"] == "blocked":
        until = "the last day replayed" if told["until"] is None else told["until"]
        return f"blocked until {until}; {shown_amount(Decimal(told['spend']), currency)} were spent meanwhile"
    again = " (again)" if told.get("again") else ""
    return f"{told['severity']:<8}  {told['title']}{again}{'' if told['is_sent'] else ' (in the log only)'}"


def _text(moment: dt.datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
