{{ config(**replaced_by_day('genai_commitment_usage_raw')) }}

with landed as (
    -- The filter on the folder's day lets the engine skip the files of all other days.
    select * from {{ source('landing', 'genai_commitment_usage_raw') }}
    where {{ in_window('day') }}
),

final as (
    select
        provider,
        usage_date,
        period_start,
        period_end,
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
        meter,
        quantity,
        consumed_unit,
        x_raw_page,
        x_org_slug,
        x_pipeline_id,
        x_credential_id,
        x_pipeline_run_date,
        x_run_id,
        x_ingested_at,
        x_ingestion_date,
        x_genai_provider,
        x_genai_account_id
    from landed
)

select * from final
