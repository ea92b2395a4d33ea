"""`genai-finops prices diff`: what usage costs under the prices known at two moments."""

import datetime as dt

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.cli.moments import moment_from
from genai_finops.cli.prices.comparison import days_from, print_comparison, read_usage, usage_options
from genai_finops.pricing.compare import compare
from genai_finops.pricing.moments import check_known_at
from genai_finops.pricing.open_book import rating_tables
from genai_finops.pricing.rating_engine import RatingEngine


@click.command(name="diff")
@click.option("--from", "earlier", required=True, metavar="MOMENT", help="Known at, as 2026-10-01T00:00:00Z.")
@click.option("--to", "later", metavar="MOMENT", help="Known at.  [default: now]")
@usage_options
def command(
    *,
    earlier: str,
    later: str | None,
    first_day: dt.datetime | None,
    last_day: dt.datetime | None,
    provider: str | None,
    org: str | None,
    as_json: bool,
) -> None:
    """Compare what stored usage costs under the prices known at two moments.

    One line for each day, provider, model and reason for which the cost differs, and totals in each currency. Nothing
    is stored: `genai-finops transform --reprice` is what brings stored costs up to date.

    \b
    genai-finops prices diff --from 2026-10-01T00:00:00Z --to 2026-11-01T00:00:00Z --provider openai
    """
    settings, now, days = current_settings(), utc_now(), days_from(first_day, last_day)
    moments = [moment_from(earlier, option="--from"), moment_from(later, option="--to") if later else now]
    tables = rating_tables(settings, now=now)
    for moment in moments:
        check_known_at([tables.prices, tables.factors, tables.alias_rules], moment, now=now)
    usage = read_usage(settings, days=days, provider=provider, org=org)
    old, new = (RatingEngine(tables, moment) for moment in moments)
    print_comparison(compare(usage, old=old, new=new, days=days), as_json=as_json)
