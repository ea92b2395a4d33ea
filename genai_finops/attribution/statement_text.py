"""Statements as plain text. Pure."""

from collections.abc import Iterator, Sequence

from genai_finops.attribution.statement_view import ViewModel, ViewSection, shown_tenant, view_overview, view_section
from genai_finops.attribution.statements import Overview, Statement

_MODEL_HEADER = (
    "PROVIDER, MODEL",
    "COST",
    "INPUT",
    "OUTPUT",
    "OTHER",
    "INPUT TOKENS",
    "OUTPUT TOKENS",
    "REQUESTS",
    "MEASURED",
)


def statement_text(statement: Statement) -> str:
    """One tenant's statement."""
    lines = [
        f"Statement {statement.month} of {statement.org} for {shown_tenant(statement.tenant)}",
        f"{statement.basis} cost{', preliminary: the month has not ended' if statement.is_preliminary else ''}",
    ]
    for view in map(view_section, statement.sections):
        lines += ["", *_section(view)]
    return "\n".join(lines) + "\n"


def overview_text(overview: Overview) -> str:
    """The organisation's own view."""
    lines = [f"All statements {overview.month} of {overview.org}", f"{overview.basis} cost"]
    for view in map(view_overview, overview.currencies):
        lines += ["", f"{view.currency}: cost {view.cost}, charged {view.charged}"]
        header = ("TENANT", "BASE COST", "DISTRIBUTED", "ADJUSTMENT", "TOTAL", "ALLOCATED")
        lines += _table([header, *view.tenants])
        if view.unattributed:
            lines += _table([("NOBODY NAMED", "COST", "SHARE"), *view.unattributed])
    return "\n".join(lines) + "\n"


def _section(view: ViewSection) -> Iterator[str]:
    yield from _table([("STEP", view.currency, "RULE"), *((line.text, line.amount, line.note) for line in view.lines)])
    if view.models:
        yield ""
        yield from _table([_MODEL_HEADER, *map(_cells, (*view.models, view.sums))])
        yield f"{view.allocated} of the cost was allocated rather than measured."


def _cells(model: ViewModel) -> tuple[str, ...]:
    return (
        model.name,
        model.cost,
        model.input_cost,
        model.output_cost,
        model.other_cost,
        model.input_tokens,
        model.output_tokens,
        model.requests,
        model.measured,
    )


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
