"""`genai-finops org`: the organisations that the platform works for."""

import click

from genai_finops.cli.context import (
    control_reading,
    control_writing,
    current_settings,
    json_option,
    print_rows,
    update_option,
    utc_now,
)
from genai_finops.cli.errors import FinopsGroup
from genai_finops.control.organisations import list_organisations
from genai_finops.control.price_defaults import add_organisation_with_defaults


@click.group(cls=FinopsGroup)
def org() -> None:
    """Add and list organisations."""


@org.command()
@click.argument("slug")
@click.option("--name", required=True, help="Display name.")
@click.option("--currency", help="ISO 4217 code of the reporting currency.  [default: USD]")
@click.option("--enabled/--disabled", "is_enabled", default=None, help="Whether its usage is fetched.")
@update_option
def add(*, slug: str, name: str, currency: str | None, is_enabled: bool | None, update: bool) -> None:
    """Add the organisation SLUG. Adding it again with the same values changes nothing.

    A new organisation is given the default prices and plans, once: `genai-finops prices list --org SLUG` shows them.
    """
    # Checking tables takes seconds to import, which the other commands of this file must not wait for.
    from genai_finops.ingest.organisation_defaults import read_organisation_defaults  # noqa: PLC0415

    defaults = read_organisation_defaults(current_settings(), utc_now())
    with control_writing() as session:
        change = add_organisation_with_defaults(
            session,
            defaults,
            slug=slug,
            name=name,
            currency=currency,
            is_enabled=is_enabled,
            update=update,
            now=utc_now(),
            actor=current_settings().actor,
        )
    click.echo(f"organisation {slug}: {change}")


@org.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all organisations."""
    with control_reading() as session:
        rows = [
            {
                "org": row.slug,
                "name": row.name,
                "currency": row.currency,
                "is_enabled": row.is_enabled,
                "created_at": row.created_at,
            }
            for row in list_organisations(session)
        ]
    print_rows(rows, as_json=as_json, empty="No organisations. Add one: genai-finops org add SLUG --name NAME.")
