{{ config(materialized='view', access='private', contract={'enforced': false}) }}

-- The provider's own column of the tier says that the tokens were committed; priced they are as if they had not been.
with usage as (
    select * from {{ ref('genai_usage_daily_unified') }}
    where service_tier = 'committed'
),

tokens as (
    select meter from {{ source('reference', 'genai_meters') }}
    where kind = 'tokens'
),

final as (
    select
        usage.flow,
        usage.provider,
        usage.usage_date,
        usage.sub_account_id,
        usage.sub_account_name,
        usage.sub_account_type,
        usage.resource_id,
        usage.resource_name,
        usage.resource_type,
        usage.api_key_id,
        usage.provider_model_id,
        usage.region_id,
        usage.geography,
        'standard' as service_tier,
        usage.provider_service_tier,
        usage.context_band,
        usage.context_tokens_above,
        usage.context_tokens_up_to,
        usage.variant,
        usage.metering_source,
        usage.model_id,
        usage.model_name,
        usage.model_developer,
        usage.model_family,
        usage.meter,
        usage.quantity,
        usage.consumed_unit,
        usage.is_billable,
        usage.x_org_slug,
        usage.x_pipeline_id,
        usage.x_credential_id,
        usage.x_pipeline_run_date,
        usage.x_run_id,
        usage.x_ingested_at,
        usage.x_ingestion_date,
        usage.x_genai_provider,
        usage.x_genai_account_id
    from usage
    inner join tokens on tokens.meter = usage.meter
)

select * from final
