"""`genai-finops transform`: build the warehouse from the lake, without Dagster."""

import datetime as dt

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.cli.days import window_from
from genai_finops.cli.moments import moment_from
from genai_finops.errors import FinopsError
from genai_finops.focus.manifest import decimal_text
from genai_finops.ingest.reference import prepare_lake
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.price_book import read_price_tables
from genai_finops.pricing.moments import check_known_at
from genai_finops.settings import Settings
from genai_finops.transform.build import dbt_build
from genai_finops.transform.reprice import build_repricing_queue
from genai_finops.transform.reprice import reprice as reprice_queued
from genai_finops.transform.result import TransformResult


@click.command()
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="First UTC day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="Last UTC day, inclusive.")
@click.option(
    "--prices-known-at",
    "known_at",
    metavar="MOMENT",
    help="Build with what the price book knew then, as 2026-10-01T00:00:00Z, not with what it knows now.",
)
@click.option(
    "--reprice", is_flag=True, help="Build only the days whose stored costs are not what their rates make now."
)
def transform(*, first: dt.datetime | None, last: dt.datetime | None, known_at: str | None, reprice: bool) -> None:
    """Write the reference snapshots and packaged prices, and build the warehouse: --from to --to, or all days."""
    settings = current_settings()
    if (first is None) != (last is None):
        raise FinopsError("Only one of --from and --to was given", remedy="Give both, or neither to build all days")
    if reprice and (first or known_at):
        raise FinopsError(
            "--reprice was given beside other options", remedy="Give it alone: it finds the days by itself"
        )
    files = LakeFiles(settings.lake_url)
    prepare_lake(files, settings, now=utc_now())
    if reprice:
        _reprice(settings)
        return
    days = window_from(first, last) if first and last else None
    result = dbt_build(
        settings,
        window=(days.start.date(), days.end.date()) if days else None,
        variables=_prices_known_at(files, known_at) if known_at else None,
    )
    _show(result)


def _prices_known_at(files: LakeFiles, text: str) -> dict[str, object]:
    moment = moment_from(text, option="--prices-known-at")
    check_known_at(read_price_tables(files).values(), moment, now=utc_now())
    return {"prices_known_at": moment.isoformat()}


def _show(result: TransformResult) -> None:
    for node in result.nodes:
        if node.rows is not None:
            click.echo(f"{node.name}: {node.rows} rows, {node.seconds:.2f} s")
    tests = [node for node in result.nodes if node.resource_type == "test"]
    warnings = [node for node in tests if node.status == "warn"]
    click.echo(f"{len(tests) - len(warnings)} tests passed; {result.seconds:.1f} s")
    for node in warnings:
        click.echo(f"Warning: {node.name} objects to {node.failures} rows", err=True)


def _reprice(settings: Settings) -> None:
    build_repricing_queue(settings, with_prices=True)
    result = reprice_queued(settings)
    for day in result.days:
        click.echo(f"{day}: built again")
    for reason, rows in result.rows_by_reason.items():
        click.echo(f"{reason}: {rows} rows")
    for (provider, currency), (old, new) in result.costs_by_provider.items():
        click.echo(f"{provider} {currency}: {decimal_text(old)} -> {decimal_text(new)}")
    months = ", ".join(f"{month:%Y-%m}" for month in result.months)
    click.echo(f"{len(result.days)} days repriced" + (f"; export {months} anew" if months else ""))
