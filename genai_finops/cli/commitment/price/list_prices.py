"""`genai-finops commitment price list`: own prices of capacity and accelerators."""

import dataclasses

import click

from genai_finops.cli.context import control_reading, json_option, print_rows
from genai_finops.cli.entered_values import as_texts
from genai_finops.control.capacity_prices import capacity_price_terms, list_capacity_prices


@click.command(name="list")
@click.argument("org")
@click.option("--removed", is_flag=True, help="Also those that were removed.")
@json_option
def command(*, org: str, removed: bool, as_json: bool) -> None:
    """List the prices of ORG and its accounts. In JSON valid_to is the first day on which a price no longer holds."""
    with control_reading() as session:
        rows = []
        for row in list_capacity_prices(session, org, include_removed=removed):
            terms = capacity_price_terms(row)
            entered = {name: getattr(row, name) for name in ("entered_at", "entered_by", "removed_at", "removed_by")}
            shown = {"what": terms.summary, "origin": f"entered by {row.entered_by}"}
            details = {**as_texts(dataclasses.asdict(terms)), **entered}
            rows.append({"id": row.id, "account_id": row.account_id, **(details if as_json else shown)})
    print_rows(rows, as_json=as_json, empty="No prices. Enter one: genai-finops commitment price set --help.")
