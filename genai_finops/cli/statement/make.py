"""`genai-finops statement make`: the statements of one month, printed or as files."""

from pathlib import Path
from typing import Literal

import click

from genai_finops.attribution.statement_files import csv_bytes, overview_file_name, parquet_bytes, statement_file_name
from genai_finops.attribution.statement_html import overview_html, statement_html
from genai_finops.attribution.statement_rules import StatementMonth, distributes_unattributed, first_days
from genai_finops.attribution.statement_tables import (
    STATEMENT_LINES,
    STATEMENT_OVERVIEW,
    overview_rows,
    statement_rows,
)
from genai_finops.attribution.statement_text import overview_text, statement_text
from genai_finops.attribution.statements import Overview, Statement, make_overview, make_statements
from genai_finops.cli.context import control_reading, current_settings, utc_now
from genai_finops.control.attribution_rules import shown_name
from genai_finops.control.organisations import get_organisation
from genai_finops.control.statement_rule_store import list_statement_rules, stored_terms
from genai_finops.control.statement_rules import StatementTerms
from genai_finops.errors import FinopsError
from genai_finops.lake.files import LakeFiles
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.statement_costs import BASES, CostBasis, StatementCost, statement_costs
from genai_finops.warehouse.tenant_scope import TenantScope

Format = Literal["text", "csv", "parquet", "html"]
_FORMATS: tuple[Format, ...] = ("text", "csv", "parquet", "html")


@click.command(name="make")
@click.option("--org", required=True, help="Organisation.")
@click.option("--month", required=True, metavar="YYYY-MM", help="Month of UTC days.")
@click.option("--tenant", help="Only this tenant, as the tables name it.  [default: all, and the overview]")
@click.option(
    "--basis", type=click.Choice(BASES), default="effective", show_default=True, help="Which cost is the base."
)
@click.option("--format", "file_format", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the files; made when it does not exist.  [default: print; text only]",
)
def command(
    *, org: str, month: str, tenant: str | None, basis: CostBasis, file_format: Format, out: Path | None
) -> None:
    """Make what each tenant of ORG is charged for a month: cost, rules, total, one file for each tenant.

    Without --tenant comes the overview too, which is for the organisation only: it names all tenants, and what nobody
    was named for.

    \b
      genai-finops statement make --org acme --month 2026-10
      genai-finops statement make --org acme --month 2026-10 --format html --out statements
    """
    if out is None and file_format != "text":
        raise FinopsError(f"--format {file_format} has no folder", remedy="Give --out DIR.")
    with control_reading() as session:
        org_name = get_organisation(session, org).name
        rules = [stored_terms(row) for row in list_statement_rules(session, org)]
    span, now = StatementMonth.parse(month), utc_now()
    costs = _costs(org, tenant, span, basis, rules)
    statements = make_statements(costs, rules, org=org, month=span, basis=basis, now=now)
    if tenant is not None:
        statements = tuple(made for made in statements if made.tenant == tenant)
    if not statements:
        whose = org if tenant is None else f"tenant {shown_name(tenant)} of {org}"
        raise FinopsError(
            f"{whose} has no attributed cost in {span}",
            remedy=f"See who has: genai-finops attribution costs --by tenant --org {org} --from DAY --to DAY.",
        )
    overview = None
    if tenant is None:
        overview = make_overview(costs, statements, org=org, month=span, basis=basis, now=now)
    if out is None:
        _print(statements, overview)
    else:
        _write(statements, overview, file_format=file_format, out=out, org_name=org_name)


def _costs(
    org: str, tenant: str | None, month: StatementMonth, basis: CostBasis, rules: list[StatementTerms]
) -> tuple[StatementCost, ...]:
    starts = first_days(rules, month)
    # A part of what nobody was named for is in proportion to the cost of all tenants.
    is_shared = any(distributes_unattributed(rules, day) for day in starts)
    scope = TenantScope(org=org, tenant=None if is_shared else tenant)
    with open_warehouse(current_settings()) as warehouse:
        return statement_costs(warehouse, scope, first_days=starts, end=month.end, basis=basis)


def _print(statements: tuple[Statement, ...], overview: Overview | None) -> None:
    texts = [*map(statement_text, statements), *([overview_text(overview)] if overview else [])]
    click.echo("\n\n".join(texts), nl=False)


def _write(
    statements: tuple[Statement, ...], overview: Overview | None, *, file_format: Format, out: Path, org_name: str
) -> None:
    suffix = "txt" if file_format == "text" else file_format
    files = LakeFiles(str(out.absolute()))
    for made in statements:
        name = statement_file_name(made.org, made.tenant, made.month, suffix)
        files.replace(name, _statement_bytes(made, file_format, org_name))
        totals = ", ".join(f"{section.total:,} {section.currency}" for section in made.sections)
        click.echo(f"{out / name}: {shown_name(made.tenant)}, {totals}")
    if overview is not None:
        name = overview_file_name(overview.org, overview.month, suffix)
        files.replace(name, _overview_bytes(overview, file_format, org_name))
        click.echo(f"{out / name}: overview, for the organisation only")


def _statement_bytes(made: Statement, file_format: Format, org_name: str) -> bytes:
    match file_format:
        case "text":
            return statement_text(made).encode()
        case "html":
            return statement_html(made, org_name=org_name).encode()
        case "csv":
            return csv_bytes(STATEMENT_LINES, statement_rows(made))
        case "parquet":
            return parquet_bytes(STATEMENT_LINES, statement_rows(made))


def _overview_bytes(made: Overview, file_format: Format, org_name: str) -> bytes:
    match file_format:
        case "text":
            return overview_text(made).encode()
        case "html":
            return overview_html(made, org_name=org_name).encode()
        case "csv":
            return csv_bytes(STATEMENT_OVERVIEW, overview_rows(made))
        case "parquet":
            return parquet_bytes(STATEMENT_OVERVIEW, overview_rows(made))
