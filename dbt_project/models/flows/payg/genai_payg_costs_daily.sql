{{ config(**replaced_by_day('genai_payg_costs_daily')) }}

with
{{ rate_usage(
    usage=ref('genai_usage_daily_unified'),
    filter="flow = 'payg' and is_billable and " ~ in_window('x_ingestion_date'),
    rates=ref('genai_payg_pricing'),
    meters=source('reference', 'genai_meters'),
    providers=source('reference', 'genai_providers'),
) }},

-- Nothing is negotiated yet, so the contracted price is the list price; pay-as-you-go has no discounts beyond it, and
-- accrues on the day that it is billed for.
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
        rated_usage.currency,
        rated_usage.pricing_unit,
        rated_usage.pricing_quantity,
        rated_usage.list_unit_price,
        rated_usage.list_unit_price as contracted_unit_price,
        rated_usage.list_cost,
        rated_usage.list_cost as contracted_cost,
        rated_usage.list_cost as effective_cost,
        rated_usage.list_cost as billed_cost,
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
