{{ config(**replaced_by_day('genai_usage_events')) }}

with rules as (
    select * from {{ source('reference', 'genai_attribution_rules') }}
),

prices as (
    select * from {{ ref('int_events__prices') }}
),

{{ locate_events(
    events=ref('int_events__counted'),
    filter='true',
    accounts=source('reference', 'genai_provider_accounts'),
    rates=ref('genai_payg_pricing'),
    usage=ref('genai_usage_daily_unified'),
) }},

-- What the log says comes first, then the finest rule. A tenant that was renamed has the name that its rule gives.
ruled as (
    select
        events.*,
        coalesce(renamed_tenant.value, events.tenant_id, {{ ruled_value('tenant') }}) as ruled_tenant_id,
        coalesce(events.user_id, {{ ruled_value('user') }}) as ruled_user_id,
        coalesce(events.task, {{ ruled_value('task') }}) as ruled_task
    from located_events as events
    left join {{ few_rows('rules') }} as renamed_tenant
        on renamed_tenant.x_org_slug = events.x_org_slug
        and renamed_tenant.scope_id = events.tenant_id
        and renamed_tenant.valid_from <= events.usage_date
        and coalesce(renamed_tenant.valid_to, {{ end_of_time() }}) > events.usage_date
        and renamed_tenant.scope = 'tenant'
        and renamed_tenant.dimension = 'tenant'
    {{- rule_joins('events', 'rules') }}
),

priced as (
    select
        events.*,
        prices.model_id,
        prices.model_name,
        prices.model_developer,
        prices.model_family,
        prices.currency,
        case
            when events.is_cache_hit then 'cache_hit'
            when not {{ counts_anything('events') }} then 'empty'
            when prices.provider is null or {{ counts_unpriced('events', 'prices') }} then 'unpriced'
            when {{ counts_estimated('events', 'prices') }} then 'estimated'
            when events.priced_tier in ('free', 'committed') then events.priced_tier
            else 'priced'
        end as pricing_status,
        {{ event_reason('events', 'prices') }} as found_reason,
        {{ event_amount('events', 'prices', 'list') }} as list_amount,
        {{ event_amount('events', 'prices', 'contracted') }} as contracted_amount
    from ruled as events
    left join prices
        on prices.usage_date = events.usage_date
        and prices.x_org_slug = events.x_org_slug
        and prices.x_genai_account_id is not distinct from events.account_id
        and prices.provider = events.provider
        and prices.provider_model_id = events.named_model_id
        and prices.service_tier = events.priced_tier
        and prices.logged_geography is not distinct from events.geography
        and prices.context_tokens_above is not distinct from events.context_tokens_above
        and prices.context_tokens_up_to is not distinct from events.context_tokens_up_to
),

final as (
    select
        source_id,
        event_id,
        request_id,
        started_at,
        ended_at,
        usage_date,
        provider,
        sub_account_id,
        resource_id,
        api_key_id,
        named_model_id as provider_model_id,
        service_tier,
        region_id,
        geography,
        operation,
        status,
        is_cache_hit,
        {{ event_meters() | join(',\n        ') }},
        ruled_tenant_id as tenant_id,
        ruled_user_id as user_id,
        ruled_task as task,
        conversation_id,
        tags,
        reported_cost,
        reported_currency,
        tenant_id as logged_tenant_id,
        user_id as logged_user_id,
        task as logged_task,
        model_id,
        model_name,
        model_developer,
        model_family,
        context_tokens_above,
        context_tokens_up_to,
        pricing_status,
        case when pricing_status in ('estimated', 'unpriced', 'free', 'committed') then found_reason end as pricing_reason,
        case when pricing_status not in ('unpriced', 'empty') then currency end as currency,
        case pricing_status
            when 'cache_hit' then {{ zero_cost() }}
            when 'empty' then {{ zero_cost() }}
            when 'unpriced' then null
            else list_amount
        end as list_cost,
        case pricing_status
            when 'cache_hit' then {{ zero_cost() }}
            when 'empty' then {{ zero_cost() }}
            when 'unpriced' then null
            else contracted_amount
        end as contracted_cost,
        case pricing_status when 'cache_hit' then contracted_amount end as saved_cost,
        log_file,
        log_line,
        x_org_slug,
        x_pipeline_id,
        x_credential_id,
        x_pipeline_run_date,
        x_run_id,
        x_ingested_at,
        x_ingestion_date,
        x_genai_provider,
        account_id as x_genai_account_id
    from priced
)

select * from final
