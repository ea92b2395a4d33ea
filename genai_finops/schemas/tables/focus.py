"""FOCUS 1.3 Cost and Usage: all 65 columns of the specification, in alphabetical order, then ours as x_PascalCase."""

from genai_finops.schemas.columns import HIERARCHY_LEVELS, SERVICE_TIERS, SLUG
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.unified import FLOWS

FOCUS_VERSION = "1.3"
CURRENCY = r"^[A-Z]{3}$"
SERVICE_CATEGORIES = (
    "AI and Machine Learning",
    "Analytics",
    "Business Applications",
    "Compute",
    "Databases",
    "Developer Tools",
    "Multicloud",
    "Identity",
    "Integration",
    "Internet of Things",
    "Management and Governance",
    "Media",
    "Migration",
    "Mobile",
    "Networking",
    "Security",
    "Storage",
    "Web",
    "Other",
)

#: Columns that FOCUS 1.3 keeps for readers of 1.2 and that a later version drops.
DEPRECATED_COLUMNS = frozenset({"ProviderName", "PublisherName"})

COST_COLUMNS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")

_ALLOCATION = (
    Column(
        name="AllocatedMethodDetails",
        type="json",
        nullable=True,
        description="Ratio, unit and measured quantity by which a shared charge was split; null on a charge that is not split.",
    ),
    Column(
        name="AllocatedMethodId",
        type="string",
        nullable=True,
        description="Documented method of the split; null on a charge that is not split.",
    ),
    Column(
        name="AllocatedResourceId",
        type="string",
        nullable=True,
        description="Who receives this part of a split charge; null on the remainder and on a charge that is not split.",
    ),
    Column(
        name="AllocatedResourceName",
        type="string",
        nullable=True,
        description="Display name of who receives this part; null exactly when AllocatedResourceId is null.",
    ),
    Column(
        name="AllocatedTags",
        type="json",
        nullable=True,
        description="Tags of who receives this part, without those already in Tags.",
    ),
)

_BILLING = (
    Column(
        name="AvailabilityZone",
        type="string",
        nullable=True,
        description="Zone inside the region; null because the providers serve models from regions, not from zones.",
    ),
    Column(
        name="BilledCost",
        type="cost",
        description="Cash view: what the charge adds to the invoice, in BillingCurrency.",
    ),
    Column(name="BillingAccountId", type="string", description="Account at the provider that is invoiced."),
    Column(
        name="BillingAccountName",
        type="string",
        nullable=True,
        description="Name of that account in the register of accounts; its id where nobody named it.",
    ),
    Column(name="BillingAccountType", type="string", description="Kind of account, as the provider calls it."),
    Column(
        name="BillingCurrency",
        type="string",
        pattern=CURRENCY,
        description="ISO 4217 currency of the invoice and of every price and cost that is not a PricingCurrency column.",
    ),
    Column(
        name="BillingPeriodEnd",
        type="timestamp",
        description="First instant of the next calendar month, UTC: the exclusive end of the invoice period.",
    ),
    Column(
        name="BillingPeriodStart",
        type="timestamp",
        description="First instant of the calendar month of the charge, UTC.",
    ),
    Column(
        name="CapacityReservationId",
        type="string",
        nullable=True,
        description="Reservation of capacity that the charge belongs to; null because token usage reserves none.",
    ),
    Column(
        name="CapacityReservationStatus",
        type="string",
        nullable=True,
        allowed=("Used", "Unused"),
        description="Whether the charge used that reservation or left it idle.",
    ),
)

_CHARGE = (
    Column(
        name="ChargeCategory",
        type="string",
        allowed=("Usage", "Purchase", "Tax", "Credit", "Adjustment"),
        description="Nature of the charge; metered usage is Usage.",
    ),
    Column(
        name="ChargeClass",
        type="string",
        nullable=True,
        allowed=("Correction",),
        description="Correction on a charge that changes a month which was already invoiced, null on every other.",
    ),
    Column(
        name="ChargeDescription",
        type="string",
        nullable=True,
        description="Sentence that says by itself what was charged and at which price.",
    ),
    Column(
        name="ChargeFrequency",
        type="string",
        allowed=("One-Time", "Recurring", "Usage-Based"),
        description="How often the charge comes back; metered usage is Usage-Based.",
    ),
    Column(
        name="ChargePeriodEnd",
        type="timestamp",
        description="Midnight UTC after the day of usage: the exclusive end of what the charge covers.",
    ),
    Column(name="ChargePeriodStart", type="timestamp", description="Midnight UTC at which the day of usage starts."),
)

_COMMITMENT = (
    Column(
        name="CommitmentDiscountCategory",
        type="string",
        nullable=True,
        allowed=("Spend", "Usage"),
        description="Whether the commitment promises money or usage; null without a commitment.",
    ),
    Column(
        name="CommitmentDiscountId",
        type="string",
        nullable=True,
        description="Commitment that was bought, used or left idle; null for pay-as-you-go.",
    ),
    Column(name="CommitmentDiscountName", type="string", nullable=True, description="Display name of that commitment."),
    Column(
        name="CommitmentDiscountQuantity",
        type="quantity",
        nullable=True,
        description="Amount of the commitment that the row buys, uses or leaves idle, in CommitmentDiscountUnit.",
    ),
    Column(
        name="CommitmentDiscountStatus",
        type="string",
        nullable=True,
        allowed=("Used", "Unused"),
        description="Whether the row used the commitment or is what was left of it.",
    ),
    Column(
        name="CommitmentDiscountType",
        type="string",
        nullable=True,
        description="Kind of commitment, as the provider calls it.",
    ),
    Column(
        name="CommitmentDiscountUnit",
        type="string",
        nullable=True,
        description="Unit of CommitmentDiscountQuantity; null exactly when that is null.",
    ),
)

_QUANTITY_AND_COST = (
    Column(
        name="ConsumedQuantity",
        type="quantity",
        nullable=True,
        description="Metered volume in ConsumedUnit, as the provider counted it.",
    ),
    Column(
        name="ConsumedUnit",
        type="string",
        nullable=True,
        description="Unit of ConsumedQuantity, in FOCUS unit format; null exactly when that is null.",
    ),
    Column(
        name="ContractApplied",
        type="json",
        nullable=True,
        description="Contract commitments that the charge counts towards; null where there is none.",
    ),
    Column(
        name="ContractedCost",
        type="cost",
        description="ContractedUnitPrice x PricingQuantity, exact and unrounded, in BillingCurrency.",
    ),
    Column(
        name="ContractedUnitPrice",
        type="rate",
        nullable=True,
        minimum=0,
        description="Negotiated price of one PricingUnit; the list price where nothing was negotiated.",
    ),
    Column(
        name="EffectiveCost",
        type="cost",
        description="Accrual view: cost after all discounts, prepaid amounts spread over what they pay for, in BillingCurrency.",
    ),
    Column(
        name="HostProviderName",
        type="string",
        nullable=True,
        description="Who runs the infrastructure; null where it cannot be known.",
    ),
    Column(
        name="InvoiceId",
        type="string",
        nullable=True,
        description="Invoice that carries the charge; null because the usage APIs name none.",
    ),
    Column(name="InvoiceIssuerName", type="string", description="Who sends the invoice."),
    Column(
        name="ListCost",
        type="cost",
        description="ListUnitPrice x PricingQuantity, exact and unrounded, in BillingCurrency.",
    ),
    Column(
        name="ListUnitPrice",
        type="rate",
        nullable=True,
        minimum=0,
        description="Public price of one PricingUnit on the day of usage. The price of a batch, cached or flex meter is its own list price.",
    ),
)

_PRICING = (
    Column(
        name="PricingCategory",
        type="string",
        nullable=True,
        allowed=("Standard", "Committed", "Dynamic", "Other"),
        description="Pricing model: Standard where the rate was fixed in advance.",
    ),
    Column(
        name="PricingCurrency",
        type="string",
        description="Currency of the price list; prices are imported in the currency that is billed.",
    ),
    Column(
        name="PricingCurrencyContractedUnitPrice",
        type="rate",
        nullable=True,
        minimum=0,
        description="ContractedUnitPrice in PricingCurrency.",
    ),
    Column(name="PricingCurrencyEffectiveCost", type="cost", description="EffectiveCost in PricingCurrency."),
    Column(
        name="PricingCurrencyListUnitPrice",
        type="rate",
        nullable=True,
        minimum=0,
        description="ListUnitPrice in PricingCurrency.",
    ),
    Column(
        name="PricingQuantity",
        type="quantity",
        nullable=True,
        description="Volume in PricingUnit, unrounded: ConsumedQuantity divided by the block of the price list.",
    ),
    Column(
        name="PricingUnit",
        type="string",
        nullable=True,
        description="Unit that prices are quoted for, in FOCUS unit format, as in 1000000 Tokens.",
    ),
)

_PARTIES_AND_PLACE = (
    Column(
        name="ProviderName",
        type="string",
        description="Who sells the service. Deprecated by FOCUS 1.3 in favour of ServiceProviderName, still mandatory.",
    ),
    Column(
        name="PublisherName",
        type="string",
        description="Who makes the service. Deprecated by FOCUS 1.3, still mandatory.",
    ),
    Column(
        name="RegionId",
        type="string",
        nullable=True,
        description="Region that served the usage; null where the provider routes freely or names none.",
    ),
    Column(
        name="RegionName",
        type="string",
        nullable=True,
        description="Display name of the region; null exactly when RegionId is null.",
    ),
    Column(
        name="ResourceId",
        type="string",
        nullable=True,
        description="Deployment, endpoint or store that was used; null for plain API calls.",
    ),
    Column(
        name="ResourceName",
        type="string",
        nullable=True,
        description="Display name of that resource; null where it has none besides its id.",
    ),
    Column(
        name="ResourceType",
        type="string",
        nullable=True,
        description="Kind of resource; null exactly when ResourceId is null.",
    ),
)

_SERVICE_AND_SKU = (
    Column(
        name="ServiceCategory", type="string", allowed=SERVICE_CATEGORIES, description="Main purpose of the service."
    ),
    Column(name="ServiceName", type="string", description="Offering that was used."),
    Column(name="ServiceProviderName", type="string", description="Who offers the service for use."),
    Column(
        name="ServiceSubcategory",
        type="string",
        description="Second level of ServiceCategory; a ServiceName has exactly one.",
    ),
    Column(
        name="SkuId",
        type="string",
        nullable=True,
        description="What is sold, whatever it costs: model, processing mode and meter, as in gpt-4.1-batch-input.",
    ),
    Column(
        name="SkuMeter",
        type="string",
        nullable=True,
        description="What the SKU counts, as in Batch Input Tokens; the same on every row of a SkuId.",
    ),
    Column(
        name="SkuPriceDetails",
        type="json",
        nullable=True,
        description="Properties of the price-list line: the same text on every row of a SkuPriceId.",
    ),
    Column(
        name="SkuPriceId",
        type="string",
        nullable=True,
        description="Line of the provider's price list: SKU, service tier and, where the list has them, geography, context band and "
        "variant. The same for every account and for every day of the line's life.",
    ),
    Column(
        name="SubAccountId",
        type="string",
        nullable=True,
        description="Project, workspace, deployment or subscription below the account; null where the provider names none.",
    ),
    Column(
        name="SubAccountName",
        type="string",
        nullable=True,
        description="Display name of the sub-account, its id where it has none; null exactly when SubAccountId is null.",
    ),
    Column(
        name="SubAccountType",
        type="string",
        nullable=True,
        description="Kind of sub-account; null exactly when SubAccountId is null.",
    ),
    Column(
        name="Tags",
        type="json",
        nullable=True,
        description="Tags of the used resource; null because the usage APIs report none.",
    ),
)

FOCUS_COLUMNS = (
    *_ALLOCATION,
    *_BILLING,
    *_CHARGE,
    *_COMMITMENT,
    *_QUANTITY_AND_COST,
    *_PRICING,
    *_PARTIES_AND_PLACE,
    *_SERVICE_AND_SKU,
)

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
        description="Row of genai_payg_pricing that was applied.",
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
    description="One row per charge: a row of genai_costs_daily_unified that is priced or estimated, as FOCUS 1.3 Cost and Usage. Unpriced usage has no "
    "cost and is not a charge; it is counted in genai_unpriced_usage and in the metadata of an export.",
    columns=(*FOCUS_COLUMNS, *_LINEAGE, *_HIERARCHY, *_USAGE),
    grain=("x_ChargeId",),
    replace_key=("x_OrgSlug", "x_PipelineId", "x_CredentialId", "x_PipelineRunDate"),
    partition_by="x_IngestionDate",
    cluster_by=("x_OrgSlug", "x_GenaiProvider", "SkuId"),
)
