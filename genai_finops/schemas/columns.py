"""Columns that more than one table shares, declared once."""

from genai_finops.schemas import words
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.table import Column

SERVICE_TIERS = words.SERVICE_TIERS
#: Tiers on which no pay-as-you-go price is charged.
UNCHARGED_TIERS = ("free", "committed")
HIERARCHY_LEVELS = ("DEPT", "PROJ", "TEAM")
SLUG = words.SLUG
#: ISO 4217.
CURRENCY = r"^[A-Z]{3}$"

LINEAGE = (
    Column(
        name="x_org_slug",
        type="string",
        description="Organisation that the row belongs to; the tenancy border.",
        pattern=SLUG,
    ),
    Column(name="x_pipeline_id", type="string", description="Pipeline that wrote the row: `<provider>.<flow>_usage`."),
    Column(name="x_credential_id", type="string", description="Credential with which the row was read."),
    Column(
        name="x_pipeline_run_date", type="date", description="UTC day that the pipeline run was for: the partition."
    ),
    Column(name="x_run_id", type="string", description="Run that wrote the row."),
    Column(name="x_ingested_at", type="timestamp", description="Moment of the write, UTC."),
    Column(
        name="x_ingestion_date",
        type="date",
        description="Partition key: the UTC day whose partition holds the row. It follows the usage, not the clock of "
        "the run, so that a second run leaves the same rows in the same partition.",
    ),
    Column(name="x_genai_provider", type="string", description="Provider in capitals: OPENAI, ANTHROPIC, ..."),
    Column(name="x_genai_account_id", type="string", description="Account at the provider that is billed."),
)

HIERARCHY = (
    Column(
        name="x_hierarchy_entity_id",
        type="string",
        nullable=True,
        description="Hierarchy entity that owns the row on its day; null where nothing is assigned.",
    ),
    Column(name="x_hierarchy_entity_name", type="string", nullable=True, description="Name of that entity."),
    Column(
        name="x_hierarchy_level_code",
        type="string",
        nullable=True,
        allowed=HIERARCHY_LEVELS,
        description="Level of that entity: DEPT, PROJ or TEAM.",
    ),
    Column(
        name="x_hierarchy_path",
        type="string",
        nullable=True,
        description="Ids from the organisation down, as in /ACME/DEPT-001/PROJ-042.",
    ),
    Column(
        name="x_hierarchy_path_names",
        type="string",
        nullable=True,
        description="Names along the path, as in /Acme/Engineering/Backend.",
    ),
)

PROVIDER = Column(
    name="provider",
    type="string",
    pattern=SLUG,
    description="Provider that bills: openai, anthropic, gemini, azure_openai, aws_bedrock, gcp_vertex, or one that was added.",
)

#: What a usage row is about, finer than the account. In the order of the tables.
USAGE_DIMENSIONS = (
    Column(
        name="sub_account_id",
        type="string",
        nullable=True,
        description="Project, workspace, deployment or subscription at the provider; null where the provider names none.",
    ),
    Column(
        name="sub_account_name",
        type="string",
        nullable=True,
        description="Display name of the sub-account; its id where the provider gives no name.",
    ),
    Column(
        name="sub_account_type",
        type="string",
        nullable=True,
        description="Kind of sub-account: Project, Workspace, ...",
    ),
    Column(
        name="resource_id",
        type="string",
        nullable=True,
        description="Deployment, endpoint or store that was used; null for plain API calls.",
    ),
    Column(name="resource_name", type="string", nullable=True, description="Display name of the resource."),
    Column(
        name="resource_type",
        type="string",
        nullable=True,
        description="Kind of resource; null exactly when resource_id is null.",
    ),
    Column(
        name="api_key_id",
        type="string",
        nullable=True,
        description="Provider's id of the API key (never the key); null where the provider names none.",
    ),
    Column(
        name="provider_model_id",
        type="string",
        nullable=True,
        description="Model as the provider spells it; null for meters without a model.",
    ),
    Column(
        name="region_id",
        type="string",
        nullable=True,
        description="Region that served the request, where the provider has regions.",
    ),
    Column(
        name="geography",
        type="string",
        nullable=True,
        description="Geography that decides the price: global, us, data_zone_us, data_zone_eu, regional (of Bedrock the regions of the "
        "US, the others being regional_eu, regional_ap and regional_other); null where the provider reports none.",
    ),
    Column(
        name="service_tier",
        type="string",
        allowed=SERVICE_TIERS,
        description="Canonical service tier; `free` is traffic within a provider's free tier, `committed` traffic on reserved capacity: "
        "neither has a pay-as-you-go price. A tier that is not known here fails the partition.",
    ),
    Column(
        name="provider_service_tier",
        type="string",
        nullable=True,
        description="Service tier as the provider spells it.",
    ),
    Column(
        name="context_band",
        type="string",
        nullable=True,
        description="Band of prompt lengths as the provider spells it; null where it reports none.",
    ),
    Column(
        name="context_tokens_above",
        type="int",
        nullable=True,
        minimum=0,
        description="Prompts in the row are longer than this many tokens; null where not reported.",
    ),
    Column(
        name="context_tokens_up_to",
        type="int",
        nullable=True,
        minimum=0,
        description="Prompts in the row have at most this many tokens; null where not reported or without limit.",
    ),
    Column(
        name="variant",
        type="string",
        nullable=True,
        description="Further price variant: image size, search context size, container size.",
    ),
    Column(
        name="metering_source",
        type="string",
        nullable=True,
        description="What the row was read from, where the provider offers several: billing_export, monitoring, ...; null where "
        "there is only one.",
    ),
)
METER = Column(
    name="meter",
    type="string",
    allowed=tuple(METERS),
    description="What is counted. Token meters are disjoint: they add up to the provider's own totals.",
)
QUANTITY = Column(name="quantity", type="quantity", minimum=0, description="Metered volume, in consumed_unit.")
CONSUMED_UNIT = Column(name="consumed_unit", type="string", description="Unit of quantity, in FOCUS unit format.")
USAGE_DATE = Column(name="usage_date", type="date", description="UTC day of the usage, half-open.")
