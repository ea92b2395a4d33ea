"""`genai-finops commitment list`: the orders that were entered."""

import dataclasses
from typing import Any

import click

from genai_finops.cli.context import control_reading, json_option, print_rows
from genai_finops.cli.entered_values import as_texts
from genai_finops.control.commitments import commitment_terms, list_commitments
from genai_finops.control.models import Commitment


@click.command(name="list")
@click.argument("org", required=False)
@click.option("--provider", help="Only orders at this provider.")
@click.option("--removed", is_flag=True, help="Also those that were taken back, or ended since.")
@json_option
def command(*, org: str | None, provider: str | None, removed: bool, as_json: bool) -> None:
    """List the orders of ORG, or of all organisations. What the providers list themselves is not among them.

    In JSON all moments are UTC, and ends_at is the first one after the term.
    """
    with control_reading() as session:
        found = list_commitments(session, org, include_removed=removed)
        rows = [
            _json(row) if as_json else _line(row, with_removal=removed)
            for row in found
            if provider in {None, row.provider}
        ]
    print_rows(rows, as_json=as_json, empty="No orders. Enter one: genai-finops commitment add --help.")


def _line(row: Commitment, *, with_removal: bool) -> dict[str, Any]:
    terms = commitment_terms(row)
    line = {
        "org": row.org_slug,
        "provider": row.provider,
        "account_id": row.account_id,
        "id": row.commitment_id,
        "type": row.commitment_type,
        "what": terms.summary,
        "origin": f"entered by {row.entered_by}",
    }
    return {**line, "removed": row.removed_at} if with_removal else line


def _json(row: Commitment) -> dict[str, Any]:
    terms = dataclasses.asdict(commitment_terms(row))
    weights = [as_texts(entry) for entry in terms.pop("weights")]
    entered = {name: getattr(row, name) for name in ("entered_at", "entered_by", "removed_at", "removed_by")}
    return {"org": row.org_slug, "account_id": row.account_id, **as_texts(terms), "weights": weights, **entered}
