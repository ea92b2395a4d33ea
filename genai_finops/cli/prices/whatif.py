"""`genai-finops prices whatif`: what usage would cost under other rates."""

import datetime as dt
from pathlib import Path

import click
import polars as pl

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.cli.prices.comparison import days_from, print_comparison, read_usage, usage_options
from genai_finops.errors import FinopsError
from genai_finops.pricing.compare import Comparison, compare
from genai_finops.pricing.open_book import rating_tables
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.pricing.what_if import SOURCE, SupposedRate, read_rates, reference, with_rates


@click.command(
    name="whatif",
    epilog="Fields of a rate: provider, model, meter, tier, geography, unit_price or discount_percentage, from, to, "
    "org, account. A unit_price needs a meter and is for one pricing unit of it; its tier is standard and its "
    "geography global where they are left out. A discount_percentage is taken off the list price of all that the "
    "other fields leave open. Days are UTC, both inclusive.",
)
@click.option(
    "--rates",
    "file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Rates to suppose: CSV with a header, or JSON lines where the name ends with .jsonl.",
)
@usage_options
def command(
    *,
    file: Path,
    first_day: dt.datetime | None,
    last_day: dt.datetime | None,
    provider: str | None,
    org: str | None,
    as_json: bool,
) -> None:
    """Say what stored usage would cost if the rates of a file came before all others.

    Allowances and volume tiers go on to apply. Nothing is stored. A rate that no usage takes is named on standard
    error.

    \b
    genai-finops prices whatif --rates rates.csv --first-day 2026-10-01 --last-day 2026-10-31
    """
    settings, now, days = current_settings(), utc_now(), days_from(first_day, last_day)
    tables = rating_tables(settings, now=now)
    try:
        rates = read_rates(
            file.read_text(encoding="utf-8-sig"), is_jsonl=file.suffix == ".jsonl", tables=tables, now=now
        )
        supposed = with_rates(tables, rates, now=now)
    except UnicodeDecodeError as error:
        raise FinopsError(f"{file} is not UTF-8 text", remedy="Save it as UTF-8") from error
    except FinopsError as error:
        raise FinopsError(f"{file}: {error.message}", remedy=error.remedy) from error
    usage = read_usage(settings, days=days, provider=provider, org=org)
    new = RatingEngine(supposed)
    comparison = compare(usage, old=RatingEngine(tables), new=new, days=days)
    print_comparison(comparison, as_json=as_json)
    _name_unused(rates, new.price_table(), comparison)


def _name_unused(rates: tuple[SupposedRate, ...], prices: pl.DataFrame, comparison: Comparison) -> None:
    taken = prices.filter(pl.col("source") == SOURCE, pl.col("pricing_id").is_in(list(comparison.new_pricing_ids)))[
        "source_reference"
    ].to_list()
    for supposed in rates:
        if reference(supposed.line) not in taken:
            click.echo(f"Warning: no usage takes the rate of line {supposed.line}", err=True)
