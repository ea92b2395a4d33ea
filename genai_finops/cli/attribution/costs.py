"""`genai-finops attribution costs`: cost by tenant, user, task or conversation, and what has no consumer."""

import datetime as dt
from typing import Any

import click

from genai_finops.cli.attribution.amounts import json_lists, shown_cost, shown_share
from genai_finops.cli.context import control_reading, current_settings, json_option, print_rows
from genai_finops.cli.days import day_range_options, window_from
from genai_finops.control.attribution_rules import shown_name
from genai_finops.control.organisations import get_organisation
from genai_finops.warehouse.attribution_costs import (
    DIMENSIONS,
    ConsumerCost,
    ConsumerDimension,
    CurrencyTotal,
    UnattributedCost,
    costs_by,
    currency_totals,
    unattributed_costs,
)
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.tenant_scope import TenantScope


@click.command(name="costs")
@click.option("--by", "dimension", type=click.Choice(DIMENSIONS), required=True, help="Whose cost.")
@click.option("--org", required=True, help="Organisation.")
@click.option("--tenant", help="Only this tenant, as the tables name it.")
@click.option("--limit", type=click.IntRange(min=0), default=50, show_default=True, help="Rows a currency; 0: all.")
@day_range_options
@json_option
def command(
    *,
    dimension: ConsumerDimension,
    org: str,
    tenant: str | None,
    limit: int,
    first: dt.datetime,
    last: dt.datetime,
    as_json: bool,
) -> None:
    """Print effective cost by consumer, the dearest first, then what has no consumer and why, then totals.

    MEASURED is the share that the logs count themselves; the rest is allocated. In JSON amounts are exact.
    """
    window_from(first, last)
    with control_reading() as session:
        get_organisation(session, org)
    scope = TenantScope(org=org, tenant=tenant)
    days = first.date(), last.date()
    with open_warehouse(current_settings()) as warehouse:
        costs = costs_by(warehouse, scope, dimension, *days, limit=limit or None)
        unattributed = unattributed_costs(warehouse, scope, dimension, *days)
        totals = currency_totals(warehouse, scope, dimension, *days)
    if as_json:
        click.echo(json_lists({"costs": costs, "unattributed": unattributed, "totals": totals}))
        return
    _print(dimension, costs, unattributed, totals)


def _print(
    dimension: str,
    costs: tuple[ConsumerCost, ...],
    unattributed: tuple[UnattributedCost, ...],
    totals: tuple[CurrencyTotal, ...],
) -> None:
    print_rows(
        [_line(row, dimension) for row in costs],
        as_json=False,
        empty=f"No cost of these days has a {dimension}.",
    )
    hidden = sum(total.consumers for total in totals) - len(costs)
    if hidden:
        click.echo(f"and {hidden} more: --limit 0 shows all")
    if unattributed:
        click.echo(f"\nWithout a {dimension}:")
        print_rows([_gap(row, dimension) for row in unattributed], as_json=False, empty="")
    if totals:
        click.echo()
        print_rows([_total(row) for row in totals], as_json=False, empty="")


def _line(row: ConsumerCost, dimension: str) -> dict[str, Any]:
    tenant = {} if dimension == "tenant" else {"tenant": None if row.tenant is None else shown_name(row.tenant)}
    return {
        **tenant,
        dimension: shown_name(row.consumer),
        "currency": row.currency,
        "cost": shown_cost(row.effective_cost),
        "input": shown_cost(row.input_cost),
        "output": shown_cost(row.output_cost),
        "other": shown_cost(row.other_cost),
        "measured": shown_share(row.measured_cost, row.effective_cost),
        "requests": row.requests,
    }


def _gap(row: UnattributedCost, dimension: str) -> dict[str, Any]:
    return {
        "reason": row.reason or f"named_without_{dimension}",
        "currency": row.currency,
        "cost": shown_cost(row.effective_cost),
    }


def _total(row: CurrencyTotal) -> dict[str, Any]:
    whole = row.attributed + row.unattributed
    return {
        "currency": row.currency,
        "attributed": shown_cost(row.attributed),
        "unattributed": shown_cost(row.unattributed),
        "total": shown_cost(whole),
        "share": shown_share(row.attributed, whole),
    }
