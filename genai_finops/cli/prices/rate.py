"""`genai-finops prices rate`: many requests at once, from one file into another."""

import datetime as dt
import os
from pathlib import Path

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.cli.prices.request_options import known_at_option
from genai_finops.pricing.open_book import open_book
from genai_finops.pricing.rate_file import rate_file


@click.command(name="rate")
@click.option(
    "--in", "source", required=True, type=click.Path(path_type=Path), metavar="FILE.jsonl", help="Cases, one per line."
)
@click.option(
    "--out", "target", required=True, type=click.Path(path_type=Path), metavar="FILE.jsonl", help="Where answers go."
)
@known_at_option
def command(*, source: Path, target: Path, known_at: dt.datetime | None) -> None:
    """Rate many requests from one file into another, one JSON object per line.

    \b
    In:  {"id", "provider", "model", "date", "service_tier"?, "geography"?, "context_tokens"?, "variant"?,
          "org"?, "account"?, "meters": {"uncached_input": 1000, ...}}
    Out: {"id", "status": "priced"|"unpriced"|"refused", "total", "currency", "lines": [{"meter", "quantity",
          "unit", "unit_price", "cost", "rate_source", "valid_from"}], "reason"?, "lower_bound"?, "upper_bound"?}

    Meters are disjoint: cached input is not in uncached_input. Decimals of the answers are texts, exact to the last
    digit. A total is given where all of it is certain; otherwise the case is unpriced, with a reason and bounds.
    """
    engine = open_book(current_settings(), now=utc_now(), known_at=known_at, threads=os.cpu_count() or 1)
    rated = rate_file(engine, source, target)
    click.echo(f"{rated.priced} priced, {rated.unpriced} unpriced, {rated.refused} refused: {target}")
