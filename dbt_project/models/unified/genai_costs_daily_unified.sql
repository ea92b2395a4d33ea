{{ config(**replaced_by_day('genai_costs_daily_unified')) }}

-- The flows' cost tables have one shape; what a commitment adds is known of every metered row.
with payg as (
    select * from {{ ref('genai_payg_costs_daily') }}
    where {{ in_window('x_ingestion_date') }}
),

infrastructure as (
    select * from {{ ref('genai_infrastructure_costs_daily') }}
    where {{ in_window('x_ingestion_date') }}
),

commitment as (
    select * from {{ ref('genai_commitment_costs_daily') }}
    where {{ in_window('x_ingestion_date') }}
),

final as (
    {%- for flow in ['payg', 'infrastructure'] %}
    select
        flow,
        provider,
        usage_date,
        sub_account_id,
        sub_account_name,
        sub_account_type,
        resource_id,
        resource_name,
        resource_type,
        api_key_id,
        provider_model_id,
        region_id,
        geography,
        service_tier,
        provider_service_tier,
        context_band,
        context_tokens_above,
        context_tokens_up_to,
        variant,
        metering_source,
        model_id,
        model_name,
        model_developer,
        model_family,
        meter,
        quantity,
        consumed_unit,
        pricing_status,
        pricing_reason,
        is_estimated,
        pricing_id,
        pricing_type,
        pricing_source,
        contracted_pricing_id,
        contracted_pricing_type,
        contracted_pricing_source,
        currency,
        pricing_unit,
        pricing_quantity,
        free_quantity,
        list_unit_price,
        contracted_unit_price,
        list_cost,
        contracted_cost,
        effective_cost,
        billed_cost,
        cost_lower_bound,
        cost_upper_bound,
        'Usage' as charge_category,
        'Usage-Based' as charge_frequency,
        case service_tier when 'spot' then 'Dynamic' else 'Standard' end as pricing_category,
        {{ utc_midnight('usage_date') }} as charge_period_start,
        {{ utc_midnight(add_days('usage_date', 1)) }} as charge_period_end,
        cast(null as {{ type_string() }}) as commitment_id,
        cast(null as {{ type_string() }}) as commitment_status,
        cast(null as {{ type_quantity() }}) as commitment_quantity,
        x_hierarchy_entity_id,
        x_hierarchy_entity_name,
        x_hierarchy_level_code,
        x_hierarchy_path,
        x_hierarchy_path_names,
        x_org_slug,
        x_pipeline_id,
        x_credential_id,
        x_pipeline_run_date,
        x_run_id,
        x_ingested_at,
        x_ingestion_date,
        x_genai_provider,
        x_genai_account_id
    from {{ flow }}
    union all
    {%- endfor %}
    select * from commitment
)

select * from final
