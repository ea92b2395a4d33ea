"""FOCUS 1.3 Cost and Usage: all 65 columns of the specification, in alphabetical order, then ours as x_PascalCase."""

from genai_finops.schemas.columns import HIERARCHY_LEVELS, SERVICE_TIERS, SLUG
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.focus_charges import CHARGE_COLUMNS
from genai_finops.schemas.tables.focus_prices import PRICE_COLUMNS
from genai_finops.schemas.tables.unified import FLOWS

FOCUS_VERSION = "1.3"
#: Columns that FOCUS 1.3 keeps for readers of 1.2 and that a later version drops.
DEPRECATED_COLUMNS = frozenset({"ProviderName", "PublisherName"})

COST_COLUMNS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")

FOCUS_COLUMNS = (*CHARGE_COLUMNS, *PRICE_COLUMNS)

_LINEAGE = (
    Column(
        name="x_OrgSlug",
        type="string",
        pattern=SLUG,
        description="Organisation that the charge belongs to; the tenancy border.",
    ),
    Column(
        name="x_PipelineId",
        type="string",
        description="Pipeline that brought in the usage: `<provider>.<flow>_usage`.",
    ),
    Column(name="x_CredentialId", type="string", description="Credential with which the usage was read."),
    Column(name="x_PipelineRunDate", type="date", description="UTC day that the pipeline run was for."),
    Column(name="x_RunId", type="string", description="Run that brought in the usage."),
    Column(name="x_IngestedAt", type="timestamp", description="Moment at which the usage was brought in, UTC."),
    Column(
        name="x_IngestionDate", type="date", description="Partition key: the UTC day whose partition holds the row."
    ),
    Column(
        name="x_GenaiProvider", type="string", description="Provider that bills, in capitals: OPENAI, ANTHROPIC, ..."
    ),
    Column(name="x_GenaiAccountId", type="string", description="Account at the provider that is billed."),
)

_HIERARCHY = (
    Column(
        name="x_HierarchyEntityId",
        type="string",
        nullable=True,
        description="Hierarchy entity that owns the charge on its day; null where nothing is assigned.",
    ),
    Column(name="x_HierarchyEntityName", type="string", nullable=True, description="Name of that entity."),
    Column(
        name="x_HierarchyLevelCode",
        type="string",
        nullable=True,
        allowed=HIERARCHY_LEVELS,
        description="Level of that entity: DEPT, PROJ or TEAM.",
    ),
    Column(
        name="x_HierarchyPath",
        type="string",
        nullable=True,
        description="Ids from the organisation down, as in /ACME/DEPT-001/PROJ-042.",
    ),
    Column(
        name="x_HierarchyPathNames",
        type="string",
        nullable=True,
        description="Names along the path, as in /Acme/Engineering/Backend.",
    ),
)

_USAGE = (
    Column(
        name="x_Flow",
        type="string",
        allowed=FLOWS,
        description="Billing flow of the charge: payg, commitment or infrastructure.",
    ),
    Column(
        name="x_Meter",
        type="string",
        allowed=tuple(METERS),
        description="Meter of the charge in the registry of meters.",
    ),
    Column(
        name="x_ModelId",
        type="string",
        nullable=True,
        description="Canonical model that was used; null for usage without a model.",
    ),
    Column(
        name="x_ApiKeyId",
        type="string",
        nullable=True,
        description="Provider's id of the API key (never the key); null where the provider names none.",
    ),
    Column(name="x_ServiceTier", type="string", allowed=SERVICE_TIERS, description="Canonical service tier."),
    Column(
        name="x_ContextBand",
        type="string",
        nullable=True,
        description="Band of prompt lengths that the provider reported; null where it reports none.",
    ),
    Column(
        name="x_Geography",
        type="string",
        nullable=True,
        description="Geography that the provider reported; null where it reports none.",
    ),
    Column(
        name="x_Variant",
        type="string",
        nullable=True,
        description="Price variant that the provider reported: image size, container size, ...",
    ),
    Column(
        name="x_MeteringSource",
        type="string",
        nullable=True,
        description="What the usage was read from, where the provider offers several: billing_export, monitoring, ...",
    ),
    Column(
        name="x_PricingId",
        type="string",
        nullable=True,
        description="Row of the flow's price table that was applied; null where the commitment itself names the price.",
    ),
    Column(
        name="x_PricingSource",
        type="string",
        nullable=True,
        description="Where that price comes from, with its version.",
    ),
    Column(
        name="x_ContractedPricingId",
        type="string",
        nullable=True,
        description="Row of the price table that gave the contracted price: the same as x_PricingId where nothing else was agreed.",
    ),
    Column(
        name="x_ContractedPricingSource",
        type="string",
        nullable=True,
        description="Where the contracted price comes from, with its version.",
    ),
    Column(
        name="x_FreeQuantity",
        type="quantity",
        nullable=True,
        minimum=0,
        description="Part of ConsumedQuantity that an allowance covers: in EffectiveCost and BilledCost, not in ContractedCost.",
    ),
    Column(
        name="x_IsEstimated",
        type="bool",
        description="True where the usage does not say which of several prices applies. Of several context bands the lowest price was "
        "taken, of input whose cached share is unknown the price of uncached input, of cache writes whose lifetime is unknown that of "
        "five minutes.",
    ),
    Column(
        name="x_ChargeId",
        type="string",
        pattern=r"^[0-9a-f]{32}$",
        description="Stable id of the charge: hash of the business key of its cost row.",
    ),
)

COST_DATA_STANDARD_1_3 = Table(
    name="cost_data_standard_1_3",
    layer="focus",
    model_folder="focus",
    description="One row per charge: a row of genai_costs_daily_unified, of any flow, that is priced or estimated, as FOCUS 1.3 Cost and Usage. Unpriced usage has no "
    "cost and is not a charge; it is counted in genai_unpriced_usage and in the metadata of an export.",
    columns=(*FOCUS_COLUMNS, *_LINEAGE, *_HIERARCHY, *_USAGE),
    grain=("x_ChargeId",),
    replace_key=("x_OrgSlug", "x_PipelineId", "x_CredentialId", "x_PipelineRunDate"),
    partition_by="x_IngestionDate",
    cluster_by=("x_OrgSlug", "x_GenaiProvider", "SkuId"),
)
