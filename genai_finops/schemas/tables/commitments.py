"""Commitments to reserved capacity: what was bought, what one unit of it serves, and how far it was used."""

from genai_finops.schemas.columns import CURRENCY, LINEAGE, METER, PROVIDER, SLUG, USAGE_DIMENSIONS
from genai_finops.schemas.meters import CAPACITY_METERS
from genai_finops.schemas.table import Column, Table

CAPACITY_SCOPES = ("global", "data_zone", "regional")
#: ISO 8601 durations. A commitment that runs until it is deleted has none.
TERMS = ("P1W", "P1M", "P3M", "P6M", "P1Y", "P3Y")
PAYMENTS = ("upfront", "partial_upfront", "monthly", "hourly")
PRICE_PERIODS = ("hour", "month", "term")
CONFIDENCES = ("confirmed", "practitioner", "unconfirmed")

_ORG = Column(name="x_org_slug", type="string", pattern=SLUG, description="Organisation; the tenancy border.")
CAPACITY_METER = Column(
    name="meter",
    type="string",
    allowed=CAPACITY_METERS,
    description="Unit-hours that are committed: ptu_hour, model_unit_hour, gsu_hour, throughput_unit_hour.",
)
SCOPE = Column(
    name="scope",
    type="string",
    nullable=True,
    allowed=CAPACITY_SCOPES,
    description="Where the capacity serves: global, data_zone, regional; null where the provider makes no difference.",
)

COMMITMENTS = Table(
    name="genai_commitments",
    layer="reference",
    description="One row per organisation, provider and commitment to reserved capacity, listed by the provider or entered, running, "
    "ended or yet to begin. A commitment that the provider no longer lists has ended and stays here.",
    columns=(
        _ORG,
        PROVIDER,
        Column(name="commitment_id", type="string", description="The provider's id of the commitment."),
        Column(name="account_id", type="string", description="Account at the provider that is billed for it."),
        Column(
            name="x_credential_id",
            type="string",
            description="Credential whose list names it, or `configured` for one that was entered.",
        ),
        Column(name="contract_id", type="string", description="Order or contract that holds it; its own id without."),
        Column(name="commitment_name", type="string", nullable=True, description="Display name; null without."),
        Column(
            name="commitment_type",
            type="string",
            description="Kind of commitment in the provider's words: Reservation, Provisioned Throughput Commitment, Provisioned "
            "Throughput Order, Scale Tier, Priority Tier.",
        ),
        CAPACITY_METER,
        SCOPE,
        Column(
            name="applies_to",
            type="string",
            allowed=("account", "organisation", "resource"),
            description="What may use it: capacity of account_id, of all accounts of the organisation, or resource_id only.",
        ),
        Column(
            name="resource_id",
            type="string",
            nullable=True,
            description="The one resource that it is for, as usage names it; null exactly when applies_to is not resource.",
        ),
        Column(
            name="provider_model_id",
            type="string",
            nullable=True,
            description="Model that it is for, as the provider spells it; null where it is for any.",
        ),
        Column(
            name="region_id",
            type="string",
            nullable=True,
            description="Region of the capacity that it covers; null for capacity without a region.",
        ),
        Column(name="quantity", type="quantity", minimum=0, description="Units of capacity."),
        Column(name="term", type="string", allowed=TERMS, description="Length of the term, an ISO 8601 duration."),
        Column(name="starts_at", type="timestamp", description="Start of the term, UTC, inclusive."),
        Column(name="ends_at", type="timestamp", description="End of the term, UTC, exclusive."),
        Column(
            name="ended_at",
            type="timestamp",
            nullable=True,
            description="When it stopped before the end of its term (cancelled, deleted, no longer listed), UTC; null otherwise.",
        ),
        Column(
            name="payment",
            type="string",
            allowed=PAYMENTS,
            description="upfront: once. monthly: on the day of each month of the term. hourly: for each hour of the term. "
            "partial_upfront: upfront_share of it once, the rest for each hour.",
        ),
        Column(
            name="upfront_share",
            type="ratio",
            nullable=True,
            minimum=0,
            description="Share of the price that is paid once, between 0 and 1; null exactly when payment is not partial_upfront.",
        ),
        Column(
            name="agreed_unit_price",
            type="rate",
            nullable=True,
            minimum=0,
            description="Price of one unit for agreed_price_period as the contract or the provider names it; null where the price "
            "table decides.",
        ),
        Column(
            name="agreed_price_period",
            type="string",
            nullable=True,
            allowed=PRICE_PERIODS,
            description="What agreed_unit_price is for; null exactly when it is.",
        ),
        Column(name="currency", type="string", pattern=CURRENCY, description="ISO 4217 currency of what is paid."),
        Column(name="is_renewed", type="bool", description="Whether it is renewed at the end of its term."),
        Column(
            name="first_observed_at",
            type="timestamp",
            description="When a list first showed it, or when it was entered, UTC.",
        ),
        Column(name="last_observed_at", type="timestamp", description="When a list last showed it, UTC."),
    ),
    grain=("x_org_slug", "provider", "commitment_id"),
)

CAPACITY_THROUGHPUT = Table(
    name="genai_capacity_throughput",
    layer="reference",
    description="One row per provider, capacity meter, scope, model, commitment, token meter, context band and start of validity: how many "
    "weighted tokens per minute one unit of capacity serves, and what a token of the meter weighs.",
    columns=(
        PROVIDER,
        CAPACITY_METER,
        SCOPE,
        Column(name="model_id", type="string", description="Canonical model."),
        Column(
            name="x_org_slug",
            type="string",
            nullable=True,
            description="Organisation whose contract says so; null for what holds for all.",
        ),
        Column(
            name="commitment_id",
            type="string",
            nullable=True,
            description="Commitment that it is agreed for; null for what holds for all.",
        ),
        Column(
            name="token_meter",
            type="string",
            allowed=METER.allowed,
            description="Token meter. A meter of the model that is not named here weighs nothing.",
        ),
        Column(name="context_tokens_above", type="int", minimum=0, description="For prompts longer than this."),
        Column(
            name="context_tokens_up_to",
            type="int",
            nullable=True,
            minimum=1,
            description="For prompts of at most this; null without limit.",
        ),
        Column(name="weight", type="ratio", minimum=0, description="Weighted tokens of one token."),
        Column(
            name="tokens_per_minute",
            type="quantity",
            minimum=0,
            description="Weighted tokens per minute that one unit serves.",
        ),
        Column(
            name="minimum_units", type="int", nullable=True, minimum=1, description="Least units that can be bought."
        ),
        Column(name="unit_step", type="int", nullable=True, minimum=1, description="Units by which one can add."),
        Column(name="confidence", type="string", allowed=CONFIDENCES, description="How sure the figure is."),
        Column(name="valid_from", type="date", description="First UTC day."),
        Column(name="valid_to", type="date", nullable=True, description="First UTC day after it; null while open."),
        Column(name="source", type="string", description="Where the figure comes from."),
    ),
    grain=(
        "provider",
        "meter",
        "scope",
        "model_id",
        "x_org_slug",
        "commitment_id",
        "token_meter",
        "context_tokens_above",
        "valid_from",
    ),
)

_UTILIZATION_KEY = (
    _ORG,
    PROVIDER,
    Column(name="x_genai_account_id", type="string", description="Account at the provider that is billed."),
    CAPACITY_METER,
    Column(
        name="commitment_id",
        type="string",
        nullable=True,
        description="Commitment; null for capacity that none covers.",
    ),
    Column(
        name="resource_id",
        type="string",
        nullable=True,
        description="Resource whose capacity no commitment covers; null exactly when commitment_id is set.",
    ),
)
_QUANTITIES = (
    SCOPE,
    Column(name="region_id", type="string", nullable=True, description="Region of the capacity."),
    Column(name="committed_quantity", type="quantity", minimum=0, description="Unit-hours that were paid for."),
    Column(name="used_quantity", type="quantity", minimum=0, description="Of them covered capacity that was in use."),
    Column(name="unused_quantity", type="quantity", minimum=0, description="committed_quantity - used_quantity."),
    Column(
        name="overage_quantity",
        type="quantity",
        minimum=0,
        description="Unit-hours of the resource beyond all commitments, at the hourly price.",
    ),
    Column(
        name="busy_quantity",
        type="quantity",
        nullable=True,
        minimum=0,
        description="Unit-hours of the capacity in use that carried load, by the provider's own measure; null where it has none.",
    ),
    Column(name="tokens", type="quantity", minimum=0, description="Tokens served on the capacity."),
    Column(
        name="weighted_tokens",
        type="quantity",
        nullable=True,
        minimum=0,
        description="The same after the weights of genai_capacity_throughput, or as the provider weighted them; null where a weight is unknown.",
    ),
    Column(
        name="token_capacity",
        type="quantity",
        nullable=True,
        minimum=0,
        description="Weighted tokens that the capacity could have served; null where unknown.",
    ),
)
_DIMENSIONS = {column.name: column for column in (*USAGE_DIMENSIONS, *LINEAGE)}


def _dimensions(*names: str) -> tuple[Column, ...]:
    return tuple(_DIMENSIONS[name] for name in names)


HOURLY_COVERAGE = Table(
    name="int_commitment__hourly_coverage",
    layer="flows",
    model_folder="flows/commitment",
    description="One row per hour and pair of a commitment and the capacity that it covers (Used), commitment's idle rest (Unused), capacity "
    "that no commitment covers, and hourly payment for a commitment (Purchase).",
    columns=(
        _ORG,
        PROVIDER,
        *_dimensions("x_genai_account_id", "x_credential_id", "x_pipeline_id", "x_genai_provider"),
        CAPACITY_METER,
        Column(
            name="charge_category",
            type="string",
            allowed=("Usage", "Purchase"),
            description="Purchase: what is paid for the hour of a commitment that is paid by the hour. Else Usage.",
        ),
        Column(
            name="commitment_id",
            type="string",
            nullable=True,
            description="Commitment; null for capacity that none covers.",
        ),
        Column(
            name="commitment_status",
            type="string",
            nullable=True,
            allowed=("Used", "Unused"),
            description="Null for purchases and for capacity that no commitment covers.",
        ),
        *_dimensions(
            "sub_account_id",
            "sub_account_name",
            "sub_account_type",
            "resource_id",
            "resource_name",
            "resource_type",
            "provider_model_id",
        ),
        Column(name="model_id", type="string", nullable=True, description="Canonical model."),
        Column(name="model_name", type="string", nullable=True, description="Display name of the canonical model."),
        Column(name="model_developer", type="string", nullable=True, description="Who made the model."),
        Column(name="model_family", type="string", nullable=True, description="Family of the canonical model."),
        *_dimensions("region_id", "geography"),
        SCOPE,
        *_dimensions("provider_service_tier", "metering_source"),
        Column(name="hour_start", type="timestamp", description="Start of the hour, UTC, inclusive."),
        Column(name="quantity", type="quantity", minimum=0, description="Unit-hours."),
        Column(
            name="effective_cost",
            type="cost",
            nullable=True,
            description="Amortised cost; null where the commitment has no price, and for capacity that no commitment covers.",
        ),
        Column(
            name="billed_cost",
            type="cost",
            nullable=True,
            description="What the hour adds to the invoice; null where there is no price, and for capacity that no commitment covers.",
        ),
        *_dimensions("x_run_id", "x_ingested_at", "x_ingestion_date"),
    ),
    grain=(
        "x_org_slug",
        "provider",
        "x_genai_account_id",
        "x_credential_id",
        "meter",
        "charge_category",
        "commitment_id",
        "commitment_status",
        "sub_account_id",
        "resource_id",
        "provider_model_id",
        "region_id",
        "geography",
        "provider_service_tier",
        "metering_source",
        "hour_start",
    ),
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider", "commitment_id"),
)

UTILIZATION_HOURLY = Table(
    name="genai_commitment_utilization_hourly",
    layer="flows",
    model_folder="flows/commitment",
    description="One row per organisation, provider, account, commitment (or resource that none covers) and hour: unit-hours that were "
    "committed, used, left idle and beyond, and the tokens that they served.",
    columns=(
        *_UTILIZATION_KEY,
        Column(name="hour_start", type="timestamp", description="Start of the hour, UTC, inclusive."),
        *_QUANTITIES,
        Column(name="x_ingestion_date", type="date", description="UTC day of the hour: the partition."),
    ),
    grain=(
        "x_org_slug",
        "provider",
        "x_genai_account_id",
        "meter",
        "commitment_id",
        "resource_id",
        "hour_start",
    ),
    replace_key=("x_org_slug", "x_ingestion_date"),
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider", "commitment_id"),
)
UTILIZATION_DAILY = Table(
    name="genai_commitment_utilization_daily",
    layer="flows",
    model_folder="flows/commitment",
    description="One row per organisation, provider, account, commitment (or resource that none covers) and day: utilization in capacity and "
    "in tokens, what a million tokens cost on it, and what they would have cost at pay-as-you-go list prices.",
    columns=(
        *_UTILIZATION_KEY,
        Column(name="usage_date", type="date", description="UTC day, half-open."),
        *_QUANTITIES,
        Column(
            name="peak_utilization", type="ratio", nullable=True, description="Highest load of any hour, in percent."
        ),
        Column(
            name="commitment_utilization",
            type="ratio",
            nullable=True,
            description="used_quantity / committed_quantity; null without a commitment.",
        ),
        Column(
            name="load_utilization",
            type="ratio",
            nullable=True,
            description="busy_quantity / capacity in use (used and overage); null where the provider measures none.",
        ),
        Column(
            name="token_utilization",
            type="ratio",
            nullable=True,
            description="weighted_tokens / token_capacity; null where either is unknown.",
        ),
        Column(
            name="effective_cost",
            type="cost",
            nullable=True,
            description="Amortised cost of used and idle capacity and hourly cost of the rest, in currency; null where a price is unknown.",
        ),
        Column(
            name="unused_cost", type="cost", nullable=True, description="Of it the cost of idle committed capacity."
        ),
        Column(
            name="payg_cost",
            type="cost",
            nullable=True,
            description="The same tokens at pay-as-you-go list prices; null where a price is unknown.",
        ),
        Column(
            name="effective_cost_per_million_tokens",
            type="rate",
            nullable=True,
            description="effective_cost per million tokens; null without tokens.",
        ),
        Column(
            name="payg_cost_per_million_tokens",
            type="rate",
            nullable=True,
            description="payg_cost per million tokens; null without tokens.",
        ),
        Column(
            name="break_even_utilization",
            type="ratio",
            nullable=True,
            description="Utilization in tokens (of load where tokens cannot be weighed) at which the capacity costs what pay-as-you-go "
            "would: utilization x effective_cost / payg_cost; above 1 it never pays. Null where unknown.",
        ),
        Column(name="currency", type="string", nullable=True, pattern=CURRENCY, description="Currency of all amounts."),
        Column(name="x_ingestion_date", type="date", description="UTC day: the partition."),
    ),
    grain=(
        "x_org_slug",
        "provider",
        "x_genai_account_id",
        "meter",
        "commitment_id",
        "resource_id",
        "usage_date",
    ),
    replace_key=("x_org_slug", "x_ingestion_date"),
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider", "commitment_id"),
)
