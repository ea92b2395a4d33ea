"""`genai-finops statement rule`: what tenants are charged for their cost."""

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
from genai_finops.control.attribution_models import StatementRule
from genai_finops.control.attribution_rules import shown_name
from genai_finops.control.statement_rule_file import parse_statement_rules
from genai_finops.control.statement_rule_store import (
    add_statement_rule,
    end_statement_rule,
    import_statement_rules,
    list_statement_rules,
    remove_statement_rule,
    stored_terms,
)
from genai_finops.control.statement_rules import KINDS, PARAMETERS, TIER_MEASURES, StatementTerms, terms_from

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=FinopsGroup)
def command() -> None:
    """Rules for what tenants are charged. A tenant's own rule wins, then the narrower one."""


@command.command()
@click.argument("org")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--tenant", help="Tenant, as the tables name it.  [default: every tenant]")
@click.option("--provider", help="Only cost of this provider.")
@click.option("--model", help="Only cost of this model_id; needs --provider.")
@click.option("--currency", help="Only cost in it; needed but for markup and margin.")
@click.option("--percentage", metavar="NUMBER", help="Of a markup: of the cost. Of a margin: of the price.")
@click.option("--amount", metavar="NUMBER", help="Of a minimum or allowance: a month.")
@click.option("--tokens", metavar="NUMBER", help="Of an allowance: input and output tokens a month.")
@click.option("--per-million-input", metavar="NUMBER", help="Of a unit price: a million input tokens.")
@click.option("--per-million-output", metavar="NUMBER", help="Of a unit price: a million output tokens.")
@click.option("--per-request", metavar="NUMBER", help="Of a unit price: a request.")
@click.option("--tiers-of", type=click.Choice(TIER_MEASURES), help="What tiers count in a month.")
@click.option("--tiers", metavar="TIERS", help="As 1000=40,5000=30,rest=20: up to where, and markup or price of 1M.")
@click.option("--from", "first", type=_DAY, required=True, metavar="YYYY-MM-DD", help="First UTC day.")
@click.option("--to", "last", type=_DAY, metavar="YYYY-MM-DD", help="Last UTC day, inclusive.  [default: open]")
def add(*, first: dt.datetime, last: dt.datetime | None, **values: Any) -> None:
    """Add a rule of KIND to ORG.

    \b
      genai-finops statement rule add acme markup --percentage 40 --from 2026-10-01
      genai-finops statement rule add acme minimum --tenant initrode --amount 50 --currency USD --from 2026-10-01
      genai-finops statement rule add acme tiers --tiers-of amount --tiers 9=40,rest=30 --currency USD --from 2026-10-01
    """
    settings = current_settings()
    parameters: dict[str, Any] = terms_from({name: values.pop(name) for name in PARAMETERS})
    terms = StatementTerms(
        **values, **parameters, valid_from=first.date(), valid_to=day_after(last.date()) if last else None
    )
    with control_writing() as session:
        row = add_statement_rule(
            session, terms, providers=billing_currencies(settings), now=utc_now(), actor=settings.actor
        )
        line = f"statement rule {row.id}: added\n  {stored_terms(row)}"
    click.echo(line)


@command.command(name="list")
@click.argument("org", required=False)
@click.option("--on", "day", type=_DAY, metavar="YYYY-MM-DD", help="Only rules that hold on this UTC day.")
@json_option
def list_(org: str | None, day: dt.datetime | None, as_json: bool) -> None:
    """List the rules of ORG, or of all organisations. VALID_TO is the first day that a rule does not hold."""
    with control_reading() as session:
        rows = [
            _shown(row, as_json=as_json)
            for row in list_statement_rules(session, org)
            if day is None or stored_terms(row).holds_on(day.date())
        ]
    print_rows(rows, as_json=as_json, empty="No rules: tenants are charged their cost. Add one: statement rule add.")


@command.command()
@click.argument("org")
@click.argument("rule_id", type=int)
@click.option("--to", "last", type=_DAY, required=True, metavar="YYYY-MM-DD", help="Last UTC day, inclusive.")
def end(org: str, rule_id: int, last: dt.datetime) -> None:
    """Say on which day the rule RULE_ID of ORG holds for the last time."""
    with control_writing() as session:
        row = end_statement_rule(
            session,
            org,
            rule_id,
            valid_to=day_after(last.date()),
            now=utc_now(),
            actor=current_settings().actor,
        )
        line = f"statement rule {row.id}: ended\n  {stored_terms(row)}"
    click.echo(line)


@command.command()
@click.argument("org")
@click.argument("rule_id", type=int)
def remove(org: str, rule_id: int) -> None:
    """Delete the rule RULE_ID of ORG as if it had never been: one that held for some time is ended instead."""
    with control_writing() as session:
        terms = remove_statement_rule(session, org, rule_id, now=utc_now(), actor=current_settings().actor)
    click.echo(f"statement rule {rule_id}: removed\n  {terms}")


@command.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> None:
    """Add the rules of FILE (.csv, .yml), all of them or none. Importing a file again changes nothing.

    \b
    org,tenant,kind,currency,percentage,amount,valid_from,valid_to
    acme,,markup,,40,,2026-10-01,
    acme,initrode,minimum,USD,,50,2026-10-01,
    """
    settings = current_settings()
    records, faults = parse_statement_rules(file, billing_currencies(settings))
    with control_writing() as session:
        added, unchanged = import_statement_rules(
            session, records, faults, source=file, now=utc_now(), actor=settings.actor
        )
    click.echo(f"{file}: {added} added, {unchanged} unchanged")


def _shown(row: StatementRule, *, as_json: bool) -> dict[str, Any]:
    parameters = stored_terms(row).parameters()
    tenant = row.tenant_id if as_json or row.tenant_id is None else shown_name(row.tenant_id)
    return {
        "id": row.id,
        "org": row.org_slug,
        "tenant": tenant,
        "kind": row.kind,
        "provider": row.provider,
        "model": row.model_id,
        "currency": row.currency,
        "terms": parameters if as_json else ", ".join(f"{name} {value}" for name, value in parameters.items()),
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
    }
