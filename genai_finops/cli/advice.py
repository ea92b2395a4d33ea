"""`genai-finops advice`: what could be saved, how sure that is, and what it has saved."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

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
from genai_finops.control.advice_models import AdviceRow, AdviceState
from genai_finops.control.advice_store import OPEN, Decision, decide, get_advice, list_advice
from genai_finops.control.attribution_rules import shown_name
from genai_finops.optimisation.advice import KINDS, ClaimedSaving, total_savings
from genai_finops.optimisation.load_words import decimal_text
from genai_finops.optimisation.realised import realised_saving
from genai_finops.optimisation.refresh import refresh_advice
from genai_finops.warehouse.advice_query import AdviceQuery
from genai_finops.warehouse.open import open_warehouse

_STATES: tuple[AdviceState, ...] = ("open", "accepted", "done", "dismissed", "resolved")
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=FinopsGroup)
def advice() -> None:
    """What could be saved, how sure that is, and what it has saved."""


@advice.command(name="list")
@click.option("--org", metavar="SLUG", help="Only advice of this organisation.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only this kind; may be repeated.")
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Instead of what is open.")
@click.option("--all", "is_all", is_flag=True, help="Advice in every state.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Rows; JSON has all.")
@json_option
def list_command(
    *, org: str | None, kinds: tuple[str, ...], states: tuple[str, ...], is_all: bool, limit: int, as_json: bool
) -> None:
    """List advice, what saves most first, and what can be saved in all.

    Savings are for 30 days. Advice of one group speaks of the same money: the total takes the kind of each group that
    saves most.
    """
    wanted = _STATES if is_all else cast("tuple[AdviceState, ...]", states) or OPEN
    with control_reading() as session:
        rows = list_advice(session, org=org, kinds=kinds, states=wanted)
    if as_json:
        print_rows([_summary(row) for row in rows], as_json=True, empty="")
        return
    print_rows([_line(row) for row in rows[:limit]], as_json=False, empty="No advice.")
    if len(rows) > limit:
        click.echo(f"... and {len(rows) - limit} more; --limit {len(rows)} shows all")
    for (of_org, currency), total in _totals(rows).items():
        click.echo(f"total {of_org}: {total} {currency} a month, of each group the best")


@advice.command()
@click.argument("advice_id", metavar="ID")
@click.option("--org", metavar="SLUG", help="The organisation that it must be of.")
@click.option("--query", "only_query", is_flag=True, help="Print nothing but the query.")
@json_option
def show(*, advice_id: str, org: str | None, only_query: bool, as_json: bool) -> None:
    """Everything about a piece of advice: figures, confidence, baseline, and the query that it comes from.

    The beginning of an ID does, where no other has it.
    """
    with control_reading() as session:
        row = get_advice(session, advice_id, org=org)
    query = AdviceQuery.from_stored(row.query_sql, row.query_parameters).printed(current_settings().target)
    if only_query:
        click.echo(query)
        return
    if as_json:
        baseline = {"method": row.baseline_method, "requests": row.baseline_requests, "lines": row.baseline_lines}
        told = {
            **_summary(row),
            "reasons": row.reasons.splitlines(),
            "baseline": baseline,
            "target": row.target,
            "formula_version": row.formula_version,
            "query": query,
        }
        click.echo(json.dumps(told, indent=2, default=str))
        return
    click.echo(shown_name(row.summary, max_length=1000))
    for name, value in _facts(row).items():
        click.echo(f"  {name}: {value}")
    click.echo(f"  confidence: {row.confidence}")
    for reason in row.reasons.splitlines():
        click.echo(f"    - {reason}")
    click.echo(f"query (its last column is the saving of the period):\n{query}")


@advice.command()
@json_option
def refresh(*, as_json: bool) -> None:
    """Look for advice now, on the last days that are over, and store it."""
    settings = current_settings()
    found = refresh_advice(settings, now=settings.simulated_now or utc_now())
    if as_json:
        click.echo(json.dumps({"raised": found.raised, "resolved": found.resolved, "kinds": found.by_kind}, indent=2))
        return
    for kind, count in found.by_kind.items():
        click.echo(f"{kind}: {count}")
    click.echo(f"{found.raised} new, {found.resolved} no longer given")


@advice.command()
@click.argument("org")
@click.argument("advice_id", metavar="ID")
def accept(*, org: str, advice_id: str) -> None:
    """Say that advice ID of ORG is going to be followed. Its baseline stays as it is now."""
    _decide(org, advice_id, "accepted")


@advice.command()
@click.argument("org")
@click.argument("advice_id", metavar="ID")
def dismiss(*, org: str, advice_id: str) -> None:
    """Say that advice ID of ORG is not wanted. It is not given again."""
    _decide(org, advice_id, "dismissed")


@advice.command()
@click.argument("org")
@click.argument("advice_id", metavar="ID")
@click.option("--since", type=_DAY, metavar="YYYY-MM-DD", help="First UTC day of it; today where it is left out.")
def done(*, org: str, advice_id: str, since: dt.datetime | None) -> None:
    """Say since when advice ID of ORG is in effect: what it saves is measured from that day on."""
    now = current_settings().simulated_now or utc_now()
    _decide(org, advice_id, "done", done_on=since.date() if since else now.date())


@advice.command()
@click.argument("org")
@click.argument("advice_id", metavar="ID")
@json_option
def realised(*, org: str, advice_id: str, as_json: bool) -> None:
    """What advice ID of ORG has saved since it was done.

    That is what things since would have cost the way they were, less what they cost.
    """
    settings = current_settings()
    now = settings.simulated_now or utc_now()
    with control_reading() as session:
        row = get_advice(session, advice_id, org=org)
    with open_warehouse(settings) as warehouse:
        measured = realised_saving(warehouse, row, today=now.date())
    amounts = {
        "counterfactual_cost": measured.counterfactual_cost,
        "actual_cost": measured.actual_cost,
        "saving": measured.saving,
        "unpriced_cost": measured.unpriced_cost,
    }
    if as_json:
        told = {name: decimal_text(amount) for name, amount in amounts.items()}
        days = {"first_day": measured.first_day.isoformat(), "last_day": measured.last_day.isoformat()}
        click.echo(json.dumps({**days, "currency": row.currency, **told}, indent=2))
        return
    click.echo(f"{measured.first_day} to {measured.last_day}, {row.currency}")
    for name, amount in amounts.items():
        click.echo(f"  {name.replace('_', ' ')}: {amount:.2f}")


def _decide(org: str, advice_id: str, decision: Decision, *, done_on: dt.date | None = None) -> None:
    settings = current_settings()
    now = settings.simulated_now or utc_now()
    with control_writing() as session:
        row = get_advice(session, advice_id, org=org)
        decide(session, row, decision, now=now, actor=settings.actor, done_on=done_on)
        shown = f"{row.advice_id} of {row.org_slug}: {decision}"
    click.echo(shown if done_on is None else f"{shown} since {done_on}")


def _totals(rows: Iterable[AdviceRow]) -> Mapping[tuple[str, str], Decimal]:
    return total_savings(
        ClaimedSaving(
            org=row.org_slug,
            currency=row.currency,
            group=row.group_id,
            kind=row.kind,
            monthly_saving=row.monthly_saving,
        )
        for row in rows
    )


def _line(row: AdviceRow) -> dict[str, Any]:
    return {
        "id": row.advice_id,
        "org": row.org_slug,
        "kind": row.kind,
        "a_month": f"{row.monthly_saving:.2f} {row.currency}",
        "confidence": row.confidence,
        "state": row.state,
        "what": shown_name(row.summary, max_length=160),
    }


def _summary(row: AdviceRow) -> dict[str, Any]:
    return {
        "id": row.advice_id,
        "org": row.org_slug,
        "kind": row.kind,
        "group": row.group_id,
        "subject": row.subject,
        "summary": row.summary,
        "currency": row.currency,
        "current_cost": decimal_text(row.current_cost),
        "saving": decimal_text(row.saving),
        "monthly_saving": f"{row.monthly_saving:.2f}",
        "first_day": row.first_day,
        "last_day": row.last_day,
        "confidence": row.confidence,
        "state": row.state,
        "first_seen": row.first_seen_at,
        "last_seen": row.last_seen_at,
        "resolved": row.resolved_at,
        "decided": row.decided_at,
        "decided_by": row.decided_by,
        "done_on": row.done_on,
    }


def _facts(row: AdviceRow) -> dict[str, object]:
    decided = f" by {row.decided_by} at {row.decided_at:%Y-%m-%d %H:%M}Z" if row.decided_at else ""
    return {
        "id": row.advice_id,
        "organisation": row.org_slug,
        "kind": row.kind,
        "group": shown_name(row.group_id, max_length=300),
        "state": f"{row.state}{decided}" + (f", since {row.done_on}" if row.done_on else ""),
        "period": f"{row.first_day} to {row.last_day}",
        "cost of the period": f"{row.current_cost:.2f} {row.currency}",
        "saving of the period": f"{row.saving:.2f} {row.currency}",
        "saving a month": f"{row.monthly_saving:.2f} {row.currency}",
        "target": ", ".join(f"{name} {value}" for name, value in row.target.items()) or "-",
    }
