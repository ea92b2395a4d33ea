{{ config(**replaced_by_day('genai_usage_daily_unified')) }}

with daily as (
    {% for flow in unified_flows() %}
    {{ usage_by_day(flow.flow, flow.relation, in_window('x_ingestion_date')) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

-- The models are found from the flows' tables and not from the step above: a step that is used twice would be kept as a copy.
{{ resolve_models(
    usages=unified_flows() | map(attribute='relation') | list,
    filter=in_window('x_ingestion_date'),
    rules=ref('int_pricing__alias_rules'),
) }},

final as (
    select
        daily.flow,
        daily.provider,
        daily.usage_date,
        daily.sub_account_id,
        daily.sub_account_name,
        daily.sub_account_type,
        daily.resource_id,
        daily.resource_name,
        daily.resource_type,
        daily.api_key_id,
        daily.provider_model_id,
        daily.region_id,
        daily.geography,
        daily.service_tier,
        daily.provider_service_tier,
        daily.context_band,
        daily.context_tokens_above,
        daily.context_tokens_up_to,
        daily.variant,
        daily.metering_source,
        resolved_models.model_id,
        resolved_models.model_name,
        resolved_models.model_developer,
        resolved_models.model_family,
        daily.meter,
        daily.quantity,
        daily.consumed_unit,
        meters.is_billable,
        daily.x_org_slug,
        daily.x_pipeline_id,
        daily.x_credential_id,
        daily.x_pipeline_run_date,
        daily.x_run_id,
        daily.x_ingested_at,
        daily.x_ingestion_date,
        daily.x_genai_provider,
        daily.x_genai_account_id
    from daily
    left join meters on meters.meter = daily.meter
    left join resolved_models
        on resolved_models.provider = daily.provider
        and resolved_models.provider_model_id = daily.provider_model_id
        and resolved_models.usage_date = daily.usage_date
)

select * from final
