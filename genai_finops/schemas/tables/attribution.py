"""Who caused the cost: charges split to tenant, user, task and conversation."""

from genai_finops.schemas.columns import CURRENCY, HIERARCHY, METER, PROVIDER, SLUG, USAGE_DATE
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.unified import FLOW, MODEL

RULE_SCOPES = ("tenant", "account", "sub_account", "resource", "api_key")
RULE_DIMENSIONS = ("tenant", "user", "task")

#: How a row came to its consumer, the most certain first.
ALLOCATION_METHODS = (
    "logged_quantity",
    "shared_by_quantity",
    "shared_by_direction",
    "shared_by_hour",
    "shared_by_cost",
    "mapping_rule",
    "unattributed",
)
UNATTRIBUTED_REASONS = (
    "no_log_of_account",
    "no_log_of_resource",
    "no_log_of_key",
    "no_log_of_model",
    "no_log_of_meter",
    "incomplete_log",
    "idle_capacity",
    "purchase",
)

_ORG = Column(name="x_org_slug", type="string", pattern=SLUG, description="Organisation; the tenancy border.")
_GENAI = (
    Column(name="x_genai_provider", type="string", description="Provider in capitals: OPENAI, ANTHROPIC, ..."),
    Column(name="x_genai_account_id", type="string", description="Account at the provider that is billed."),
    Column(name="x_ingestion_date", type="date", description="Partition key: the UTC day of the charge."),
)
CONSUMER = (
    Column(
        name="tenant_id", type="string", nullable=True, description="Tenant that caused the cost; null where unknown."
    ),
    Column(name="user_id", type="string", nullable=True, description="User that caused it; null where unknown."),
    Column(name="task", type="string", nullable=True, description="Task that caused it; null where unknown."),
    Column(
        name="conversation_id",
        type="string",
        nullable=True,
        description="Conversation that caused it; null where unknown.",
    ),
)
_METHOD = (
    Column(
        name="allocation_method",
        type="string",
        allowed=ALLOCATION_METHODS,
        description="logged_quantity: the log counts this very meter of the one charge that it can belong to, and no more than was billed. "
        "shared_by_quantity: billed quantity shared in proportion to logged quantity of the meter, where several charges can be meant or more is "
        "logged than was billed. shared_by_direction: the same over all input of a modality, or all input or output tokens. shared_by_hour: "
        "reserved capacity, by the tokens of each hour. shared_by_cost: by the cost of the model's, or else the account's, attributed "
        "charges. mapping_rule: a dated rule names the consumer. unattributed: nobody is named.",
    ),
    Column(
        name="unattributed_reason",
        type="string",
        nullable=True,
        allowed=UNATTRIBUTED_REASONS,
        description="Why nobody is named; null exactly when allocation_method is not unattributed.",
    ),
)
_COSTS = (
    Column(name="currency", type="string", pattern=CURRENCY, description="Currency of all amounts of the row."),
    Column(name="list_cost", type="cost", description="Part of the charges' list cost."),
    Column(name="contracted_cost", type="cost", description="Part of their contracted cost."),
    Column(name="effective_cost", type="cost", description="Part of their effective cost: the accrual view."),
    Column(name="billed_cost", type="cost", description="Part of their billed cost: the cash view."),
)
_BY_DIRECTION = (
    Column(name="input_cost", type="cost", description="Part of effective_cost that is for input tokens."),
    Column(name="output_cost", type="cost", description="Part of effective_cost that is for output tokens."),
    Column(
        name="other_cost", type="cost", description="Rest of effective_cost: capacity, tools, media, storage, machines."
    ),
    Column(name="input_tokens", type="quantity", minimum=0, description="Billed input tokens of the row."),
    Column(name="output_tokens", type="quantity", minimum=0, description="Billed output tokens of the row."),
)

ATTRIBUTION_RULES = Table(
    name="genai_attribution_rules",
    layer="reference",
    description="One row per organisation, provider, scope, scope id, dimension and start of validity: whom cost belongs to where request logs "
    "do not say. The validities of one rule never overlap.",
    columns=(
        _ORG,
        Column(
            name="provider",
            type="string",
            nullable=True,
            pattern=SLUG,
            description="Provider that the scope id is of; null exactly for the scope tenant.",
        ),
        Column(
            name="scope",
            type="string",
            allowed=RULE_SCOPES,
            description="What is mapped. The finest scope that names a dimension wins: api_key, resource, sub_account, account. tenant: another name that logs use for a tenant.",
        ),
        Column(
            name="scope_id",
            type="string",
            description="The provider's id of it; for the scope tenant the name in the logs.",
        ),
        Column(
            name="dimension", type="string", allowed=RULE_DIMENSIONS, description="What is named: tenant, user or task."
        ),
        Column(name="value", type="string", description="The tenant, user or task."),
        Column(name="valid_from", type="date", description="First UTC day of the rule."),
        Column(
            name="valid_to", type="date", nullable=True, description="First UTC day after it; null while it is open."
        ),
    ),
    grain=("x_org_slug", "provider", "scope", "scope_id", "dimension", "valid_from"),
)

ALLOCATED_CHARGES = Table(
    name="int_attribution__allocated_charges",
    layer="attribution",
    model_folder="attribution",
    description="One row per charge of FOCUS, method and consumer: the parts of each charge, which add up to it to the last decimal.",
    columns=(
        USAGE_DATE,
        FLOW,
        PROVIDER,
        Column(name="charge_id", type="string", description="x_ChargeId of the charge in cost_data_standard_1_3."),
        METER,
        *CONSUMER,
        *_METHOD,
        Column(
            name="allocated_ratio",
            type="ratio",
            minimum=0,
            description="Part of the charge; the ratios of one charge add up to 1.",
        ),
        Column(name="pricing_quantity", type="quantity", minimum=0, description="Part of its pricing quantity."),
        Column(
            name="consumed_quantity",
            type="quantity",
            nullable=True,
            minimum=0,
            description="Part of its consumed quantity; null where the charge has none.",
        ),
        Column(
            name="commitment_quantity",
            type="quantity",
            nullable=True,
            minimum=0,
            description="Part of its commitment quantity; null where the charge has none.",
        ),
        *_COSTS,
        Column(
            name="evidence_events",
            type="int",
            minimum=0,
            description="Requests in the logs that the part rests on; 0 without.",
        ),
        Column(
            name="evidence_coverage",
            type="ratio",
            minimum=0,
            description="Logged quantity for each billed one, of what the charge was matched with; above 1 where the logs count more; 0 without evidence.",
        ),
        _ORG,
        *_GENAI,
    ),
    grain=("x_org_slug", "charge_id", "allocation_method", "tenant_id", "user_id", "task", "conversation_id"),
    replace_key=("x_ingestion_date",),
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "charge_id"),
)

COST_ATTRIBUTION_DAILY = Table(
    name="genai_cost_attribution_daily",
    layer="attribution",
    model_folder="attribution",
    description="One row per day, flow, provider, account, sub-account, model, tenant, user, task, conversation, method, owner in the hierarchy and currency: all that FOCUS charges, "
    "split to who caused it. Where nobody is named the consumer is null and the reason is given; the rows of a day add up to FOCUS.",
    columns=(
        USAGE_DATE,
        FLOW,
        PROVIDER,
        Column(
            name="sub_account_id",
            type="string",
            nullable=True,
            description="Project, workspace or subscription that was billed; null without.",
        ),
        *MODEL,
        *CONSUMER,
        *_METHOD,
        Column(
            name="is_measured",
            type="bool",
            description="Whether the amounts were measured (logged_quantity) rather than allocated.",
        ),
        *_COSTS,
        *_BY_DIRECTION,
        Column(
            name="requests",
            type="int",
            minimum=0,
            description="Requests in the logs that the row rests on. A request with input and output counts once.",
        ),
        Column(
            name="evidence_coverage",
            type="ratio",
            minimum=0,
            description="Lowest evidence_coverage of the charges behind the row.",
        ),
        *HIERARCHY,
        _ORG,
        *_GENAI,
    ),
    grain=(
        "x_org_slug",
        "usage_date",
        "flow",
        "provider",
        "x_genai_account_id",
        "sub_account_id",
        "model_id",
        "tenant_id",
        "user_id",
        "task",
        "conversation_id",
        "allocation_method",
        "unattributed_reason",
        "x_hierarchy_entity_id",
        "currency",
    ),
    replace_key=("x_ingestion_date",),
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "tenant_id", "provider"),
)

_DIMENSION_TEXT = {
    "tenant": ("tenant_id", ()),
    "user": ("user_id", ("tenant_id",)),
    "task": ("task", ("tenant_id",)),
    "conversation": ("conversation_id", ("tenant_id",)),
}


def _aggregate(dimension: str) -> Table:
    column, within = _DIMENSION_TEXT[dimension]
    keys = (*within, column)
    return Table(
        name=f"genai_{dimension}_costs_daily",
        layer="attribution",
        model_folder="attribution",
        description=f"One row per day, provider, {dimension}{' within its tenant' if within else ''} and currency. Cost of which the {dimension} is not known is in rows without "
        f"one, so that the rows of a day add up to FOCUS.",
        columns=(
            USAGE_DATE,
            PROVIDER,
            *(found for found in CONSUMER if found.name in keys),
            *_COSTS,
            *_BY_DIRECTION,
            Column(
                name="measured_cost",
                type="cost",
                description="Part of effective_cost that was measured rather than allocated.",
            ),
            Column(name="requests", type="int", minimum=0, description="Requests in the logs that the row rests on."),
            _ORG,
            Column(name="x_genai_provider", type="string", description="Provider in capitals: OPENAI, ANTHROPIC, ..."),
            Column(name="x_ingestion_date", type="date", description="Partition key: the UTC day of the charges."),
        ),
        grain=("x_org_slug", "usage_date", "provider", *keys, "currency"),
        replace_key=("x_ingestion_date",),
        partition_by="x_ingestion_date",
        cluster_by=("x_org_slug", column),
    )


TENANT_COSTS_DAILY = _aggregate("tenant")
USER_COSTS_DAILY = _aggregate("user")
TASK_COSTS_DAILY = _aggregate("task")
CONVERSATION_COSTS_DAILY = _aggregate("conversation")

ATTRIBUTION_COVERAGE_DAILY = Table(
    name="genai_attribution_coverage_daily",
    layer="attribution",
    model_folder="attribution",
    description="One row per charge of a day: what was billed, how much of it the logs account for, and why the rest has no consumer.",
    columns=(
        USAGE_DATE,
        FLOW,
        PROVIDER,
        Column(name="charge_id", type="string", description="x_ChargeId of the charge in cost_data_standard_1_3."),
        Column(
            name="sub_account_id",
            type="string",
            nullable=True,
            description="Project, workspace or subscription that was billed; null without.",
        ),
        Column(
            name="resource_id",
            type="string",
            nullable=True,
            description="Deployment, endpoint or commitment that was billed; null without.",
        ),
        Column(
            name="api_key_id", type="string", nullable=True, description="Provider's id of the API key; null without."
        ),
        *MODEL,
        METER,
        Column(name="pricing_quantity", type="quantity", minimum=0, description="What was billed, in pricing units."),
        Column(name="attributed_quantity", type="quantity", minimum=0, description="Part of it that has a consumer."),
        Column(
            name="evidence_coverage",
            type="ratio",
            minimum=0,
            description="Logged quantity for each billed one; above 1 where the logs count more.",
        ),
        Column(
            name="evidence_events",
            type="int",
            minimum=0,
            description="Requests in the logs that the charge was matched with.",
        ),
        Column(name="currency", type="string", pattern=CURRENCY, description="Currency of the amounts."),
        Column(name="effective_cost", type="cost", description="Effective cost of the charge."),
        Column(name="attributed_cost", type="cost", description="Part of it that has a consumer."),
        Column(
            name="unattributed_reason",
            type="string",
            nullable=True,
            allowed=UNATTRIBUTED_REASONS,
            description="Why the rest has none; null where nothing is left.",
        ),
        *HIERARCHY,
        _ORG,
        *_GENAI,
    ),
    grain=("x_org_slug", "charge_id"),
    replace_key=("x_ingestion_date",),
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider"),
)
