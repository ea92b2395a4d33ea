"""`genai-finops budget tick`: evaluate the budgets now."""

from contextlib import ExitStack

import click

from genai_finops.budgets.tick import TickResult, tick
from genai_finops.cli.context import current_settings, utc_now
from genai_finops.errors import FinopsError
from genai_finops.quotas.block_list import write_block_list
from genai_finops.transform.invoke import warehouse_lock

_LOCK_TIMEOUT_SECONDS = 60


@click.command(name="tick")
def command() -> None:
    """Evaluate all budgets, as the sensor does every five minutes. Sends nothing: `genai-finops alert send` does."""
    settings = current_settings()
    now = settings.simulated_now or utc_now()
    with ExitStack() as held:
        if settings.target == "duckdb":
            # A build and a reader keep each other from the file.
            held.enter_context(warehouse_lock(settings, timeout_seconds=_LOCK_TIMEOUT_SECONDS))
        result = tick(settings, now=now)
    write_block_list(settings, now)
    _print(result)


def _print(result: TickResult) -> None:
    if result.skipped is not None:
        raise FinopsError(
            f"No budget was evaluated: {result.skipped}", remedy="What was known of them before still stands."
        )
    if result.is_unchanged:
        click.echo("nothing changed since the last tick")
        return
    click.echo(
        f"{result.evaluated} budgets evaluated, {result.changed} stand otherwise than before, "
        f"{len(result.raised)} new alerts, {result.reminded} told again, {result.seconds:.1f} s"
    )
    for alert in result.raised:
        click.echo(f"  {alert.severity}: {alert.title}{'' if alert.is_sent else ' (in the log only)'}")
    for key, reason in result.failed.items():
        click.echo(f"  failed: {key}: {reason}", err=True)
