"""Statements as HTML to print: one file without scripts and without anything from elsewhere."""

import datetime as dt
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from genai_finops.attribution.statement_rules import StatementMonth
from genai_finops.attribution.statement_view import basis_text, shown_tenant, view_overview, view_section
from genai_finops.attribution.statements import Overview, Statement
from genai_finops.warehouse.tenant_scope import TenantScope


def statement_html(statement: Statement, *, org_name: str) -> str:
    """One tenant's statement."""
    scope = TenantScope(org=statement.org, tenant=statement.tenant)
    return (
        _environment()
        .get_template("statement.html.j2")
        .render(
            **_facts(statement.month, statement.basis, statement.made_at, org_name),
            tenant=shown_tenant(statement.tenant),
            reference=f"{statement.month}-{scope.digest[:16]}",
            is_preliminary=statement.is_preliminary,
            sections=[view_section(section) for section in statement.sections],
        )
    )


def overview_html(overview: Overview, *, org_name: str) -> str:
    """The organisation's own view."""
    return (
        _environment()
        .get_template("overview.html.j2")
        .render(
            **_facts(overview.month, overview.basis, overview.made_at, org_name),
            is_preliminary=overview.is_preliminary,
            currencies=[view_overview(currency) for currency in overview.currencies],
        )
    )


def _facts(month: StatementMonth, basis: str, made_at: dt.datetime, org_name: str) -> dict[str, str]:
    return {
        "month": str(month),
        "first": month.first.isoformat(),
        "last": month.days[-1].isoformat(),
        "basis": basis_text(basis),
        "made_at": f"{made_at:%Y-%m-%d %H:%M} UTC",
        "org_name": org_name,
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("genai_finops.attribution"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
