"""`genai-finops transform`: build the warehouse from the lake, without Dagster."""

import datetime as dt

import click

from genai_finops.cli.context import current_settings
from genai_finops.cli.days import window_from
from genai_finops.errors import FinopsError
from genai_finops.ingest.reference import write_reference_snapshots
from genai_finops.lake.files import LakeFiles
from genai_finops.transform.build import dbt_build


@click.command()
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="First UTC day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="Last UTC day, inclusive.")
def transform(first: dt.datetime | None, last: dt.datetime | None) -> None:
    """Write the reference snapshots and build the warehouse: the days --from to --to, or all of it without them."""
    settings = current_settings()
    if (first is None) != (last is None):
        raise FinopsError("Only one of --from and --to was given", remedy="Give both, or neither to build all days")
    write_reference_snapshots(LakeFiles(settings.lake_url), settings)
    days = window_from(first, last) if first and last else None
    result = dbt_build(settings, window=(days.start.date(), days.end.date()) if days else None)
    for node in result.nodes:
        if node.rows is not None:
            click.echo(f"{node.name}: {node.rows} rows, {node.seconds:.2f} s")
    tests = [node for node in result.nodes if node.resource_type == "test"]
    click.echo(f"{len(tests)} tests passed; {result.seconds:.1f} s")
