{{ config(materialized='view', access='private', contract={'enforced': false}, tags=['on_request']) }}

-- A view, because a copy of all rows would cost more than the join, which rating makes a few times.
with costs as (
    select * from {{ ref('genai_payg_costs_daily') }}
),

models as (
    select * from {{ ref('int_repricing__models') }}
),

final as (
    select
        costs.provider,
        costs.usage_date,
        costs.sub_account_id,
        costs.sub_account_type,
        costs.resource_id,
        costs.resource_type,
        costs.api_key_id,
        costs.provider_model_id,
        costs.region_id,
        costs.geography,
        costs.service_tier,
        costs.provider_service_tier,
        costs.context_band,
        costs.context_tokens_above,
        costs.context_tokens_up_to,
        costs.variant,
        costs.metering_source,
        models.model_id,
        costs.meter,
        costs.quantity,
        costs.x_org_slug,
        costs.x_pipeline_id,
        costs.x_credential_id,
        costs.x_pipeline_run_date,
        costs.x_ingestion_date,
        costs.x_genai_account_id,
        costs.currency as stored_currency,
        costs.pricing_status as stored_pricing_status,
        costs.free_quantity as stored_free_quantity,
        costs.list_unit_price as stored_list_unit_price,
        costs.contracted_unit_price as stored_contracted_unit_price,
        costs.list_cost as stored_list_cost,
        costs.effective_cost as stored_effective_cost,
        costs.cost_lower_bound as stored_cost_lower_bound,
        costs.cost_upper_bound as stored_cost_upper_bound
    from costs
    left join models
        on models.provider = costs.provider
        and models.provider_model_id = costs.provider_model_id
        and models.usage_date = costs.usage_date
)

select * from final
