"""`genai-finops attribution views`: views of one organisation or tenant, which show nothing of the others."""

from typing import Any

import click

from genai_finops.cli.context import control_reading, current_settings, json_option, print_rows, utc_now
from genai_finops.control.attribution_rules import shown_name
from genai_finops.control.organisations import get_organisation
from genai_finops.transform.attribution_views import build_attribution_views
from genai_finops.warehouse.attribution_views import RegisteredView, registered_views
from genai_finops.warehouse.open import open_warehouse


@click.command(name="views")
@click.option("--org", required=True, help="Organisation.")
@click.option("--tenant", "tenants", multiple=True, help="Only the views of this tenant; may be repeated.")
@click.option("--list", "is_list", is_flag=True, help="Make nothing; list the views that there are.")
@json_option
def command(*, org: str, tenants: tuple[str, ...], is_list: bool, as_json: bool) -> None:
    """Make the views of ORG and of every tenant that it has cost of, and drop those of tenants that are gone.

    Views are named by a digest; genai_attribution_views says whose each is. Run again, they are replaced.
    """
    settings = current_settings()
    with control_reading() as session:
        get_organisation(session, org)
    if not is_list:
        changes = build_attribution_views(settings, org, tenants=tenants, now=utc_now())
        click.echo(f"{len(changes.built)} views made, {len(changes.dropped)} dropped in {changes.schema}", err=True)
    with open_warehouse(settings) as warehouse:
        rows = [
            _shown(view, as_json=as_json)
            for view in registered_views(warehouse, org)
            if not tenants or view.tenant in tenants
        ]
    print_rows(rows, as_json=as_json, empty=f"No views. Make them: genai-finops attribution views --org {org}.")


def _shown(view: RegisteredView, *, as_json: bool) -> dict[str, Any]:
    tenant = view.tenant if as_json or view.tenant is None else shown_name(view.tenant)
    return {
        "org": view.org,
        "tenant": tenant,
        "view": view.view_name,
        "schema": view.view_schema,
        "of": view.source_table,
    }
