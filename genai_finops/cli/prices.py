"""`genai-finops prices`: the packaged price catalogue."""

import click

from genai_finops.cli.context import current_settings
from genai_finops.cli.errors import FinopsGroup
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import reference_path, write_reference
from genai_finops.pricing.aliases import read_alias_rules
from genai_finops.pricing.catalogue import read_catalogue
from genai_finops.pricing.catalogue_map import SOURCE
from genai_finops.pricing.frames import alias_rules_frame, price_catalogue_frame
from genai_finops.schemas.tables.pricing import MODEL_ALIAS_RULES, PRICE_CATALOGUE


@click.group(cls=FinopsGroup)
def prices() -> None:
    """Import the packaged price catalogue and the rules that recognise its models."""


@prices.command(name="import")
def import_catalogue() -> None:
    """Write the catalogue of the installed genai-prices to the lake; its network update is never used.

    Prices of the catalogue that have no row are listed with the reason.
    """
    catalogue, rules = read_catalogue(), read_alias_rules()
    files = LakeFiles(current_settings().lake_url)
    click.echo(f"{SOURCE} {catalogue.version}")
    for table, frame in (
        (PRICE_CATALOGUE, price_catalogue_frame(catalogue)),
        (MODEL_ALIAS_RULES, alias_rules_frame(rules)),
    ):
        outcome = "written" if write_reference(files, table, frame) else "unchanged"
        click.echo(f"{reference_path(table)}  {frame.height} rows  {outcome}")
    for skipped in catalogue.skipped:
        click.echo(f"skipped {skipped.provider} {skipped.model_id} {skipped.subject}: {skipped.reason}")
