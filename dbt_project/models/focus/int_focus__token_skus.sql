{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

with rates as (
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

final as (
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
)

select * from final
