"""`genai-finops attribution coverage`: how much of the cost the request logs account for, and why not all."""

import datetime as dt
from typing import Any

import click

from genai_finops.cli.attribution.amounts import json_lists, shown_cost, shown_share
from genai_finops.cli.context import control_reading, current_settings, json_option, print_rows
from genai_finops.cli.days import day_range_options, window_from
from genai_finops.control.organisations import get_organisation
from genai_finops.warehouse.attribution_coverage import CoverageGap, ProviderCoverage, coverage_gaps, provider_coverage
from genai_finops.warehouse.open import open_warehouse


@click.command(name="coverage")
@click.option("--org", help="Only this organisation.")
@day_range_options
@json_option
def command(*, org: str | None, first: dt.datetime, last: dt.datetime, as_json: bool) -> None:
    """Print the share of effective cost that has a consumer, by organisation and provider, and why the rest has none.

    The charges themselves are in genai_attribution_coverage_daily. In JSON amounts are exact.
    """
    window_from(first, last)
    if org is not None:
        with control_reading() as session:
            get_organisation(session, org)
    with open_warehouse(current_settings()) as warehouse:
        coverage = provider_coverage(warehouse, first.date(), last.date(), org=org)
        gaps = coverage_gaps(warehouse, first.date(), last.date(), org=org)
    if as_json:
        click.echo(json_lists({"coverage": coverage, "gaps": gaps}))
        return
    print_rows([_line(row) for row in coverage], as_json=False, empty="No cost of these days.")
    if gaps:
        click.echo("\nWithout a consumer:")
        print_rows([_gap(row) for row in gaps], as_json=False, empty="")


def _line(row: ProviderCoverage) -> dict[str, Any]:
    return {
        "org": row.org,
        "provider": row.provider,
        "currency": row.currency,
        "cost": shown_cost(row.effective_cost),
        "attributed": shown_cost(row.attributed_cost),
        "coverage": shown_share(row.attributed_cost, row.effective_cost),
    }


def _gap(row: CoverageGap) -> dict[str, Any]:
    return {
        "org": row.org,
        "provider": row.provider,
        "reason": row.reason,
        "currency": row.currency,
        "cost": shown_cost(row.unattributed_cost),
        "charges": row.charges,
    }
