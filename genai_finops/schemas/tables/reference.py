"""Registers of the platform itself that dbt reads: providers and meters."""

from typing import get_args

from genai_finops.schemas.columns import PROVIDER
from genai_finops.schemas.meters import EstimateReason, MeterKind
from genai_finops.schemas.table import Column, Table

PROVIDERS = Table(
    name="genai_providers",
    layer="reference",
    description="One row per provider: how its charges are named in FOCUS. Rendered from configs/providers.",
    columns=(
        PROVIDER,
        Column(
            name="provider_code", type="string", description="The provider in capitals, as x_genai_provider holds it."
        ),
        Column(name="service_provider_name", type="string", description="FOCUS ServiceProviderName."),
        Column(name="host_provider_name", type="string", nullable=True, description="FOCUS HostProviderName."),
        Column(name="invoice_issuer_name", type="string", description="FOCUS InvoiceIssuerName."),
        Column(
            name="provider_name", type="string", description="FOCUS ProviderName (deprecated in 1.3, still mandatory)."
        ),
        Column(
            name="publisher_name",
            type="string",
            description="FOCUS PublisherName (deprecated in 1.3, still mandatory).",
        ),
        Column(name="service_name", type="string", description="FOCUS ServiceName."),
        Column(name="service_category", type="string", description="FOCUS ServiceCategory."),
        Column(name="service_subcategory", type="string", description="FOCUS ServiceSubcategory."),
        Column(
            name="infrastructure_service_name",
            type="string",
            nullable=True,
            description="FOCUS ServiceName of accelerators and machines; null where the provider has no flow of infrastructure.",
        ),
        Column(
            name="infrastructure_service_category",
            type="string",
            nullable=True,
            description="FOCUS ServiceCategory of that service.",
        ),
        Column(
            name="infrastructure_service_subcategory",
            type="string",
            nullable=True,
            description="FOCUS ServiceSubcategory of that service.",
        ),
        Column(name="billing_account_type", type="string", description="FOCUS BillingAccountType."),
        Column(
            name="currency",
            type="string",
            pattern=r"^[A-Z]{3}$",
            description="Currency of the provider's invoices and price list.",
        ),
    ),
    grain=("provider",),
)

METERS = Table(
    name="genai_meters",
    layer="reference",
    description="One row per meter: unit, pricing block and FOCUS names. Rendered from the registry of meters.",
    columns=(
        Column(name="meter", type="string", description="Name of the meter."),
        Column(
            name="kind",
            type="string",
            allowed=get_args(MeterKind),
            description="Kind of meter.",
        ),
        Column(name="sku_meter", type="string", description="FOCUS SkuMeter."),
        Column(name="consumed_unit", type="string", description="FOCUS ConsumedUnit."),
        Column(name="pricing_unit", type="string", description="FOCUS PricingUnit."),
        Column(name="pricing_block", type="int", minimum=1, description="Consumed units in one pricing unit."),
        Column(
            name="per_block",
            type="ratio",
            description="Exact reciprocal of pricing_block: quantities are multiplied by it, never divided.",
        ),
        Column(name="is_billable", type="bool", description="False for statistics."),
        Column(
            name="token_direction",
            type="string",
            nullable=True,
            allowed=("Input", "Output"),
            description="Direction of the tokens.",
        ),
        Column(
            name="token_cache_action",
            type="string",
            nullable=True,
            allowed=("Uncached", "Read", "Write"),
            description="What the cache did with the tokens.",
        ),
        Column(
            name="modality",
            type="string",
            nullable=True,
            allowed=("text", "audio", "image", "video"),
            description="Modality of the tokens.",
        ),
        Column(
            name="priced_as_meter",
            type="string",
            nullable=True,
            description="Meter whose rate prices this one where a model has no rate of this one; null where only rates of its own do.",
        ),
        Column(
            name="bounding_meter",
            type="string",
            nullable=True,
            description="Meter whose rate is the other bound of that price; null exactly when priced_as_meter is.",
        ),
        Column(
            name="estimate_reason",
            type="string",
            nullable=True,
            allowed=get_args(EstimateReason),
            description="Reason of an amount that is estimated because the two prices differ; null exactly when priced_as_meter is.",
        ),
    ),
    grain=("meter",),
)
