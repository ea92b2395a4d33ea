"""`genai-finops dbt-docs`: tables, columns and lineage as one HTML file."""

import click

from genai_finops.cli.context import current_settings
from genai_finops.transform.docs import dbt_docs as write_dbt_docs


@click.command("dbt-docs")
def dbt_docs() -> None:
    """Write the documentation of all tables and print the path of the HTML file. Needs no warehouse."""
    click.echo(write_dbt_docs(current_settings()))
