"""`genai-finops commitment import`: the orders of a file."""

from pathlib import Path

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.cli.entered_values import billing_currencies
from genai_finops.control.commitment_file import parse_commitments
from genai_finops.control.commitment_import import import_commitments


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Enter the orders of FILE (.csv, .yml), all of them or none. Importing a file again changes nothing.

    \b
    org,provider,id,meter,model,region,quantity,term,starts_at,payment
    acme,gcp_vertex,order-7,gsu_hour,gemini-2.5-flash,europe-west4,10,P1M,2026-10-01,monthly
    """
    settings = current_settings()
    currencies = billing_currencies(settings)
    records, faults = parse_commitments(file, currencies)
    with control_writing() as session:
        added, unchanged = import_commitments(
            session,
            records,
            faults,
            source=file,
            currencies=currencies,
            now=utc_now(),
            actor=settings.actor,
        )
    click.echo(f"{file}: {added} added, {unchanged} unchanged")
