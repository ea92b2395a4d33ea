{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{#- A table of its own, because engines plan the joins that follow by its size, which they do not know of the landed files. -#}

-- Few events are told more than once: the others need not be put in order. The landed events are named in each step on purpose: an
-- engine that keeps a step which is used twice would keep a copy of them all.
with repeated as (
    select
        x_org_slug,
        source_id,
        event_id
    from {{ source('landing', 'genai_usage_events_raw') }}
    where {{ near_window('day') }}
    group by x_org_slug, source_id, event_id
    having count(*) > 1
),

-- The fullest telling counts, then the first one. The end of a stream is told last and has all tokens.
repeated_tellings as (
    select told.*
    from {{ source('landing', 'genai_usage_events_raw') }} as told
    inner join {{ few_rows('repeated') }} as repeated
        on repeated.x_org_slug = told.x_org_slug
        and repeated.source_id = told.source_id
        and repeated.event_id = told.event_id
    where {{ near_window('told.day') }}
    qualify row_number() over (
        partition by told.x_org_slug, told.source_id, told.event_id
        order by
            case told.status when 'success' then 0 else 1 end,
            {{ event_input_tokens() }} + output + output_audio + output_image + output_reasoning + embedding_input desc,
            told.started_at,
            told.log_file,
            told.x_ingested_at desc
    ) = 1
),

final as (
    select told.*
    from {{ source('landing', 'genai_usage_events_raw') }} as told
    left join {{ few_rows('repeated') }} as repeated
        on repeated.x_org_slug = told.x_org_slug
        and repeated.source_id = told.source_id
        and repeated.event_id = told.event_id
    where {{ in_window('told.day') }} and repeated.event_id is null
    union all
    select * from repeated_tellings
    where {{ in_window('day') }}
)

select * from final
