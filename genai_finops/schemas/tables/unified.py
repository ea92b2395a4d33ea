"""Usage and cost of all flows in one shape, by day."""

from typing import get_args

from genai_finops.schemas.columns import (
    CONSUMED_UNIT,
    HIERARCHY,
    LINEAGE,
    METER,
    PROVIDER,
    QUANTITY,
    USAGE_DATE,
    USAGE_DIMENSIONS,
)
from genai_finops.schemas.meters import EstimateReason
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.usage import DIMENSION_NAMES, REPLACE_KEY

FLOWS = ("payg", "commitment", "infrastructure")
PRICING_STATUSES = ("priced", "estimated", "unpriced", "free", "committed")
PRICING_REASONS = (
    "unknown_model",
    "unknown_meter",
    "unknown_tier",
    "unknown_geography",
    "unknown_variant",
    "unknown_context_band",
    *get_args(EstimateReason),
    "no_rate_on_day",
    "free_tier",
    "covered_by_commitment",
    "no_capacity_price",
    "no_commitment_price",
)

FLOW = Column(
    name="flow", type="string", allowed=FLOWS, description="Billing flow: payg, commitment or infrastructure."
)
MODEL = (
    Column(
        name="model_id",
        type="string",
        nullable=True,
        description="Canonical model: the provider's spelling resolved through genai_model_aliases; null where unknown or without a model.",
    ),
    Column(name="model_name", type="string", nullable=True, description="Display name of the canonical model."),
    Column(
        name="model_developer",
        type="string",
        nullable=True,
        description="Who made the model, as opposed to who bills it.",
    ),
    Column(name="model_family", type="string", nullable=True, description="Family of the canonical model."),
)

_USAGE_COLUMNS = (FLOW, PROVIDER, USAGE_DATE, *USAGE_DIMENSIONS, *MODEL, METER, QUANTITY, CONSUMED_UNIT)
_GRAIN = (*REPLACE_KEY, "flow", "provider", "usage_date", *DIMENSION_NAMES, "meter")

USAGE_DAILY_UNIFIED = Table(
    name="genai_usage_daily_unified",
    layer="unified",
    model_folder="unified",
    description="One row per organisation, credential, flow, provider, account, sub-account, resource, API key, model, region, tier, band, variant, "
    "UTC day and meter of usage, of all flows, with the model resolved.",
    columns=(
        *_USAGE_COLUMNS,
        Column(
            name="is_billable",
            type="bool",
            description="False for statistics (requests), which are never charged by themselves.",
        ),
        *LINEAGE,
    ),
    grain=_GRAIN,
    replace_key=REPLACE_KEY,
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider", "model_id"),
)

_COST_COLUMNS = (
    Column(
        name="pricing_status",
        type="string",
        allowed=PRICING_STATUSES,
        description="priced: one rate fits. estimated: the usage does not say which of several rates applies (of several context bands the lowest is taken, of input "
        "whose cached share is unknown the uncached one, of cache writes whose lifetime is unknown that of five minutes), and the bounds say the rest. unpriced: no rate fits, all amounts are null. "
        "free: within the provider's free tier, the price is 0. committed: reserved capacity pays, so the pay-as-you-go price is 0.",
    ),
    Column(
        name="pricing_reason",
        type="string",
        nullable=True,
        allowed=PRICING_REASONS,
        description="Why the row is not simply priced; null exactly when pricing_status is priced. Where the context band is unknown "
        "beside the cached share or the lifetime, it is unknown_cache_share or unknown_cache_lifetime.",
    ),
    Column(
        name="is_estimated",
        type="bool",
        description="True where the amount is not exact: status estimated or unpriced.",
    ),
    Column(
        name="pricing_id", type="string", nullable=True, description="Row of the price table that gave the list price."
    ),
    Column(
        name="pricing_type",
        type="string",
        nullable=True,
        description="Pricing type of that row: standard; another where only a price of the organisation is known.",
    ),
    Column(
        name="pricing_source",
        type="string",
        nullable=True,
        description="Where that price comes from, with its version.",
    ),
    Column(
        name="contracted_pricing_id",
        type="string",
        nullable=True,
        description="Row of the price table that gave the contracted price: the same as pricing_id where nothing else was agreed.",
    ),
    Column(
        name="contracted_pricing_type",
        type="string",
        nullable=True,
        description="Pricing type of that row: standard, negotiated, promotional, committed_use.",
    ),
    Column(
        name="contracted_pricing_source",
        type="string",
        nullable=True,
        description="Where the contracted price comes from, with its version.",
    ),
    Column(
        name="currency",
        type="string",
        pattern=r"^[A-Z]{3}$",
        description="ISO 4217 currency of every price and amount of the row.",
    ),
    Column(name="pricing_unit", type="string", description="Unit that the price is quoted for, in FOCUS unit format."),
    Column(name="pricing_quantity", type="quantity", minimum=0, description="Quantity in pricing units, unrounded."),
    Column(
        name="free_quantity",
        type="quantity",
        nullable=True,
        minimum=0,
        description="Part of the quantity that an allowance covers, in consumed units; null where unpriced.",
    ),
    Column(
        name="list_unit_price",
        type="rate",
        nullable=True,
        minimum=0,
        description="Public price of one pricing unit on the day of usage.",
    ),
    Column(
        name="contracted_unit_price",
        type="rate",
        nullable=True,
        minimum=0,
        description="Price of one pricing unit after what was agreed for the organisation or the account; before allowances and volume discounts.",
    ),
    Column(
        name="list_cost",
        type="cost",
        nullable=True,
        description="list_unit_price x pricing_quantity, exact; null where unpriced.",
    ),
    Column(
        name="contracted_cost",
        type="cost",
        nullable=True,
        description="contracted_unit_price x pricing_quantity, exact; null where unpriced.",
    ),
    Column(
        name="effective_cost",
        type="cost",
        nullable=True,
        description="Accrual view, after all discounts, allowances and volume tiers; null where unpriced.",
    ),
    Column(
        name="billed_cost",
        type="cost",
        nullable=True,
        description="Cash view: what the usage adds to the invoice; null where unpriced.",
    ),
    Column(
        name="cost_lower_bound",
        type="cost",
        nullable=True,
        description="Lowest effective cost that the usage can have; equals effective_cost where priced; null where nothing bounds it.",
    ),
    Column(
        name="cost_upper_bound",
        type="cost",
        nullable=True,
        description="Highest effective cost that the usage can have; equals effective_cost where priced; null where nothing bounds it.",
    ),
)

PAYG_COSTS_DAILY = Table(
    name="genai_payg_costs_daily",
    layer="flows",
    model_folder="flows/payg",
    description="One row per row of billable pay-as-you-go usage in genai_usage_daily_unified, priced as of the day of usage.",
    columns=(*_USAGE_COLUMNS, *_COST_COLUMNS, *HIERARCHY, *LINEAGE),
    grain=_GRAIN,
    replace_key=REPLACE_KEY,
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider", "model_id"),
)

#: What kind of charge a row is. Of pay-as-you-go and infrastructure every row is metered usage at the rate of its day.
CHARGE = (
    Column(
        name="charge_category",
        type="string",
        allowed=("Usage", "Purchase"),
        description="Usage: what was used, or paid for and left idle. Purchase: a payment for a commitment.",
    ),
    Column(
        name="charge_frequency",
        type="string",
        allowed=("One-Time", "Recurring", "Usage-Based"),
        description="Usage-Based, or how often a payment for a commitment comes back.",
    ),
    Column(
        name="pricing_category",
        type="string",
        allowed=("Standard", "Committed", "Dynamic"),
        description="Committed: paid by a commitment. Dynamic: the provider may change the price at any time (spot). Else Standard.",
    ),
    Column(
        name="charge_period_start",
        type="timestamp",
        description="Start of what the charge covers, UTC: the day, or the term or month that a payment is for.",
    ),
    Column(name="charge_period_end", type="timestamp", description="Its end, UTC, exclusive."),
    Column(
        name="commitment_id",
        type="string",
        nullable=True,
        description="Commitment in genai_commitments that is bought, used or left idle; null without one.",
    ),
    Column(
        name="commitment_status",
        type="string",
        nullable=True,
        allowed=("Used", "Unused"),
        description="Whether the commitment was used; null on payments and without a commitment.",
    ),
    Column(
        name="commitment_quantity",
        type="quantity",
        nullable=True,
        minimum=0,
        description="Unit-hours of the commitment that the row buys, uses or leaves idle; null without one.",
    ),
)

COMMITMENT_COSTS_DAILY = Table(
    name="genai_commitment_costs_daily",
    layer="flows",
    model_folder="flows/commitment",
    description="One row per commitment, charge category, status, resource and day: payments (Purchase, on the first day of what they pay "
    "for), capacity used and left idle with its amortised cost, and capacity beyond all commitments at the hourly price.",
    columns=(*_USAGE_COLUMNS, *_COST_COLUMNS, *CHARGE, *HIERARCHY, *LINEAGE),
    grain=(*_GRAIN, "charge_category", "charge_frequency", "commitment_id", "commitment_status", "charge_period_start"),
    replace_key=REPLACE_KEY,
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider", "model_id"),
)

INFRASTRUCTURE_COSTS_DAILY = Table(
    name="genai_infrastructure_costs_daily",
    layer="flows",
    model_folder="flows/infrastructure",
    description="One row per row of billable infrastructure usage in genai_usage_daily_unified, priced as of the day of usage.",
    columns=PAYG_COSTS_DAILY.columns,
    grain=_GRAIN,
    replace_key=REPLACE_KEY,
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider", "variant"),
)

COSTS_DAILY_UNIFIED = Table(
    name="genai_costs_daily_unified",
    layer="unified",
    model_folder="unified",
    description="One row per row of the flows' cost tables: the charges of all flows in one shape, unpriced usage included with null amounts.",
    columns=COMMITMENT_COSTS_DAILY.columns,
    grain=COMMITMENT_COSTS_DAILY.grain,
    replace_key=REPLACE_KEY,
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider", "model_id"),
)

UNPRICED_USAGE = Table(
    name="genai_unpriced_usage",
    layer="unified",
    model_folder="unified",
    description="One row per cost row that is not exactly priced (status unpriced or estimated): what it is, why, and between which bounds its list cost lies.",
    columns=COSTS_DAILY_UNIFIED.columns,
    grain=COSTS_DAILY_UNIFIED.grain,
)
