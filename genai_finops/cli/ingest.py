"""`genai-finops ingest`: the same code as the Dagster assets, without Dagster."""

import datetime as dt
import uuid

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.cli.days import day_range_options, window_from
from genai_finops.errors import FinopsError
from genai_finops.ingest.outcome import joined
from genai_finops.ingest.plan import plan_usage, provider_configs, provider_flows
from genai_finops.ingest.usage import ingest_usage
from genai_finops.lake.files import LakeFiles


@click.command()
@day_range_options
@click.option("--provider", help="Read only this provider.")
@click.option("--flow", help="Read only this flow.")
@click.option("--org", "orgs", multiple=True, help="Read only this organisation; may be repeated.")
def ingest(
    *, first: dt.datetime, last: dt.datetime, provider: str | None, flow: str | None, orgs: tuple[str, ...]
) -> None:
    """Read usage of the days --from to --to and replace those partitions of the lake.

    Each partition is reported as complete, empty or failed. A failed one keeps what was stored before,
    and the exit code is then 1.
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
    report = joined(
        ingest_usage(files, plan_usage(settings, *target, orgs=orgs or None), window, now=utc_now(), run_id=run_id)
        for target in wanted
    )
    if not report.outcomes:
        raise FinopsError(
            "No enabled credential fits: nothing was read",
            remedy="Add one: genai-finops credential add ORG PROVIDER --secret-stdin",
        )
    for outcome in report.outcomes:
        click.echo(str(outcome))
    click.echo(
        f"{report.count('complete')} complete, {report.count('empty')} empty, {report.count('failed')} failed; "
        f"{report.rows} rows, {report.http_requests} HTTP requests"
    )
    if report.failed:
        raise FinopsError(
            f"{len(report.failed)} of {len(report.outcomes)} partitions failed and keep what was stored before",
            remedy="Mend the reasons above and run the same command again",
        )
