{{ config(materialized='table', access='private', contract={'enforced': false}, tags=['on_request']) }}

with
{{ resolve_models(usages=[ref('genai_payg_costs_daily')], filter='true', rules=ref('int_pricing__alias_rules')) }},

final as (
    select provider, provider_model_id, usage_date, model_id
    from resolved_models
)

select * from final
