"""FOCUS 1.3 Cost and Usage, columns of quantities, costs, prices, parties and SKUs, in alphabetical order of the specification."""

from genai_finops.schemas.table import Column

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

_QUANTITY_AND_COST = (
    Column(
        name="ConsumedQuantity",
        type="quantity",
        nullable=True,
        description="Metered volume in ConsumedUnit, as the provider counted it; null on payments and on what was left idle.",
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
        description="Contract commitment that the charge counts towards, with cost and quantity: of a payment what is billed, else what is amortised. "
        "Null where there is none.",
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
        description="Public price of one PricingUnit on the day of usage: of a batch, cached or flex meter its own, of capacity that a commitment "
        "pays the price by the hour, of idle capacity and payments the price of the commitment.",
    ),
)

_PRICING = (
    Column(
        name="PricingCategory",
        type="string",
        nullable=True,
        allowed=("Standard", "Committed", "Dynamic", "Other"),
        description="Pricing model: Standard where the rate was fixed in advance and for payments, Committed where a commitment pays, Dynamic for spot "
        "capacity.",
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
        description="Volume in PricingUnit, unrounded: the quantity divided by the block of the price list.",
    ),
    Column(
        name="PricingUnit",
        type="string",
        nullable=True,
        description="Unit that prices are quoted for, in FOCUS unit format, as in 1000000 Tokens, PTU-Hours, PTU-Months.",
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
        description="Deployment, endpoint or store that was used; the commitment, on payments and on what was left idle; null for plain API calls.",
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
        description="What is sold, whatever it costs: model, processing mode and meter, as in gpt-4.1-batch-input; capacity, scope and term, as in "
        "ptu-global-reservation-1m.",
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
        "variant; of capacity the unit that the price is for. The same for every account and for every day of the line's life.",
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

PRICE_COLUMNS = (*_QUANTITY_AND_COST, *_PRICING, *_PARTIES_AND_PLACE, *_SERVICE_AND_SKU)
