"""`genai-finops dagster-home`: the folder for DAGSTER_HOME."""

import click

from genai_finops.cli.context import current_settings
from genai_finops.defs.home import prepare_dagster_home


@click.command("dagster-home")
def dagster_home() -> None:
    """Prepare the folder for DAGSTER_HOME and print its path."""
    click.echo(prepare_dagster_home(current_settings()))
