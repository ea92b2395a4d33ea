"""The tables that statements are written as: the schema of their CSV and Parquet files, and their rows. Pure."""

from collections.abc import Iterator
from typing import Any

from genai_finops.attribution.statements import Overview, Section, Statement
from genai_finops.schemas.columns import CURRENCY, SLUG
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.attribution import UNATTRIBUTED_REASONS

_HEAD = (
    Column(name="org", type="string", pattern=SLUG, description="Organisation that charges."),
    Column(name="month", type="string", description="Month of UTC days, as 2026-10."),
    Column(name="basis", type="string", description="Which cost is the base: effective, billed or list."),
    Column(name="made_at", type="timestamp", description="When the statement was made, UTC."),
    Column(name="is_preliminary", type="bool", description="Whether the month had not ended then."),
    Column(name="currency", type="string", pattern=CURRENCY, description="Currency of all amounts of the row."),
)
_USAGE = (
    Column(name="measured_cost", type="cost", nullable=True, description="Part of the base cost that was measured."),
    Column(name="input_cost", type="cost", nullable=True, description="Effective cost of input tokens."),
    Column(name="output_cost", type="cost", nullable=True, description="Effective cost of output tokens."),
    Column(name="other_cost", type="cost", nullable=True, description="Other effective cost: capacity, tools, media."),
    Column(name="input_tokens", type="quantity", nullable=True, description="Billed input tokens."),
    Column(name="output_tokens", type="quantity", nullable=True, description="Billed output tokens."),
    Column(name="requests", type="int", nullable=True, description="Requests in the logs."),
)
_USAGE_NAMES = tuple(column.name for column in _USAGE)

STATEMENT_LINES = Table(
    name="statement_lines",
    layer="attribution",
    description="One row per tenant, currency and line. The amounts of a currency but its total add up to the total.",
    columns=(
        *_HEAD,
        Column(name="tenant_id", type="string", description="Tenant that is charged, as the logs have it."),
        Column(name="line_number", type="int", minimum=1, description="Place of the line in its currency."),
        Column(
            name="step",
            type="string",
            description="base_cost, distributed_cost, allowance, cost_replaced, unit_price, tier, markup, margin, "
            "minimum, rounding or total, in this order.",
        ),
        Column(name="text", type="string", description="What the line is, in words."),
        Column(name="provider", type="string", nullable=True, description="Provider of the cost or of the rule."),
        Column(name="model_id", type="string", nullable=True, description="Model of the cost or of the rule."),
        Column(name="rule_id", type="int", nullable=True, description="Rule that the line follows."),
        Column(name="quantity", type="cost", nullable=True, description="What the rate is of; null without a rate."),
        Column(name="unit", type="string", nullable=True, description="Unit of the quantity: a currency, tokens, ..."),
        Column(
            name="rate", type="cost", nullable=True, description="Price of one unit; of markups and margins percent."
        ),
        Column(name="amount", type="cost", description="What the line adds; the total is in whole minor units."),
        *_USAGE,
    ),
    grain=("org", "month", "tenant_id", "currency", "line_number"),
)

STATEMENT_OVERVIEW = Table(
    name="statement_overview",
    layer="attribution",
    description="One row per currency and tenant or reason that nobody was named for. base_cost adds up to the "
    "organisation's cost.",
    columns=(
        *_HEAD,
        Column(name="tenant_id", type="string", nullable=True, description="Tenant; null on rows with a reason."),
        Column(
            name="unattributed_reason",
            type="string",
            nullable=True,
            allowed=(*UNATTRIBUTED_REASONS, "named_without_tenant"),
            description="Why nobody is named; null on rows of tenants.",
        ),
        Column(name="base_cost", type="cost", description="Cost of the row, before anything is distributed."),
        Column(
            name="distributed_cost", type="cost", description="Part of the unattributed cost that the tenant bears."
        ),
        Column(name="adjustment", type="cost", description="What allowances and prices add."),
        Column(name="total", type="cost", description="What is charged; 0 on rows with a reason."),
        *_USAGE,
    ),
    grain=("org", "month", "currency", "tenant_id", "unattributed_reason"),
)


def statement_rows(statement: Statement) -> Iterator[dict[str, Any]]:
    """The rows of STATEMENT_LINES."""
    for section in statement.sections:
        for number, line in enumerate(section.lines, 1):
            yield {
                **_head(statement, section.currency),
                "tenant_id": statement.tenant,
                "line_number": number,
                "step": line.step,
                "text": line.text,
                "provider": line.provider,
                "model_id": line.model,
                "rule_id": line.rule_id,
                "quantity": line.quantity,
                "unit": line.unit,
                "rate": line.rate,
                "amount": line.amount,
                **{name: getattr(line.usage, name, None) for name in _USAGE_NAMES},
            }


def overview_rows(overview: Overview) -> Iterator[dict[str, Any]]:
    """The rows of STATEMENT_OVERVIEW."""
    for currency in overview.currencies:
        head = _head(overview, currency.currency)
        for tenant, section in currency.tenants:
            yield {**head, "tenant_id": tenant, "unattributed_reason": None, **_amounts(section)}
        for reason, cost in currency.unattributed:
            yield {
                **head,
                "tenant_id": None,
                "unattributed_reason": reason,
                "base_cost": cost,
                **dict.fromkeys(("distributed_cost", "adjustment", "total"), 0),
                **dict.fromkeys(_USAGE_NAMES),
            }


def _amounts(section: Section) -> dict[str, Any]:
    return {
        "base_cost": section.base_cost,
        "distributed_cost": section.distributed_cost,
        "adjustment": section.adjustment,
        "total": section.total,
        **{name: getattr(section.usage, name) for name in _USAGE_NAMES},
    }


def _head(made: Statement | Overview, currency: str) -> dict[str, Any]:
    return {
        "org": made.org,
        "month": str(made.month),
        "basis": made.basis,
        "made_at": made.made_at,
        "is_preliminary": made.is_preliminary,
        "currency": currency,
    }
