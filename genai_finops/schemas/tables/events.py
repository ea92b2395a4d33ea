"""Requests as their logs tell of them: landed, and as modelled with what they cost."""

from genai_finops.schemas.columns import CURRENCY, LINEAGE, PROVIDER, SERVICE_TIERS, USAGE_DATE
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.unified import MODEL, PRICING_REASONS

#: Meters that one request can name, as columns of an event. Disjoint, like all meters.
EVENT_METERS = (
    "uncached_input",
    "uncached_input_audio",
    "uncached_input_image",
    "uncached_input_video",
    "cache_read",
    "cache_read_audio",
    "cache_write",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "output_audio",
    "output_image",
    "output_reasoning",
    "embedding_input",
    "image",
    "character",
    "web_search",
)
INPUT_METERS = tuple(
    name for name in EVENT_METERS if METERS[name].token_direction == "Input" and name != "embedding_input"
)
EVENT_STATUSES = ("success", "failure")

_CONSUMER = (
    Column(
        name="tenant_id",
        type="string",
        nullable=True,
        description="Tenant that caused the request, as the log names it.",
    ),
    Column(name="user_id", type="string", nullable=True, description="User that caused it, as the log names it."),
    Column(name="task", type="string", nullable=True, description="Task, agent or workflow that it was part of."),
    Column(
        name="conversation_id",
        type="string",
        nullable=True,
        description="Conversation, session or thread that it was part of.",
    ),
)


def _lineage() -> tuple[Column, ...]:
    """As everywhere, but a log need not say which account was billed."""
    account = Column(
        name="x_genai_account_id",
        type="string",
        nullable=True,
        description="Account at the provider that was billed; null where neither the log nor its configuration says.",
    )
    described = {
        "x_pipeline_id": "Pipeline that wrote the row: `request_logs.<source>`.",
        "x_credential_id": "Source of request logs that the row was read from.",
        "x_pipeline_run_date": "UTC day of the request: the partition.",
    }
    return tuple(
        account
        if column.name == account.name
        else Column(
            name=column.name,
            type=column.type,
            pattern=column.pattern,
            description=described.get(column.name, column.description),
        )
        for column in LINEAGE
    )


_REQUEST = (
    Column(name="source_id", type="string", description="Source of request logs that names the event, as configured."),
    Column(
        name="event_id",
        type="string",
        description="Identifies the event within its source: the request id that the log gives, else `sha256:` and the hash of what the event says.",
    ),
    Column(name="request_id", type="string", nullable=True, description="Request id that the log gives; null without."),
    Column(name="started_at", type="timestamp", description="Start of the request, UTC."),
    Column(
        name="ended_at", type="timestamp", nullable=True, description="Its end, UTC; null where the log does not say."
    ),
    USAGE_DATE,
    PROVIDER,
    Column(
        name="sub_account_id",
        type="string",
        nullable=True,
        description="Project, workspace or subscription, in the provider's ids; null where unknown.",
    ),
    Column(
        name="resource_id",
        type="string",
        nullable=True,
        description="Deployment or endpoint, in the provider's ids; null where unknown.",
    ),
    Column(
        name="api_key_id",
        type="string",
        nullable=True,
        description="Provider's id of the API key (never the key); null where unknown.",
    ),
    Column(
        name="provider_model_id",
        type="string",
        nullable=True,
        description="Model that answered, as the log spells it; the requested one where it does not say.",
    ),
    Column(
        name="service_tier",
        type="string",
        nullable=True,
        allowed=SERVICE_TIERS,
        description="Canonical service tier; null where the log does not say.",
    ),
    Column(
        name="region_id",
        type="string",
        nullable=True,
        description="Region that served the request; null where the log does not say.",
    ),
    Column(
        name="geography",
        type="string",
        nullable=True,
        description="Geography that decides the price, as in usage; null where the log does not say.",
    ),
    Column(
        name="operation",
        type="string",
        nullable=True,
        description="Kind of request in the log's words: chat, embeddings, ...",
    ),
    Column(name="status", type="string", allowed=EVENT_STATUSES, description="success or failure."),
    Column(
        name="is_cache_hit",
        type="bool",
        description="Answered from a cache of the gateway: the provider was not asked and charges nothing.",
    ),
    *(
        Column(
            name=name,
            type="int",
            minimum=0,
            description=f"{METERS[name].sku_meter} of the request, in {METERS[name].consumed_unit}.",
        )
        for name in EVENT_METERS
    ),
    *_CONSUMER,
    Column(
        name="tags",
        type="json",
        nullable=True,
        description="Further labels that the source is configured to keep, as a flat JSON object.",
    ),
    Column(
        name="reported_cost",
        type="cost",
        nullable=True,
        minimum=0,
        description="Cost that the log claims, kept beside the computed one; null without.",
    ),
    Column(
        name="reported_currency",
        type="string",
        nullable=True,
        pattern=CURRENCY,
        description="Its currency; null exactly when reported_cost is null.",
    ),
)

EVENTS_RAW = Table(
    name="genai_usage_events_raw",
    layer="landing",
    description="One row per source of request logs, log file and request that the file tells of. What was asked and answered is never read.",
    columns=(
        *_REQUEST,
        Column(name="log_file", type="string", description="File that the row was read from, relative to its source."),
        Column(name="log_line", type="int", minimum=1, description="Line or record of that file, from 1."),
        *_lineage(),
    ),
    grain=("x_org_slug", "source_id", "log_file", "event_id"),
    replace_key=("x_org_slug", "source_id", "log_file", "usage_date"),
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider"),
    is_archived=True,
)

USAGE_EVENTS = Table(
    name="genai_usage_events",
    layer="attribution",
    model_folder="attribution",
    description="One row per organisation, source of request logs and request, counted once however often and late it was told, with "
    "what it would cost by itself at the prices of its day.",
    columns=(
        *_REQUEST,
        *(
            Column(name=f"logged_{name}", type="string", nullable=True, description=f"{text} before mapping rules.")
            for name, text in (("tenant_id", "Tenant"), ("user_id", "User"), ("task", "Task"))
        ),
        *MODEL,
        Column(
            name="context_tokens_above",
            type="int",
            nullable=True,
            minimum=0,
            description="Lower end, exclusive, of the price band that the request's own input lies in.",
        ),
        Column(
            name="context_tokens_up_to",
            type="int",
            nullable=True,
            minimum=0,
            description="Upper end of that band, inclusive; null without limit.",
        ),
        Column(
            name="pricing_status",
            type="string",
            allowed=("priced", "estimated", "unpriced", "free", "committed", "cache_hit", "empty"),
            description="As in the cost tables, of the least certain of its meters; cache_hit where no provider was asked; empty where nothing billable was counted.",
        ),
        Column(
            name="pricing_reason",
            type="string",
            nullable=True,
            allowed=PRICING_REASONS,
            description="Why it is not simply priced; null otherwise.",
        ),
        Column(
            name="currency",
            type="string",
            nullable=True,
            pattern=CURRENCY,
            description="Currency of the computed costs; null where unpriced.",
        ),
        Column(
            name="list_cost",
            type="cost",
            nullable=True,
            description="Quantities at list prices, exact; null where a meter has no price, 0 for a cache hit.",
        ),
        Column(
            name="contracted_cost",
            type="cost",
            nullable=True,
            description="Quantities at the prices agreed for the organisation or account, before allowances and volume tiers; null where a meter has no price, 0 for a cache hit.",
        ),
        Column(
            name="saved_cost",
            type="cost",
            nullable=True,
            description="What a cache hit would have cost at the contracted prices; null for other requests.",
        ),
        Column(
            name="log_file",
            type="string",
            description="File that the kept telling was read from, relative to its source.",
        ),
        Column(name="log_line", type="int", minimum=1, description="Line or record of that file, from 1."),
        *_lineage(),
    ),
    grain=("x_org_slug", "source_id", "event_id"),
    replace_key=("x_ingestion_date",),
    partition_by="x_ingestion_date",
    cluster_by=("x_org_slug", "provider", "model_id"),
)
