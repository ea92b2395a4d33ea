"""What budgets are held against: spend by day."""

from genai_finops.schemas.columns import CURRENCY, HIERARCHY, PROVIDER, SLUG, USAGE_DATE
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.attribution import CONSUMER
from genai_finops.schemas.tables.unified import FLOW

SPEND_SOURCES = ("charges", "requests")

BUDGET_SPEND_DAILY = Table(
    name="genai_budget_spend_daily",
    layer="attribution",
    model_folder="attribution",
    description="One row per day, spend source, flow, provider, account, sub-account, model, tenant, user, task, conversation, owner in the hierarchy and "
    "currency: what budgets are held against. A day of an account is closed when the provider's rows of it were read after its end; on closed "
    "days the rows add up to FOCUS. On open days pay-as-you-go usage is what the provider or what the request logs tell of, whichever is more, never both.",
    columns=(
        USAGE_DATE,
        Column(
            name="spend_source",
            type="string",
            allowed=SPEND_SOURCES,
            description="charges: what FOCUS charges. requests: requests in logs at the agreed prices, on a day that is open; they make room for the charges when the day is closed.",
        ),
        FLOW,
        PROVIDER,
        Column(
            name="sub_account_id",
            type="string",
            nullable=True,
            description="Project, workspace or subscription that was billed; null without.",
        ),
        Column(
            name="model_id",
            type="string",
            nullable=True,
            description="Canonical model; null where unknown or without a model.",
        ),
        *CONSUMER,
        Column(
            name="currency",
            type="string",
            nullable=True,
            pattern=CURRENCY,
            description="Currency of the amounts; null where requests have no price.",
        ),
        Column(
            name="list_cost",
            type="cost",
            nullable=True,
            description="Cost at list prices; null exactly when currency is null.",
        ),
        Column(
            name="effective_cost",
            type="cost",
            nullable=True,
            description="Cost in the accrual view; of requests the contracted cost; null exactly when currency is null.",
        ),
        Column(
            name="billed_cost",
            type="cost",
            nullable=True,
            description="Cost in the cash view; of requests the contracted cost; null exactly when currency is null.",
        ),
        Column(
            name="tokens",
            type="quantity",
            minimum=0,
            description="Input and output tokens, cached ones included; parts of one where charges were split.",
        ),
        *HIERARCHY,
        Column(name="x_org_slug", type="string", pattern=SLUG, description="Organisation; the tenancy border."),
        Column(name="x_genai_provider", type="string", description="Provider in capitals: OPENAI, ANTHROPIC, ..."),
        Column(
            name="x_genai_account_id",
            type="string",
            nullable=True,
            description="Account at the provider that is billed; null where the log of requests does not say.",
        ),
        Column(name="x_ingestion_date", type="date", description="Partition key: the UTC day of the spend."),
    ),
    grain=(
        "x_org_slug",
        "usage_date",
        "spend_source",
        "flow",
        "provider",
        "x_genai_account_id",
        "sub_account_id",
        "model_id",
        "tenant_id",
        "user_id",
        "task",
        "conversation_id",
        "x_hierarchy_entity_id",
        "currency",
    ),
    replace_key=("x_ingestion_date",),
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider"),
)
