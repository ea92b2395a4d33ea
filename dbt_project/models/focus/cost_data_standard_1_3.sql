{{ config(**replaced_by_day('cost_data_standard_1_3')) }}

{#- What tells one charge from another; of payments and commitments also what it is and what it pays for. -#}
{%- set key = [
    'costs.x_org_slug', 'costs.x_pipeline_id', 'costs.x_credential_id', 'costs.x_pipeline_run_date', 'costs.flow', 'costs.provider',
    'costs.usage_date', 'costs.sub_account_id', 'costs.sub_account_type', 'costs.resource_id', 'costs.resource_type',
    'costs.api_key_id', 'costs.provider_model_id', 'costs.region_id', 'costs.geography', 'costs.service_tier',
    'costs.provider_service_tier', 'costs.context_band', 'costs.variant', 'costs.metering_source', 'costs.meter',
] -%}
{%- set commitment_key = key + [
    'costs.charge_category', 'costs.commitment_id', 'costs.commitment_status', 'costs.charge_period_start',
] -%}

{#- What is bought and what is left idle is the commitment itself; what is used is a resource. -#}
{%- set is_commitment = "(costs.charge_category = 'Purchase' or costs.commitment_status = 'Unused')" -%}

-- Committed tokens are paid by a commitment and those of a free tier by nobody: they are no charges. Unpriced usage has no cost.
-- Most charges are of pay-as-you-go: they are kept apart from what only commitments need.
with token_costs as (
    select * from {{ ref('genai_costs_daily_unified') }}
    where
        flow = 'payg'
        and pricing_status in ('priced', 'estimated')
        and {{ in_window('x_ingestion_date') }}
),

capacity_costs as (
    select * from {{ ref('genai_costs_daily_unified') }}
    where
        flow != 'payg'
        and pricing_status in ('priced', 'estimated')
        and {{ in_window('x_ingestion_date') }}
),

token_skus as (
    select * from {{ ref('int_focus__token_skus') }}
),

capacity_skus as (
    select * from {{ ref('int_focus__capacity_skus') }}
),

commitments as (
    select * from {{ ref('int_focus__commitments') }}
),

providers as (
    select * from {{ source('reference', 'genai_providers') }}
),

accounts as (
    select * from {{ source('reference', 'genai_provider_accounts') }}
),

-- All joins are left ones, so that a charge whose names are missing is still there with its money; the contract and
-- assert_focus_charges_are_named then say what is missing.
token_charges as (
    select
        costs.*,
        {{ row_id(key) }} as charge_id,
        case costs.pricing_reason
            when 'unknown_context_band'
                then token_skus.charge_description || ', the lowest of the prices that the usage can have'
            when 'unknown_cache_share'
                then token_skus.charge_description || ', as if none of it had been read from a cache'
            when 'unknown_cache_lifetime'
                then token_skus.charge_description || ', as if all of it had been written for five minutes'
            else token_skus.charge_description
        end as charge_description,
        token_skus.sku_id,
        token_skus.sku_meter,
        token_skus.sku_price_id,
        token_skus.sku_price_details,
        costs.quantity as consumed_quantity,
        costs.resource_id as charged_resource_id,
        costs.resource_name as charged_resource_name,
        coalesce(costs.resource_type, 'Resource') as charged_resource_type,
        cast(null as {{ type_of('string') }}) as contract_id,
        cast(null as {{ type_of('string') }}) as commitment_name,
        cast(null as {{ type_of('string') }}) as commitment_type,
        cast(null as {{ type_of('string') }}) as commitment_unit
    from token_costs as costs
    left join token_skus
        on token_skus.pricing_id = costs.pricing_id
),

capacity_charges as (
    select
        costs.*,
        {{ row_id(commitment_key) }} as charge_id,
        capacity_skus.charge_subject
        || case
            when costs.charge_category = 'Purchase' then concat(', payment for commitment ', costs.commitment_id, ', at ')
            when costs.commitment_status = 'Used' then concat(', paid by commitment ', costs.commitment_id, ', without it at ')
            when costs.commitment_status = 'Unused' then concat(', idle capacity of commitment ', costs.commitment_id, ', at ')
            else ', at '
        end
        || concat({{ decimal_text('costs.list_unit_price') }}, ' ', costs.currency, ' per ', costs.pricing_unit) as charge_description,
        capacity_skus.sku_id,
        capacity_skus.sku_meter,
        capacity_skus.sku_price_line || '/' || {{ focus_unit_slug('costs.pricing_unit') }} as sku_price_id,
        capacity_skus.sku_price_details,
        case
            when costs.charge_category = 'Usage' and coalesce(costs.commitment_status, 'Used') = 'Used' then costs.quantity
        end as consumed_quantity,
        case when {{ is_commitment }} then costs.commitment_id else costs.resource_id end as charged_resource_id,
        case when {{ is_commitment }} then commitments.commitment_name else costs.resource_name end as charged_resource_name,
        case when {{ is_commitment }} then commitments.commitment_type else coalesce(costs.resource_type, 'Resource') end
            as charged_resource_type,
        commitments.contract_id,
        commitments.commitment_name,
        commitments.commitment_type,
        commitments.commitment_unit
    from capacity_costs as costs
    left join commitments
        on commitments.x_org_slug = costs.x_org_slug
        and commitments.provider = costs.provider
        and commitments.commitment_id = costs.commitment_id
    left join capacity_skus
        on capacity_skus.line_id = coalesce(
            costs.pricing_id, {{ focus_commitment_line('costs.x_org_slug', 'costs.provider', 'costs.commitment_id') }}
        )
),

charges as (
    select * from token_charges
    union all
    select * from capacity_charges
),

final as (
    select
        cast(null as {{ type_of('json') }}) as AllocatedMethodDetails,
        cast(null as {{ type_of('string') }}) as AllocatedMethodId,
        cast(null as {{ type_of('string') }}) as AllocatedResourceId,
        cast(null as {{ type_of('string') }}) as AllocatedResourceName,
        cast(null as {{ type_of('json') }}) as AllocatedTags,
        cast(null as {{ type_of('string') }}) as AvailabilityZone,
        charges.billed_cost as BilledCost,
        charges.x_genai_account_id as BillingAccountId,
        coalesce(accounts.account_name, charges.x_genai_account_id) as BillingAccountName,
        providers.billing_account_type as BillingAccountType,
        charges.currency as BillingCurrency,
        {{ utc_midnight(next_month_start('charges.usage_date')) }} as BillingPeriodEnd,
        {{ utc_midnight(month_start('charges.usage_date')) }} as BillingPeriodStart,
        cast(null as {{ type_of('string') }}) as CapacityReservationId,
        cast(null as {{ type_of('string') }}) as CapacityReservationStatus,
        charges.charge_category as ChargeCategory,
        cast(null as {{ type_of('string') }}) as ChargeClass,
        charges.charge_description as ChargeDescription,
        charges.charge_frequency as ChargeFrequency,
        charges.charge_period_end as ChargePeriodEnd,
        charges.charge_period_start as ChargePeriodStart,
        case when charges.commitment_id is not null then 'Usage' end as CommitmentDiscountCategory,
        charges.commitment_id as CommitmentDiscountId,
        charges.commitment_name as CommitmentDiscountName,
        charges.commitment_quantity as CommitmentDiscountQuantity,
        charges.commitment_status as CommitmentDiscountStatus,
        charges.commitment_type as CommitmentDiscountType,
        charges.commitment_unit as CommitmentDiscountUnit,
        charges.consumed_quantity as ConsumedQuantity,
        case when charges.consumed_quantity is not null then charges.consumed_unit end as ConsumedUnit,
        case
            when charges.commitment_id is not null then {{ focus_contract_applied(
                'charges.contract_id',
                'charges.commitment_id',
                "case when charges.charge_category = 'Purchase' then charges.billed_cost else charges.effective_cost end",
                'charges.commitment_quantity',
                'charges.commitment_unit',
            ) }}
        end as ContractApplied,
        charges.contracted_cost as ContractedCost,
        charges.contracted_unit_price as ContractedUnitPrice,
        charges.effective_cost as EffectiveCost,
        providers.host_provider_name as HostProviderName,
        cast(null as {{ type_of('string') }}) as InvoiceId,
        providers.invoice_issuer_name as InvoiceIssuerName,
        charges.list_cost as ListCost,
        charges.list_unit_price as ListUnitPrice,
        charges.pricing_category as PricingCategory,
        charges.currency as PricingCurrency,
        charges.contracted_unit_price as PricingCurrencyContractedUnitPrice,
        charges.effective_cost as PricingCurrencyEffectiveCost,
        charges.list_unit_price as PricingCurrencyListUnitPrice,
        charges.pricing_quantity as PricingQuantity,
        charges.pricing_unit as PricingUnit,
        providers.provider_name as ProviderName,
        providers.publisher_name as PublisherName,
        nullif(charges.region_id, 'global') as RegionId,
        nullif(charges.region_id, 'global') as RegionName,
        charges.charged_resource_id as ResourceId,
        case
            when charges.charged_resource_id is not null then nullif(charges.charged_resource_name, charges.charged_resource_id)
        end as ResourceName,
        case when charges.charged_resource_id is not null then charges.charged_resource_type end as ResourceType,
        case
            when charges.flow = 'infrastructure' then coalesce(providers.infrastructure_service_category, providers.service_category)
            else providers.service_category
        end as ServiceCategory,
        case
            when charges.flow = 'infrastructure' then coalesce(providers.infrastructure_service_name, providers.service_name)
            else providers.service_name
        end as ServiceName,
        providers.service_provider_name as ServiceProviderName,
        case
            when charges.flow = 'infrastructure' then coalesce(providers.infrastructure_service_subcategory, providers.service_subcategory)
            else providers.service_subcategory
        end as ServiceSubcategory,
        charges.sku_id as SkuId,
        charges.sku_meter as SkuMeter,
        charges.sku_price_details as SkuPriceDetails,
        charges.sku_price_id as SkuPriceId,
        charges.sub_account_id as SubAccountId,
        case
            when charges.sub_account_id is not null then coalesce(charges.sub_account_name, charges.sub_account_id)
        end as SubAccountName,
        case
            when charges.sub_account_id is not null then coalesce(charges.sub_account_type, 'Sub-Account')
        end as SubAccountType,
        cast(null as {{ type_of('json') }}) as Tags,
        charges.x_org_slug as x_OrgSlug,
        charges.x_pipeline_id as x_PipelineId,
        charges.x_credential_id as x_CredentialId,
        charges.x_pipeline_run_date as x_PipelineRunDate,
        charges.x_run_id as x_RunId,
        charges.x_ingested_at as x_IngestedAt,
        charges.x_ingestion_date as x_IngestionDate,
        charges.x_genai_provider as x_GenaiProvider,
        charges.x_genai_account_id as x_GenaiAccountId,
        charges.x_hierarchy_entity_id as x_HierarchyEntityId,
        charges.x_hierarchy_entity_name as x_HierarchyEntityName,
        charges.x_hierarchy_level_code as x_HierarchyLevelCode,
        charges.x_hierarchy_path as x_HierarchyPath,
        charges.x_hierarchy_path_names as x_HierarchyPathNames,
        charges.flow as x_Flow,
        charges.meter as x_Meter,
        charges.model_id as x_ModelId,
        charges.api_key_id as x_ApiKeyId,
        charges.service_tier as x_ServiceTier,
        charges.context_band as x_ContextBand,
        charges.geography as x_Geography,
        charges.variant as x_Variant,
        charges.metering_source as x_MeteringSource,
        charges.pricing_id as x_PricingId,
        charges.pricing_source as x_PricingSource,
        charges.contracted_pricing_id as x_ContractedPricingId,
        charges.contracted_pricing_source as x_ContractedPricingSource,
        charges.free_quantity as x_FreeQuantity,
        charges.is_estimated as x_IsEstimated,
        charges.charge_id as x_ChargeId
    from charges
    left join providers
        on providers.provider = charges.provider
    left join accounts
        on accounts.x_org_slug = charges.x_org_slug
        and accounts.provider = charges.provider
        and accounts.account_id = charges.x_genai_account_id
)

select * from final
