"""`genai-finops prices refresh`: the price book, brought up to date with its sources."""

from collections.abc import Sequence

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.errors import FinopsError
from genai_finops.ingest.price_refresh import RefreshReport, refresh_all, refresh_packaged
from genai_finops.lake.files import LakeFiles


@click.command(name="refresh")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only this source; may be repeated.")
@click.option("--packaged", is_flag=True, help="Only what needs no network: catalogue, seeds, entered prices.")
@click.option("--skipped", "shows_skipped", is_flag=True, help="Name each price of a source that has no row, and why.")
def command(*, sources: Sequence[str], packaged: bool, shows_skipped: bool) -> None:
    """Bring the price book up to date with its sources.

    Without an option: the packaged catalogue and seeds, what was entered, the price lists of the clouds that accounts
    are registered of, and the file of GENAI_FINOPS_LITELLM_PRICES. A source that fails keeps what it said before, and
    the others go on; the exit code is then 1. Rows are only ever added or ended: what was known once stays known.
    """
    if packaged and sources:
        raise FinopsError("Both --source and --packaged were given", remedy="Give one of them.")
    settings = current_settings()
    files = LakeFiles(settings.lake_url)
    if packaged:
        report = refresh_packaged(files, settings, utc_now())
    else:
        report = refresh_all(files, settings, utc_now(), sources or None)
    _show(report, shows_skipped=shows_skipped)
    report.raise_failures()


def _show(report: RefreshReport, *, shows_skipped: bool) -> None:
    for outcome in report.outcomes:
        click.echo(str(outcome))
        for skipped in outcome.skipped if shows_skipped else ():
            click.echo(f"  skipped {skipped.provider} {skipped.subject}: {skipped.reason}")
