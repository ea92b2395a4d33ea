{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{#- What an event is matched by, and who caused it. -#}
{%- set identity = [
    'usage_date', 'x_org_slug', 'provider', 'x_genai_account_id', 'sub_account_id', 'resource_id', 'api_key_id', 'model_id', 'service_tier',
    'geography', 'region_id', 'context_tokens_above'
] -%}
{%- set consumer = ['tenant_id', 'user_id', 'task', 'conversation_id'] -%}

-- Answers from a gateway's cache cost nothing. Events are added up before their meters become rows: there are three times as many of
-- these. A request with several meters is counted as one with the first of them that it has.
with events as (
    select
        {{ (identity + consumer) | join(',\n        ') }},
        {{ event_meters() | join(',\n        ') }},
        case
            {%- for meter in ['output'] + (event_meters() | reject('equalto', 'output') | list) %}
            when {{ meter }} > 0 then '{{ meter }}'
            {%- endfor %}
        end as counted_with
    from {{ ref('genai_usage_events') }}
    where not is_cache_hit and {{ in_window('x_ingestion_date') }}
),

added_up as (
    select
        {%- for meter in event_meters() %}
        sum({{ meter }}) as {{ meter }},
        count(case when {{ meter }} > 0 then 1 end) as events_{{ meter }},
        count(case when counted_with = '{{ meter }}' then 1 end) as requests_{{ meter }},
        {%- endfor %}
        {{ (identity + consumer) | join(',\n        ') }}
    from events
    group by {{ (identity + consumer) | join(', ') }}
),

metered as (
    {%- for meter in event_meters() %}
    select
        {{ (identity + consumer) | join(',\n        ') }},
        '{{ meter }}' as meter,
        {{ meter }} as quantity,
        events_{{ meter }} as events,
        requests_{{ meter }} as requests
    from added_up
    where {{ meter }} > 0
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

meters as (
    select
        meter,
        -- Millionths of a pricing unit in one unit, as charges are divided: of tokens that are priced by the million it is one.
        cast(per_block * 1000000 as {{ type_of('int') }}) as millionths,
        coalesce(token_direction, meter) as direction,
        {{ meter_family() }} as family
    from {{ source('reference', 'genai_meters') }}
),

final as (
    select
        metered.usage_date,
        metered.x_org_slug,
        metered.provider,
        metered.x_genai_account_id,
        metered.sub_account_id,
        metered.resource_id,
        metered.api_key_id,
        metered.model_id,
        metered.service_tier,
        metered.geography,
        -- FOCUS has no region for what is served anywhere; a log that says nothing is another thing.
        case metered.region_id when 'global' then '~' else metered.region_id end as region_id,
        metered.context_tokens_above,
        metered.meter,
        meters.family,
        meters.direction,
        {{ wide_integer('metered.quantity * meters.millionths') }} as units,
        metered.events,
        metered.requests,
        metered.tenant_id,
        metered.user_id,
        metered.task,
        metered.conversation_id,
        {{ row_id(identity + ['metered.meter']) }} as evidence_key
    from metered
    inner join meters on meters.meter = metered.meter
)

select * from final
