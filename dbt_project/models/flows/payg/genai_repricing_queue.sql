{{ config(materialized='table', tags=['on_request']) }}

{#- As in genai_payg_costs_daily, so that what shares an allowance is put in the same order. -#}
{%- set grain = [
    'x_org_slug', 'x_pipeline_id', 'x_credential_id', 'x_pipeline_run_date', 'provider', 'usage_date', 'sub_account_id',
    'sub_account_type', 'resource_id', 'resource_type', 'api_key_id', 'provider_model_id', 'region_id', 'geography', 'service_tier',
    'provider_service_tier', 'context_band', 'variant', 'metering_source', 'meter'
] -%}
{%- set stored = [
    'stored_currency', 'stored_pricing_status', 'stored_free_quantity', 'stored_list_unit_price', 'stored_contracted_unit_price',
    'stored_list_cost', 'stored_effective_cost', 'stored_cost_lower_bound', 'stored_cost_upper_bound'
] -%}

with
{{ resolve_prices(
    usage=ref('int_repricing__stored_costs'),
    filter='true',
    history_filter='true',
    rates=ref('genai_payg_pricing'),
    meters=source('reference', 'genai_meters'),
    providers=source('reference', 'genai_providers'),
    accounts=source('reference', 'genai_provider_accounts'),
) }},

{{ apply_prices(
    usage=ref('int_repricing__stored_costs'),
    filter='true',
    history_filter='true',
    resolved='resolved',
    volume_tiers='volume_tiers',
    columns=grain + ['x_ingestion_date', 'model_id'] + stored,
    grain=grain,
) }},

-- Where all prices and amounts agree nothing is to be done, whatever row of the price table they come from.
compared as (
    select
        *,
        case
            when stored_contracted_unit_price is null and contracted_unit_price is not null then 'price_added'
            when stored_contracted_unit_price is not null and contracted_unit_price is null then 'price_removed'
            when
                stored_currency != currency
                or (stored_list_unit_price is distinct from list_unit_price)
                or (stored_contracted_unit_price is distinct from contracted_unit_price)
                then 'price_changed'
            when stored_pricing_status != pricing_status then 'status_changed'
            when
                (stored_effective_cost is distinct from effective_cost)
                or (stored_free_quantity is distinct from free_quantity)
                then 'allowance_or_volume'
            when
                (stored_cost_lower_bound is distinct from cost_lower_bound)
                or (stored_cost_upper_bound is distinct from cost_upper_bound)
                then 'price_changed'
        end as reason
    from rated_usage
),

final as (
    select
        x_ingestion_date as usage_date,
        provider,
        model_id,
        stored_currency as currency,
        reason,
        count(*) as row_count,
        cast(sum(stored_effective_cost) as {{ type_cost() }}) as stored_cost,
        cast(sum(effective_cost) as {{ type_cost() }}) as new_cost,
        cast(sum(stored_list_cost) as {{ type_cost() }}) as stored_list_cost,
        cast(sum(list_cost) as {{ type_cost() }}) as new_list_cost
    from compared
    where reason is not null
    group by x_ingestion_date, provider, model_id, stored_currency, reason
)

select * from final
