"""How a comparison of costs is asked for and shown."""

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import click
import polars as pl

from genai_finops.cli.context import json_option, print_rows
from genai_finops.errors import FinopsError
from genai_finops.focus.manifest import decimal_text
from genai_finops.pricing.compare import Comparison, Days, usage_frame
from genai_finops.settings import Settings
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.rating_usage import usage_to_rate

Command = TypeVar("Command", bound=Callable[..., Any])

_DAY = click.DateTime(["%Y-%m-%d"])


def usage_options(command: Command) -> Command:
    """Options for which usage is compared, and --json."""
    for option in (
        json_option,
        click.option("--org", metavar="SLUG", help="Only usage of this organisation."),
        click.option("--provider", metavar="NAME", help="Only usage of this provider."),
        click.option("--last-day", type=_DAY, metavar="YYYY-MM-DD", help="Last UTC day of usage, inclusive."),
        click.option("--first-day", type=_DAY, metavar="YYYY-MM-DD", help="First UTC day of usage."),
    ):
        command = option(command)
    return command


def days_from(first: dt.datetime | None, last: dt.datetime | None) -> Days:
    """The days of --first-day and --last-day. Raises FinopsError when they are in the wrong order."""
    if first and last and last < first:
        raise FinopsError(
            f"--first-day {first.date()} is after --last-day {last.date()}",
            remedy="Give the earlier day as --first-day",
        )
    return first.date() if first else None, last.date() if last else None


def read_usage(settings: Settings, *, days: Days, provider: str | None, org: str | None) -> pl.DataFrame:
    """Stored usage up to the last of the days, as the engine takes it. Raises FinopsError where there is none."""
    with open_warehouse(settings) as warehouse:
        usage = usage_frame(usage_to_rate(warehouse, last=days[1], provider=provider, org=org))
    if usage.is_empty():
        raise FinopsError(
            "the warehouse has no usage to compare", remedy="Ingest and transform some, or ask for other days"
        )
    return usage


def print_comparison(comparison: Comparison, *, as_json: bool) -> None:
    """Prints what differs and the totals; decimals in full."""
    rows = [_texts(dataclasses.asdict(row)) for row in comparison.differences]
    totals = [_texts(dataclasses.asdict(total)) for total in comparison.totals]
    if as_json:
        click.echo(json.dumps({"differences": rows, "totals": totals}, indent=2, default=str))
        return
    print_rows(rows, as_json=False, empty="No cost differs.")
    for total in totals:
        unpriced = f"{total['old_unpriced_rows']} -> {total['new_unpriced_rows']} of {total['rows']} rows are unpriced"
        click.echo(
            f"total {total['currency']}: {total['old_cost']} -> {total['new_cost']}, difference {total['difference']}; "
            f"{unpriced}, and not in it"
        )


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    """With the difference, and costs as texts: nothing of them is lost, in JSON neither."""
    old, new = row["old_cost"], row["new_cost"]
    row["difference"] = None if old is None or new is None else new - old
    return {name: decimal_text(value) if isinstance(value, Decimal) else value for name, value in row.items()}
