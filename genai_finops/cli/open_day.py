"""`genai-finops open-day`: what Dagster does every quarter of an hour for budgets, without Dagster."""

import time
import uuid

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.errors import FinopsError
from genai_finops.ingest.open_day import read_open_day
from genai_finops.ingest.reference import prepare_lake
from genai_finops.lake.files import LakeFiles
from genai_finops.transform.open_day import build_open_day


@click.command("open-day")
def open_day() -> None:
    """Read new request logs and today's usage so far, and build today's spend, which budgets are held against.

    What cannot be read keeps what was stored before and does not stop the rest; the exit code is then 1. Today stays
    open: `ingest` and `transform` replace it when it is over.
    """
    settings = current_settings()
    now = utc_now()
    report = read_open_day(settings, now=now, run_id=str(uuid.uuid4()), clock=time.monotonic)
    click.echo(f"{report.day}: {report.logs.events} new events, {report.usage.rows} rows of usage")
    for problem in report.problems:
        click.echo(problem, err=True)
    prepare_lake(LakeFiles(settings.lake_url), settings, now=now)
    result = build_open_day(settings, now=settings.simulated_now or now)
    click.echo(f"genai_budget_spend_daily: {result.node('genai_budget_spend_daily').rows} rows; {result.seconds:.1f} s")
    if report.problems:
        raise FinopsError(
            f"{len(report.problems)} logs or providers could not be read and keep what was stored before",
            remedy="Mend the reasons above and run the same command again",
        )
