"""`genai-finops ingest`: the same code as the Dagster assets, without Dagster."""

import datetime as dt
import time
import uuid
from collections.abc import Sequence

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.cli.days import day_range_options, window_from
from genai_finops.errors import FinopsError
from genai_finops.ingest.outcome import IngestReport, joined, outcome_lines
from genai_finops.ingest.plan import plan_usage, provider_configs, provider_flows
from genai_finops.ingest.usage import SourceCredential, ingest_usage
from genai_finops.lake.files import LakeFiles
from genai_finops.providers.base import Window


@click.command()
@day_range_options
@click.option("--provider", help="Read only this provider.")
@click.option("--flow", help="Read only this flow.")
@click.option("--org", "orgs", multiple=True, help="Read only this organisation; may be repeated.")
def ingest(
    *, first: dt.datetime, last: dt.datetime, provider: str | None, flow: str | None, orgs: tuple[str, ...]
) -> None:
    """Read usage of the days --from to --to and replace those partitions of the lake.

    Each partition is reported as complete, empty or failed; days that failed for one reason share a line.
    A failed one keeps what was stored before, and the exit code is then 1.
    """
    settings = current_settings()
    window = window_from(first, last)
    wanted = [
        (name, kind)
        for name, kind in provider_flows(provider_configs(settings))
        if provider in (None, name) and flow in (None, kind)
    ]
    if not wanted:
        raise FinopsError(
            f"No configured provider and flow is {provider or 'any'}.{flow or 'any'}",
            remedy="Look into configs/providers for what there is",
        )
    run_id = str(uuid.uuid4())
    files = LakeFiles(settings.lake_url)
    plans = [(target, plan_usage(settings, *target, orgs=orgs or None)) for target in wanted]
    if not any(credentials for _, credentials in plans):
        raise FinopsError(
            "No enabled credential fits: nothing was read",
            remedy="Add one: genai-finops credential add ORG PROVIDER --secret-stdin",
        )
    reports = {target: _ingest(files, credentials, window, run_id) for target, credentials in plans if credentials}
    for (name, kind), found in reports.items():
        click.echo(f"{name}.{kind}: {_traffic(found)}")
    report = joined(reports.values())
    click.echo(
        f"{report.count('complete')} complete, {report.count('empty')} empty, {report.count('failed')} failed; "
        f"{report.rows} rows, {_traffic(report)}"
    )
    if report.failed:
        raise FinopsError(
            f"{len(report.failed)} of {len(report.outcomes)} partitions failed and keep what was stored before",
            remedy="Mend the reasons above and run the same command again",
        )


def _ingest(files: LakeFiles, credentials: Sequence[SourceCredential], window: Window, run_id: str) -> IngestReport:
    """Reads one provider and flow, and shows its partitions as soon as they are there."""
    report = ingest_usage(files, credentials, window, now=utc_now(), run_id=run_id, clock=time.monotonic)
    for line in outcome_lines(report):
        click.echo(line)
    return report


def _traffic(report: IngestReport) -> str:
    return f"{report.http_requests} HTTP requests, {report.http_retries} retries, {report.seconds:.1f} s"
