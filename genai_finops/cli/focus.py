"""`genai-finops focus`: FOCUS files and the verdict of the official validator on them."""

from pathlib import Path

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.cli.errors import FinopsGroup
from genai_finops.errors import FinopsError
from genai_finops.focus.completeness import landed_days
from genai_finops.focus.export import ExportResult, export_focus
from genai_finops.focus.files import ExportFormat
from genai_finops.focus.manifest import Totals, decimal_text
from genai_finops.focus.validation import validate_export
from genai_finops.focus.versions import FocusVersion
from genai_finops.focus.window import DayWindow
from genai_finops.lake.files import LakeFiles
from genai_finops.warehouse.open import open_warehouse


@click.group(cls=FinopsGroup)
def focus() -> None:
    """Export FOCUS: Cost and Usage, Contract Commitment, and their metadata."""


@focus.command()
@click.option(
    "--from", "first", required=True, metavar="DAY|MONTH", help="First UTC day or month: 2026-10-05, 2026-10."
)
@click.option("--to", "last", required=True, metavar="DAY|MONTH", help="Last UTC day or month, inclusive.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the files; made when it does not exist.",
)
@click.option("--format", "file_format", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
@click.option("--org", help="Export only this organisation.")
@click.option(
    "--focus-version",
    "version",
    type=click.Choice(["1.2", "1.3", "1.4"]),
    default="1.3",
    show_default=True,
    help="1.2 and 1.4 are made of 1.3, as far as their columns are known.",
)
@click.option(
    "--allocated",
    "is_allocated",
    is_flag=True,
    help="Split charges to tenant, user, task and conversation. The same money: needs a folder of its own.",
)
@click.option("--tenant", help="Only what this tenant of --org caused, to be handed to it; implies --allocated.")
def export(
    *,
    first: str,
    last: str,
    out: Path,
    file_format: ExportFormat,
    org: str | None,
    version: FocusVersion,
    is_allocated: bool,
    tenant: str | None,
) -> None:
    """Write the charges of --from to --to, one file per billing month, and all commitments, with manifest and metadata.

    With --allocated the parts of a charge that is split replace it, and add up to it. What one tenant caused comes
    without commitments, which are the organisation's.

    Warnings on standard error name what keeps the export from being complete.
    """
    window = DayWindow.parse(first, last)
    settings = current_settings()
    with open_warehouse(settings) as warehouse:
        result = export_focus(
            warehouse,
            window=window,
            out=out,
            file_format=file_format,
            now=utc_now(),
            landed=landed_days(LakeFiles(settings.lake_url)),
            org=org,
            version=version,
            is_allocated=is_allocated or tenant is not None,
            tenant=tenant,
        )
    _print_result(result)


@focus.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--python",
    envvar="GENAI_FINOPS_FOCUS_VALIDATOR_PYTHON",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Interpreter of the environment with focus-validator==2.2.1.",
    show_envvar=True,
)
@click.option(
    "--rules",
    envvar="GENAI_FINOPS_FOCUS_RULES",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the official model-1.3.json.",
    show_envvar=True,
)
def validate(*, file: Path, python: Path, rules: Path) -> None:
    """Run the official FOCUS validator over one exported FILE, with all its criteria."""
    verdict = validate_export(file, python=python, rules_dir=rules)
    click.echo(f"{verdict.passed} of {verdict.total} rules passed, {verdict.failed} failed, {verdict.skipped} skipped")
    for failure in verdict.failures:
        click.echo(f"{failure.rule_id}: {failure.violations} violations: {failure.message}", err=True)
    if not verdict.is_valid:
        raise FinopsError(
            f"{file.name} breaks {verdict.failed} rules of FOCUS 1.3",
            remedy="mend what the lines above name, or report it as a bug",
        )


def _print_result(result: ExportResult) -> None:
    for exported in result.files:
        click.echo(f"{exported.file.path}: {exported.file.rows} rows, {exported.file.bytes} bytes")
    _print_totals(result.rows, result.totals)
    click.echo(f"manifest {result.manifest}, schema {result.schema_id}")
    if contracts := result.contracts:
        click.echo(f"{contracts.file.path}: {contracts.file.rows} rows, {contracts.file.bytes} bytes")
        _print_totals(contracts.file.rows, contracts.totals)
        click.echo(f"manifest {contracts.manifest}, schema {contracts.schema_id}")
    for warning in result.warnings:
        click.echo(f"Warning: {warning}", err=True)


def _print_totals(rows: int, totals: Totals) -> None:
    for currency, costs in sorted(totals.items()):
        amounts = ", ".join(f"{name} {decimal_text(amount)}" for name, amount in costs.items())
        click.echo(f"{rows} rows in all, {currency}: {amounts}")
