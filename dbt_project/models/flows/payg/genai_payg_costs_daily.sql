{{ config(**replaced_by_day('genai_payg_costs_daily')) }}

{%- set window = "flow = 'payg' and is_billable and " ~ in_window('x_ingestion_date') -%}
{#- An allowance or a volume tier is used up from the start of its period, which for one that is given once is the first day. -#}
{%- set history = "flow = 'payg' and is_billable and " ~ until_window_end('x_ingestion_date') -%}
{%- set grain = [
    'x_org_slug', 'x_pipeline_id', 'x_credential_id', 'x_pipeline_run_date', 'provider', 'usage_date', 'sub_account_id',
    'sub_account_type', 'resource_id', 'resource_type', 'api_key_id', 'provider_model_id', 'region_id', 'geography', 'service_tier',
    'provider_service_tier', 'context_band', 'variant', 'metering_source', 'meter'
] -%}
{%- set others = [
    'flow', 'sub_account_name', 'resource_name', 'context_tokens_above', 'context_tokens_up_to', 'model_id', 'model_name',
    'model_developer', 'model_family', 'quantity', 'consumed_unit', 'x_run_id', 'x_ingested_at', 'x_ingestion_date',
    'x_genai_provider', 'x_genai_account_id'
] -%}

with
{{ resolve_prices(
    usage=ref('genai_usage_daily_unified'),
    filter=window,
    history_filter=history,
    rates=ref('genai_payg_pricing'),
    meters=source('reference', 'genai_meters'),
    providers=source('reference', 'genai_providers'),
    accounts=source('reference', 'genai_provider_accounts'),
) }},

{{ apply_prices(
    usage=ref('genai_usage_daily_unified'),
    filter=window,
    history_filter=history,
    resolved='resolved',
    volume_tiers='volume_tiers',
    columns=grain + others,
    grain=grain,
) }},

-- Pay-as-you-go has no amortised cost, and accrues on the day that it is billed for.
final as (
    select
        rated_usage.flow,
        rated_usage.provider,
        rated_usage.usage_date,
        rated_usage.sub_account_id,
        rated_usage.sub_account_name,
        rated_usage.sub_account_type,
        rated_usage.resource_id,
        rated_usage.resource_name,
        rated_usage.resource_type,
        rated_usage.api_key_id,
        rated_usage.provider_model_id,
        rated_usage.region_id,
        rated_usage.geography,
        rated_usage.service_tier,
        rated_usage.provider_service_tier,
        rated_usage.context_band,
        rated_usage.context_tokens_above,
        rated_usage.context_tokens_up_to,
        rated_usage.variant,
        rated_usage.metering_source,
        rated_usage.model_id,
        rated_usage.model_name,
        rated_usage.model_developer,
        rated_usage.model_family,
        rated_usage.meter,
        rated_usage.quantity,
        rated_usage.consumed_unit,
        rated_usage.pricing_status,
        rated_usage.pricing_reason,
        rated_usage.is_estimated,
        rated_usage.pricing_id,
        rated_usage.pricing_type,
        rated_usage.pricing_source,
        rated_usage.contracted_pricing_id,
        rated_usage.contracted_pricing_type,
        rated_usage.contracted_pricing_source,
        rated_usage.currency,
        rated_usage.pricing_unit,
        rated_usage.pricing_quantity,
        rated_usage.free_quantity,
        rated_usage.list_unit_price,
        rated_usage.contracted_unit_price,
        rated_usage.list_cost,
        rated_usage.contracted_cost,
        rated_usage.effective_cost,
        rated_usage.effective_cost as billed_cost,
        rated_usage.cost_lower_bound,
        rated_usage.cost_upper_bound,
        {{ owner_columns() }},
        rated_usage.x_org_slug,
        rated_usage.x_pipeline_id,
        rated_usage.x_credential_id,
        rated_usage.x_pipeline_run_date,
        rated_usage.x_run_id,
        rated_usage.x_ingested_at,
        rated_usage.x_ingestion_date,
        rated_usage.x_genai_provider,
        rated_usage.x_genai_account_id
    from rated_usage
    {{ owner_joins(
        'rated_usage', source('reference', 'genai_hierarchy_assignments'), source('reference', 'genai_hierarchy_entities')
    ) }}
)

select * from final
