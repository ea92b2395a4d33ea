{{ config(meta={'dagster': {'ref': {'name': 'genai_usage_events'}}}) }}

-- Every request that a log tells of is in genai_usage_events, on the day of one of its tellings, and no request is there that none tells of.
with told as (
    select distinct
        x_org_slug,
        source_id,
        event_id
    from {{ source('landing', 'genai_usage_events_raw') }}
    where {{ in_window('day') }}
),

told_nearby as (
    select distinct
        x_org_slug,
        source_id,
        event_id
    from {{ source('landing', 'genai_usage_events_raw') }}
    where {{ near_window('day') }}
),

counted as (
    select
        x_org_slug,
        source_id,
        event_id
    from {{ ref('genai_usage_events') }}
    where {{ in_window('x_ingestion_date') }}
),

told_beside as (
    select
        x_org_slug,
        source_id,
        event_id
    from {{ source('landing', 'genai_usage_events_raw') }}
    where {{ near_window('day') }} and not ({{ in_window('day') }})
),

final as (
    select
        'told but not counted' as finding,
        told.x_org_slug,
        told.source_id,
        told.event_id
    from told
    left join counted
        on told.x_org_slug = counted.x_org_slug
        and told.source_id = counted.source_id
        and told.event_id = counted.event_id
    -- One that is also told on a neighbouring day may be counted there.
    left join told_beside
        on told.x_org_slug = told_beside.x_org_slug
        and told.source_id = told_beside.source_id
        and told.event_id = told_beside.event_id
    where counted.event_id is null and told_beside.event_id is null
    union all
    select
        'counted but not told' as finding,
        counted.x_org_slug,
        counted.source_id,
        counted.event_id
    from counted
    left join told_nearby
        on counted.x_org_slug = told_nearby.x_org_slug
        and counted.source_id = told_nearby.source_id
        and counted.event_id = told_nearby.event_id
    where told_nearby.event_id is null
)

select * from final
