"""`genai-finops logs retention`: events of request logs by age."""

from functools import partial

import click

from genai_finops.attribution.config import load_attribution_config
from genai_finops.cli.context import current_settings, utc_now
from genai_finops.errors import FinopsError
from genai_finops.ingest.event_retention import retain_events, stored_events
from genai_finops.lake.files import LakeFiles
from genai_finops.transform.cold_events import drop_cold_events


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be moved and deleted, and do nothing.")
def retention(*, dry_run: bool) -> None:
    """Bring every day of events to where its age has it: hot, cold, archive, deleted.

    The ages are those of configs/attribution.yml. One line for each organisation and day that moves; every copy is read
    back and compared before anything is deleted. Then the days that are no longer hot leave the warehouse. The exit
    code is 1 when a day could not be moved; it stays as it was.
    """
    settings = current_settings()
    limits = load_attribution_config(settings.attribution_config_path).retention
    today = (settings.simulated_now or utc_now()).date()
    lake = LakeFiles(settings.lake_url)
    report = retain_events(lake, limits=limits, today=today, dry_run=dry_run)
    for outcome in report.outcomes:
        click.echo(outcome)
    dropped = drop_cold_events(
        settings, limits=limits, today=today, count_stored=partial(stored_events, lake), dry_run=dry_run
    )
    click.echo(
        f"{'to move' if dry_run else 'moved'}: {len(report.outcomes) - len(report.failed)} days, "
        f"{report.bytes_before} bytes; {'to drop' if dry_run else 'dropped'} from the warehouse: "
        f"{sum(dropped.values())} events of {len(dropped)} days"
    )
    if report.failed:
        raise FinopsError(
            f"{len(report.failed)} of {len(report.outcomes)} days could not be moved",
            remedy="Mend the reasons above and run the same command again",
        )
