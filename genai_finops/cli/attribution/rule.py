"""`genai-finops attribution rule`: whom cost belongs to where request logs do not say."""

import datetime as dt
from pathlib import Path
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
from genai_finops.cli.entered_values import billing_currencies, day_after
from genai_finops.cli.errors import FinopsGroup
from genai_finops.control.attribution_models import AttributionRule
from genai_finops.control.attribution_rule_file import parse_rules
from genai_finops.control.attribution_rule_store import (
    add_rule,
    end_rule,
    import_rules,
    list_rules,
    remove_rule,
    stored_rule,
)
from genai_finops.control.attribution_rules import Rule, shown_name
from genai_finops.schemas.tables.attribution import RULE_DIMENSIONS, RULE_SCOPES

_NEXT_STEP = "The next transform attributes by it."
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=FinopsGroup)
def command() -> None:
    """Rules for whom cost belongs to where request logs do not say. The finest scope wins."""


@command.command()
@click.argument("org")
@click.argument("scope", type=click.Choice(RULE_SCOPES))
@click.argument("scope_id", metavar="ID")
@click.argument("dimension", type=click.Choice(RULE_DIMENSIONS))
@click.argument("value")
@click.option("--provider", help="Provider whose id ID is; not for the scope tenant.")
@click.option("--from", "first", type=_DAY, required=True, metavar="YYYY-MM-DD", help="First UTC day.")
@click.option("--to", "last", type=_DAY, metavar="YYYY-MM-DD", help="Last UTC day, inclusive.  [default: open]")
def add(*, first: dt.datetime, last: dt.datetime | None, **names: Any) -> None:
    """Say that cost of ID belongs to the tenant, user or task VALUE of ORG. The scope tenant renames what logs say.

    \b
      genai-finops attribution rule add acme api_key key_1 tenant initrode --provider openai --from 2026-10-01
      genai-finops attribution rule add acme resource gpt-5-a task search --provider azure_openai --from 2026-10-01
      genai-finops attribution rule add acme tenant "Initrode Ltd" tenant initrode --from 2026-10-01
    """
    settings = current_settings()
    rule = Rule(**names, valid_from=first.date(), valid_to=day_after(last.date()) if last else None)
    with control_writing() as session:
        row = add_rule(session, rule, providers=billing_currencies(settings), now=utc_now(), actor=settings.actor)
        line = f"attribution rule {row.id}: added\n  {stored_rule(row)}"
    click.echo(f"{line}\n{_NEXT_STEP}")


@command.command(name="list")
@click.argument("org", required=False)
@click.option("--on", "day", type=_DAY, metavar="YYYY-MM-DD", help="Only rules that hold on this UTC day.")
@json_option
def list_(org: str | None, day: dt.datetime | None, as_json: bool) -> None:
    """List the rules of ORG, or of all organisations. VALID_TO is the first day that a rule does not hold."""
    with control_reading() as session:
        rows = [_shown(row, as_json=as_json) for row in list_rules(session, org) if day is None or _holds(row, day)]
    print_rows(rows, as_json=as_json, empty="No rules. Add one: genai-finops attribution rule add --help.")


@command.command()
@click.argument("org")
@click.argument("rule_id", type=int)
@click.option("--to", "last", type=_DAY, required=True, metavar="YYYY-MM-DD", help="Last UTC day, inclusive.")
def end(org: str, rule_id: int, last: dt.datetime) -> None:
    """Say on which day the rule RULE_ID of ORG holds for the last time."""
    with control_writing() as session:
        row = end_rule(
            session,
            org,
            rule_id,
            valid_to=day_after(last.date()),
            now=utc_now(),
            actor=current_settings().actor,
        )
        line = f"attribution rule {row.id}: ended\n  {stored_rule(row)}"
    click.echo(f"{line}\n{_NEXT_STEP}")


@command.command()
@click.argument("org")
@click.argument("rule_id", type=int)
def remove(org: str, rule_id: int) -> None:
    """Delete the rule RULE_ID of ORG as if it had never been: one that held for some time is ended instead."""
    with control_writing() as session:
        rule = remove_rule(session, org, rule_id, now=utc_now(), actor=current_settings().actor)
    click.echo(f"attribution rule {rule_id}: removed\n  {rule}\n{_NEXT_STEP}")


@command.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> None:
    """Add the rules of FILE (.csv, .yml), all of them or none. Importing a file again changes nothing.

    \b
    org,provider,scope,scope_id,dimension,value,valid_from,valid_to
    acme,openai,api_key,key_1,tenant,initrode,2026-10-01,
    acme,,tenant,Initrode Ltd,tenant,initrode,2026-10-01,
    """
    settings = current_settings()
    records, faults = parse_rules(file, billing_currencies(settings))
    with control_writing() as session:
        added, unchanged = import_rules(session, records, faults, source=file, now=utc_now(), actor=settings.actor)
    click.echo(f"{file}: {added} added, {unchanged} unchanged")


def _holds(row: AttributionRule, day: dt.datetime) -> bool:
    return row.valid_from <= day.date() and (row.valid_to is None or day.date() < row.valid_to)


def _shown(row: AttributionRule, *, as_json: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "org": row.org_slug,
        "provider": row.provider,
        "scope": row.scope,
        "scope_id": row.scope_id if as_json else shown_name(row.scope_id),
        "dimension": row.dimension,
        "value": row.value if as_json else shown_name(row.value),
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
    }
