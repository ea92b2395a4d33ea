"""`genai-finops snapshot`: what the providers list now, without usage."""

import time

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.errors import FinopsError
from genai_finops.ingest.plan import plan_snapshots, session_options
from genai_finops.ingest.resource_snapshots import snapshot_resources
from genai_finops.lake.files import LakeFiles


@click.command()
@click.option("--provider", help="Read only this provider.")
@click.option("--org", "orgs", multiple=True, help="Read only this organisation; may be repeated.")
def snapshot(*, provider: str | None, orgs: tuple[str, ...]) -> None:
    """Keep what the providers list now: deployments, provisioned models, reservations.

    Capacity that is made, changed or deleted between two snapshots is known only as well as the provider dates it:
    run this every hour. One line for each credential; the exit code is 1 when one failed, and its states then stay as
    they were.
    """
    settings = current_settings()
    credentials = plan_snapshots(settings, provider=provider, orgs=orgs or None, options=session_options(settings))
    if not credentials:
        raise FinopsError(
            "No enabled credential of a provider with lists fits: nothing was read",
            remedy="Add one: genai-finops credential add ORG PROVIDER --secret-stdin",
        )
    # Simulated providers answer as of their own time.
    now = settings.simulated_now or utc_now()
    report = snapshot_resources(LakeFiles(settings.lake_url), credentials, now=now, clock=time.monotonic)
    for outcome in report.outcomes:
        click.echo(outcome)
    click.echo(
        f"{report.resources} resources listed, {len(report.failed)} of {len(report.outcomes)} credentials failed"
    )
    if report.failed:
        raise FinopsError(
            f"{len(report.failed)} of {len(report.outcomes)} credentials could not be listed",
            remedy="Mend the reasons above and run the same command again",
        )
