{{ config(**replaced_by_day('cost_data_standard_1_3')) }}

with costs as (
    select * from {{ ref('genai_costs_daily_unified') }}
),

rates as (
    select * from {{ ref('genai_payg_pricing') }}
),

alias_rules as (
    select * from {{ source('prices', 'genai_model_alias_rules') }}
    where {{ as_known() }}
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

providers as (
    select * from {{ source('reference', 'genai_providers') }}
),

accounts as (
    select * from {{ source('reference', 'genai_provider_accounts') }}
),

-- Several rules lead to one model. One developer and one family are taken for all of them, because SkuPriceDetails has to be
-- the same on every row of a SkuPriceId.
models as (
    select
        provider,
        model_id,
        max(model_developer) as model_developer,
        max(model_family) as model_family
    from alias_rules
    group by provider, model_id
),

-- What the price list says, not what the usage says, decides the SKU: a SkuPriceId is one line of a price list.
price_lines as (
    select
        rates.pricing_id,
        rates.provider,
        rates.model_id,
        rates.meter,
        rates.service_tier,
        rates.geography,
        rates.variant,
        rates.x_org_slug,
        rates.currency,
        rates.unit_price,
        models.model_developer,
        models.model_family,
        meters.sku_meter,
        meters.pricing_unit,
        meters.token_direction,
        meters.token_cache_action,
        providers.service_name,
        {{ focus_context_band('rates.context_tokens_above', 'rates.context_tokens_up_to') }} as context_band,
        {{ focus_processing_mode('rates.service_tier') }} as processing_mode,
        upper(substr(meters.modality, 1, 1)) || substr(meters.modality, 2) as modality,
        case rates.meter when 'cache_write_5m' then '5m' when 'cache_write_1h' then '1h' end as cache_ttl,
        case
            when rates.geography = 'global' then 'Global'
            when rates.geography like 'regional%' or rates.geography like '%-%' then 'Regional'
            else 'DataZone'
        end as serving_scope
    from rates
    inner join meters
        on meters.meter = rates.meter
    inner join providers
        on providers.provider = rates.provider
    left join models
        on models.provider = rates.provider
        and models.model_id = rates.model_id
),

-- Batch is sold as an article of its own; the other tiers are prices of the same article.
skus as (
    select
        *,
        coalesce(model_id || '-', '') || case when service_tier = 'batch' then 'batch-' else '' end
        || {{ focus_meter_slug('meter') }} as sku_id,
        case when service_tier = 'batch' then 'Batch ' else '' end || sku_meter as sku_meter_of_mode
    from price_lines
),

sku_prices as (
    select
        pricing_id,
        sku_id,
        sku_meter_of_mode as sku_meter,
        provider || '/' || sku_id || '/' || service_tier
        || case when geography = 'global' then '' else '/geography=' || geography end
        || coalesce('/context=' || context_band, '')
        || coalesce('/variant=' || variant, '')
        -- A price that only an organisation has is a line of no one else's price list.
        || coalesce('/organisation=' || x_org_slug, '') as sku_price_id,
        {{ json_object_text([
            ('x_ModelDeveloper', 'model_developer', 'string'),
            ('x_ModelFamily', 'model_family', 'string'),
            ('x_ModelId', 'model_id', 'string'),
            ('x_TokenDirection', 'token_direction', 'string'),
            ('x_TokenCacheAction', 'token_cache_action', 'string'),
            ('x_CacheTtl', 'cache_ttl', 'string'),
            ('x_ProcessingMode', 'processing_mode', 'string'),
            ('x_Modality', 'modality', 'string'),
            ('x_ServingScope', 'serving_scope', 'string'),
            ('x_ContextBand', 'context_band', 'string'),
            ('x_Variant', 'variant', 'string'),
        ]) }} as sku_price_details,
        service_name || ': ' || sku_meter_of_mode || coalesce(' of ' || model_id, '')
        || case
            when processing_mode is null or service_tier = 'batch' then ''
            else ', ' || lower(processing_mode) || ' tier'
        end
        || case when geography = 'global' then '' else ', geography ' || geography end
        || coalesce(', prompts of ' || replace(context_band, 'above-', 'above ') || ' tokens', '')
        || coalesce(', ' || variant, '')
        || ', at ' || {{ decimal_text('unit_price') }} || ' ' || currency || ' per ' || pricing_unit as charge_description
    from skus
),

-- Committed tokens are paid by a commitment and those of a free tier by nobody: they are no charges. Unpriced usage has no
-- cost. A request that is served from anywhere has no region.
charges as (
    select
        *,
        nullif(region_id, 'global') as served_region_id,
        {{ row_id([
            'x_org_slug', 'x_pipeline_id', 'x_credential_id', 'x_pipeline_run_date', 'flow', 'provider', 'usage_date',
            'sub_account_id', 'sub_account_type', 'resource_id', 'resource_type', 'api_key_id', 'provider_model_id',
            'region_id', 'geography', 'service_tier', 'provider_service_tier', 'context_band', 'variant', 'metering_source',
            'meter',
        ]) }} as charge_id
    from costs
    where
        pricing_status in ('priced', 'estimated')
        and {{ in_window('x_ingestion_date') }}
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
        'Usage' as ChargeCategory,
        cast(null as {{ type_of('string') }}) as ChargeClass,
        case charges.pricing_reason
            when 'unknown_context_band'
                then sku_prices.charge_description || ', the lowest of the prices that the usage can have'
            when 'unknown_cache_share'
                then sku_prices.charge_description || ', as if none of it had been read from a cache'
            when 'unknown_cache_lifetime'
                then sku_prices.charge_description || ', as if all of it had been written for five minutes'
            else sku_prices.charge_description
        end as ChargeDescription,
        'Usage-Based' as ChargeFrequency,
        {{ utc_midnight(add_days('charges.usage_date', 1)) }} as ChargePeriodEnd,
        {{ utc_midnight('charges.usage_date') }} as ChargePeriodStart,
        cast(null as {{ type_of('string') }}) as CommitmentDiscountCategory,
        cast(null as {{ type_of('string') }}) as CommitmentDiscountId,
        cast(null as {{ type_of('string') }}) as CommitmentDiscountName,
        cast(null as {{ type_of('quantity') }}) as CommitmentDiscountQuantity,
        cast(null as {{ type_of('string') }}) as CommitmentDiscountStatus,
        cast(null as {{ type_of('string') }}) as CommitmentDiscountType,
        cast(null as {{ type_of('string') }}) as CommitmentDiscountUnit,
        charges.quantity as ConsumedQuantity,
        charges.consumed_unit as ConsumedUnit,
        cast(null as {{ type_of('json') }}) as ContractApplied,
        charges.contracted_cost as ContractedCost,
        charges.contracted_unit_price as ContractedUnitPrice,
        charges.effective_cost as EffectiveCost,
        providers.host_provider_name as HostProviderName,
        cast(null as {{ type_of('string') }}) as InvoiceId,
        providers.invoice_issuer_name as InvoiceIssuerName,
        charges.list_cost as ListCost,
        charges.list_unit_price as ListUnitPrice,
        'Standard' as PricingCategory,
        charges.currency as PricingCurrency,
        charges.contracted_unit_price as PricingCurrencyContractedUnitPrice,
        charges.effective_cost as PricingCurrencyEffectiveCost,
        charges.list_unit_price as PricingCurrencyListUnitPrice,
        charges.pricing_quantity as PricingQuantity,
        charges.pricing_unit as PricingUnit,
        providers.provider_name as ProviderName,
        providers.publisher_name as PublisherName,
        charges.served_region_id as RegionId,
        charges.served_region_id as RegionName,
        charges.resource_id as ResourceId,
        case
            when charges.resource_id is not null then nullif(charges.resource_name, charges.resource_id)
        end as ResourceName,
        case
            when charges.resource_id is not null then coalesce(charges.resource_type, 'Resource')
        end as ResourceType,
        providers.service_category as ServiceCategory,
        providers.service_name as ServiceName,
        providers.service_provider_name as ServiceProviderName,
        providers.service_subcategory as ServiceSubcategory,
        sku_prices.sku_id as SkuId,
        sku_prices.sku_meter as SkuMeter,
        sku_prices.sku_price_details as SkuPriceDetails,
        sku_prices.sku_price_id as SkuPriceId,
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
    -- Left, so that a charge whose names are missing is still there with its money; the contract and
    -- assert_focus_charges_are_named then say what is missing.
    left join providers
        on providers.provider = charges.provider
    left join accounts
        on accounts.x_org_slug = charges.x_org_slug
        and accounts.provider = charges.provider
        and accounts.account_id = charges.x_genai_account_id
    left join sku_prices
        on sku_prices.pricing_id = charges.pricing_id
)

select * from final
