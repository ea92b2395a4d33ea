{{ config(materialized='table', access='private', contract={'enforced': false}) }}

-- What FOCUS charges, with what a charge is matched by and how it is divided: its pricing quantity in millionths.
with focus as (
    select * from {{ ref('cost_data_standard_1_3') }}
    where {{ in_window('x_IngestionDate') }}
),

meters as (
    select
        meter,
        coalesce(token_direction, meter) as direction,
        {{ meter_family() }} as family,
        token_direction
    from {{ source('reference', 'genai_meters') }}
),

-- FOCUS has the band as the provider spells it, for each model its own.
bands as (
    select
        provider,
        model_id,
        context_band,
        min(context_tokens_above) as context_tokens_above,
        max(context_tokens_up_to) as context_tokens_up_to
    from {{ ref('genai_usage_daily_unified') }}
    where context_band is not null and {{ in_window('x_ingestion_date') }}
    group by provider, model_id, context_band
),

final as (
    select
        focus.x_ChargeId as charge_id,
        focus.x_IngestionDate as usage_date,
        focus.x_Flow as flow,
        lower(focus.x_GenaiProvider) as provider,
        focus.x_GenaiProvider as x_genai_provider,
        focus.x_GenaiAccountId as x_genai_account_id,
        focus.x_OrgSlug as x_org_slug,
        focus.SubAccountId as sub_account_id,
        focus.ResourceId as resource_id,
        focus.x_ApiKeyId as api_key_id,
        focus.x_ModelId as model_id,
        focus.x_ServiceTier as service_tier,
        focus.x_Geography as geography,
        focus.RegionId as region_id,
        bands.context_tokens_above,
        bands.context_tokens_up_to,
        focus.x_Meter as meter,
        meters.family,
        meters.direction,
        meters.token_direction,
        focus.CommitmentDiscountId as commitment_id,
        case
            when focus.ChargeCategory = 'Purchase' then 'purchase'
            when focus.CommitmentDiscountStatus = 'Unused' then 'idle'
            when focus.x_Flow = 'commitment' then 'capacity'
            when focus.x_Flow = 'infrastructure' then 'machine'
            else 'usage'
        end as kind,
        {{ quantity_to_integer('focus.PricingQuantity') }} as units,
        focus.BillingCurrency as currency,
        focus.ListUnitPrice as list_unit_price,
        focus.ContractedUnitPrice as contracted_unit_price,
        focus.ListCost as list_cost,
        focus.ContractedCost as contracted_cost,
        focus.EffectiveCost as effective_cost,
        focus.BilledCost as billed_cost,
        focus.PricingQuantity as pricing_quantity,
        focus.ConsumedQuantity as consumed_quantity,
        focus.CommitmentDiscountQuantity as commitment_quantity,
        focus.x_HierarchyEntityId as x_hierarchy_entity_id,
        focus.x_HierarchyEntityName as x_hierarchy_entity_name,
        focus.x_HierarchyLevelCode as x_hierarchy_level_code,
        focus.x_HierarchyPath as x_hierarchy_path,
        focus.x_HierarchyPathNames as x_hierarchy_path_names
    from focus
    left join meters on meters.meter = focus.x_Meter
    left join bands
        on bands.provider = lower(focus.x_GenaiProvider)
        and bands.model_id = focus.x_ModelId
        and bands.context_band = focus.x_ContextBand
)

select * from final
