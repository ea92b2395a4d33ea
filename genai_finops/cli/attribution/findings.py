"""`genai-finops attribution findings`: what the checks of the attribution noticed."""

from typing import Any

import click

from genai_finops.cli.context import control_reading, json_option, print_rows
from genai_finops.control.attribution_findings import list_findings
from genai_finops.control.attribution_models import AttributionFinding
from genai_finops.control.attribution_rules import shown_name


@click.command(name="findings")
@click.argument("org", required=False)
@click.option("--kind", "kinds", multiple=True, help="Only findings of this kind; may be repeated.")
@click.option("--resolved", is_flag=True, help="Also those that are no longer seen.")
@json_option
def command(*, org: str | None, kinds: tuple[str, ...], resolved: bool, as_json: bool) -> None:
    """List the open findings of ORG, or of all organisations, the latest seen first."""
    with control_reading() as session:
        rows = [
            _json(row) if as_json else _line(row, with_resolved=resolved)
            for row in list_findings(session, org, kinds=kinds, include_resolved=resolved)
        ]
    print_rows(rows, as_json=as_json, empty="No findings.")


def _line(row: AttributionFinding, *, with_resolved: bool) -> dict[str, Any]:
    line = {
        "org": row.org_slug,
        "severity": row.severity,
        "kind": row.kind,
        "day": row.usage_date,
        "first_seen": row.first_seen_at,
        "last_seen": row.last_seen_at,
        "message": shown_name(row.message, max_length=200),
    }
    return {**line, "resolved": row.resolved_at} if with_resolved else line


def _json(row: AttributionFinding) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in AttributionFinding.__table__.columns}
