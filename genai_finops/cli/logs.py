"""`genai-finops logs`: request logs, read into the lake by the same code as the Dagster asset."""

import collections
import json
import time
import uuid
from pathlib import Path
from typing import Any

import click

from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.attribution.log_files import LogFiles, log_file_key
from genai_finops.attribution.sources import LogSource, chosen_sources
from genai_finops.cli.context import current_settings, json_option, print_rows, utc_now
from genai_finops.cli.errors import FinopsGroup
from genai_finops.cli.retention import retention
from genai_finops.errors import FinopsError
from genai_finops.ingest.log_check import checked_log_file
from genai_finops.ingest.log_register import load_register, rejects_path
from genai_finops.ingest.request_logs import changed_log_files, configured_sources, lock_folder, read_request_logs
from genai_finops.lake.files import LakeFiles

_org_option = click.option("--org", "orgs", multiple=True, help="Only sources of this organisation; may be repeated.")


@click.group(cls=FinopsGroup)
def logs() -> None:
    """Request logs: who asked the providers for what. Prompts and answers are never read."""


@logs.command()
@_org_option
@click.option("--source", "ids", multiple=True, help="Only this source; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Only show which files would be read.")
def read(*, orgs: tuple[str, ...], ids: tuple[str, ...], dry_run: bool) -> None:
    """Read all log files that are new or have changed, and land their events by day.

    A file or source that cannot be read keeps what was stored of it; the exit code is then 1.
    """
    settings = current_settings()
    sources = _sources(orgs, ids)
    lake = LakeFiles(settings.lake_url)
    if dry_run:
        for source in sources:
            for file in changed_log_files(lake, source, now=utc_now()):
                click.echo(f"{source.org}/{source.id} {file.name}: {file.size} bytes")
        return
    report = read_request_logs(
        lake, sources, now=utc_now(), run_id=str(uuid.uuid4()), locks=lock_folder(settings), clock=time.monotonic
    )
    for outcome in report.outcomes:
        if outcome.status != "unchanged":
            click.echo(str(outcome))
    statuses = collections.Counter(outcome.status for outcome in report.outcomes)
    shown = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items())) or "no files"
    click.echo(f"{shown}; {report.events} events and {report.rejects} rejects read, {report.seconds:.1f} s")
    for source_id, reason in report.failed_sources.items():
        click.echo(f"source {source_id}: {reason}", err=True)
    if report.has_failures:
        raise FinopsError(
            f"{len(report.failed)} files and {len(report.failed_sources)} sources could not be read and keep what was "
            "stored before",
            remedy="Mend the reasons above and run the same command again",
        )


@logs.command("list")
@_org_option
@json_option
def list_files(*, orgs: tuple[str, ...], as_json: bool) -> None:
    """Log files that were read, with what they told."""
    lake = LakeFiles(current_settings().lake_url)
    rows: list[dict[str, Any]] = []
    for source in _sources(orgs, ()):
        for name, entry in load_register(lake, org=source.org, source=source.id).files.items():
            days = sorted(entry.days)
            rows.append(
                {
                    "org": source.org,
                    "source": source.id,
                    "file": name,
                    "events": entry.events,
                    "repeated": entry.repeated,
                    "skipped": entry.skipped,
                    "rejects": entry.rejects,
                    "first_day": days[0] if days else None,
                    "last_day": days[-1] if days else None,
                    "read_at": entry.read_at.replace(microsecond=0),
                }
            )
    print_rows(rows, as_json=as_json, empty="No log file was read yet: genai-finops logs read")


@logs.command()
@click.argument("source_id", metavar="SOURCE")
@json_option
def rejects(*, source_id: str, as_json: bool) -> None:
    """Lines of SOURCE that could not be read, and why. What they say is not kept."""
    lake = LakeFiles(current_settings().lake_url)
    (source,) = _sources((), (source_id,))
    rows: list[dict[str, Any]] = []
    for name in load_register(lake, org=source.org, source=source.id).files:
        path = rejects_path(org=source.org, source=source.id, log_file_key=log_file_key(name))
        if lake.exists(path):
            rows += [json.loads(line) for line in lake.read(path).splitlines()]
    print_rows(rows, as_json=as_json, empty=f"No line of {source_id} was rejected.")


@logs.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", "source_id", help="Read it as this configured source would.")
@click.option(
    "--format", "format_name", type=click.Choice(sorted(FORMATS)), help="Read it as this format, without options."
)
def check(*, file: Path, source_id: str | None, format_name: str | None) -> None:
    """Show what would be read of one FILE; nothing is stored."""
    if (source_id is None) == (format_name is None):
        raise FinopsError("Say how to read the file", remedy="Give either --source or --format")
    if source_id is not None:
        (configured,) = _sources((), (source_id,))
        source = configured.at(str(file.resolve()))
    else:
        assert format_name is not None  # noqa: S101 - one of the two is given, see above
        FORMATS[format_name].check_options({})
        source = LogSource(org="check", format=format_name, location=str(file.resolve()))
    found = checked_log_file(LogFiles(source.location), source, now=utc_now())
    for name, count in found.counted.items():
        click.echo(f"{count:>12} {name}")
    for day, events in sorted(found.days.items()):
        click.echo(f"{events:>12} events on {day.isoformat()}")
    for reject in found.first_rejects:
        click.echo(f"line {reject.line}: {reject.reason}", err=True)


logs.add_command(retention)


def _sources(orgs: tuple[str, ...], ids: tuple[str, ...]) -> list[LogSource]:
    settings = current_settings()
    sources = configured_sources(settings)
    if not sources:
        raise FinopsError(
            "No source of request logs is configured",
            remedy="Add configs/request_logs/<source>.yml; see docs/request-logs.md",
        )
    return chosen_sources(sources, orgs=orgs, ids=ids)
