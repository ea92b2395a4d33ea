"""`genai-finops alert dispatch`: sends what is due, as the sensor does."""

import click

from genai_finops.alerts.dispatch import dispatch_due
from genai_finops.cli.context import current_settings, utc_now


@click.command(name="dispatch")
@click.pass_context
def command(context: click.Context) -> None:
    """Send what is due. Exits with 1 when a delivery failed or was given up."""
    settings = current_settings()
    report = dispatch_due(settings, now=settings.simulated_now or utc_now())
    click.echo(f"{report.sent} sent, {report.failed} failed, {report.dead} given up, {report.put_off} put off")
    if report.failed or report.dead:
        context.exit(1)
