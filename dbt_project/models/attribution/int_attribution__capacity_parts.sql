{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{#- One row per charge of used capacity or machines and consumer that the logs name: by the tokens of each hour, of machines of each day. -#}
{%- set place = ['usage_date', 'x_org_slug', 'provider', 'x_genai_account_id', 'place_kind', 'place_id'] -%}
{%- set consumer = ['tenant_id', 'user_id', 'task', 'conversation_id'] -%}

with charges as (
    select
        *,
        case when resource_id is not null then 'resource' else 'model' end as place_kind,
        coalesce(resource_id, model_id) as place_id,
        -- Several commitments may pay for one hour of a deployment: its requests are counted with one charge.
        row_number() over (
            partition by usage_date, x_org_slug, provider, x_genai_account_id, coalesce(resource_id, model_id)
            order by units desc, charge_id asc
        ) = 1 as counts_requests
    from {{ ref('int_attribution__charges') }}
    where kind in ('capacity', 'machine') and units > 0 and coalesce(resource_id, model_id) is not null
),

places as (
    select distinct {{ place | join(', ') }}
    from charges
),

-- When capacity was used. Machines are billed by the day.
hourly_capacity as (
    select
        x_ingestion_date as usage_date,
        x_org_slug,
        provider,
        x_genai_account_id,
        case when resource_id is not null then 'resource' else 'model' end as place_kind,
        coalesce(resource_id, model_id) as place_id,
        commitment_id,
        hour_start,
        {{ quantity_to_integer('sum(quantity)') }} as units
    from {{ ref('int_commitment__hourly_coverage') }}
    where
        charge_category = 'Usage'
        and coalesce(commitment_status, 'Used') = 'Used'
        and coalesce(resource_id, model_id) is not null
        and {{ in_window('x_ingestion_date') }}
    group by
        x_ingestion_date, x_org_slug, provider, x_genai_account_id, resource_id, model_id, commitment_id, hour_start
),

machine_days as (
    select
        {{ place | join(',\n        ') }},
        cast(null as {{ type_string() }}) as commitment_id,
        {{ utc_midnight('usage_date') }} as hour_start,
        {{ wide_integer('sum(units)') }} as units
    from charges
    where kind = 'machine'
    group by {{ place | join(', ') }}
),

events as (
    select
        usage_date,
        x_org_slug,
        provider,
        x_genai_account_id,
        resource_id,
        model_id,
        service_tier,
        {{ consumer | join(',\n        ') }},
        {{ hour_of('started_at') }} as hour_start,
        {{ event_input_tokens() }} + output + output_audio + output_image + output_reasoning + embedding_input as tokens
    from {{ ref('genai_usage_events') }}
    where not is_cache_hit and {{ in_window('x_ingestion_date') }}
),

-- Where the capacity has no deployment of its own, what the log does not call pay-as-you-go may have been served on it.
placed_events as (
    {%- for kind, column, condition in [
        ('resource', 'resource_id', 'true'), ('model', 'model_id', "coalesce(events.service_tier, 'committed') = 'committed'")
    ] %}
    select
        {{ prefixed('places', place) }},
        {{ prefixed('events', consumer) }},
        events.hour_start,
        events.tokens
    from events
    inner join places
        on places.usage_date = events.usage_date
        and places.x_org_slug = events.x_org_slug
        and places.provider = events.provider
        and places.x_genai_account_id = events.x_genai_account_id
        and places.place_kind = '{{ kind }}'
        and places.place_id = events.{{ column }}
    where events.tokens > 0 and {{ condition }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

machine_places as (
    select distinct {{ place | join(', ') }}
    from machine_days
),

consumer_hours as (
    select
        {{ prefixed('placed_events', place) }},
        {{ prefixed('placed_events', consumer) }},
        case when machine_places.place_id is not null then {{ utc_midnight('placed_events.usage_date') }} else placed_events.hour_start end
            as hour_start,
        {{ wide_integer('sum(placed_events.tokens)') }} as tokens,
        count(*) as events
    from placed_events
    left join machine_places
        on {{ equal_columns('machine_places', 'placed_events', place) }}
    group by
        {{ prefixed('placed_events', place) }},
        {{ prefixed('placed_events', consumer) }},
        case when machine_places.place_id is not null then {{ utc_midnight('placed_events.usage_date') }} else placed_events.hour_start end
),

-- What the provider measured on the capacity, so that what the logs lack stays unattributed.
models as (
    select
        provider,
        provider_model_id,
        max(model_id) as model_id
    from {{ ref('genai_usage_daily_unified') }}
    where provider_model_id is not null and model_id is not null and {{ in_window('x_ingestion_date') }}
    group by provider, provider_model_id
),

token_meters as (
    select meter from {{ source('reference', 'genai_meters') }}
    where kind = 'tokens'
),

measured as (
    select
        usage.usage_date,
        usage.x_org_slug,
        usage.provider,
        usage.x_genai_account_id,
        case when usage.resource_id is not null then 'resource' else 'model' end as place_kind,
        coalesce(usage.resource_id, models.model_id) as place_id,
        {{ hour_of('usage.period_start') }} as hour_start,
        {{ wide_integer('sum(usage.quantity)') }} as tokens
    from {{ ref('genai_commitment_usage_raw') }} as usage
    inner join token_meters on token_meters.meter = usage.meter
    left join models
        on models.provider = usage.provider
        and models.provider_model_id = usage.provider_model_id
    where {{ in_window('usage.x_ingestion_date') }}
    group by
        usage.usage_date, usage.x_org_slug, usage.provider, usage.x_genai_account_id, usage.resource_id, models.model_id,
        {{ hour_of('usage.period_start') }}
),

hours as (
    select * from hourly_capacity
    union all
    select * from machine_days
),

hour_positions as (
    select
        consumers.*,
        {{ wide_integer('sum(consumers.tokens) over (
            partition by consumers.usage_date, consumers.x_org_slug, consumers.provider, consumers.x_genai_account_id,
                consumers.place_kind, consumers.place_id, consumers.hour_start
        )') }} as logged_tokens,
        {{ wide_integer('sum(consumers.tokens) over (
            partition by consumers.usage_date, consumers.x_org_slug, consumers.provider, consumers.x_genai_account_id,
                consumers.place_kind, consumers.place_id, consumers.hour_start
            order by consumers.tenant_id, consumers.user_id, consumers.task, consumers.conversation_id
            rows between unbounded preceding and current row
        )') }} as tokens_up_to
    from consumer_hours as consumers
),

hour_shares as (
    select
        {{ prefixed('positions', place) }},
        hours.commitment_id,
        {{ prefixed('positions', consumer) }},
        positions.events,
        hours.units,
        positions.tokens,
        positions.tokens_up_to,
        greatest(positions.logged_tokens, coalesce(measured.tokens, positions.logged_tokens)) as served_tokens
    from hour_positions as positions
    inner join hours
        on {{ equal_columns('hours', 'positions', place) }}
        and hours.hour_start = positions.hour_start
    left join measured
        on {{ equal_columns('measured', 'positions', place) }}
        and measured.hour_start = positions.hour_start
),

consumer_units as (
    select
        {{ place | join(',\n        ') }},
        commitment_id,
        {{ consumer | join(',\n        ') }},
        {{ wide_integer('sum(' ~ whole_quotient('units * tokens_up_to', 'served_tokens') ~ ' - '
            ~ whole_quotient('units * (tokens_up_to - tokens)', 'served_tokens') ~ ')') }} as units,
        cast(sum(events) as {{ type_of('int') }}) as events
    from hour_shares
    group by {{ place | join(', ') }}, commitment_id, {{ consumer | join(', ') }}
),

place_units as (
    select
        {{ place | join(',\n        ') }},
        commitment_id,
        {{ wide_integer('sum(units)') }} as units
    from hours
    group by {{ place | join(', ') }}, commitment_id
),

charge_positions as (
    select
        charges.charge_id,
        charges.units as charge_units,
        charges.counts_requests,
        place_units.units as place_units,
        {{ prefixed('consumers', consumer) }},
        consumers.units,
        consumers.events,
        {{ wide_integer('sum(consumers.units) over (
            partition by charges.charge_id
            order by consumers.tenant_id, consumers.user_id, consumers.task, consumers.conversation_id
            rows between unbounded preceding and current row
        )') }} as units_up_to
    from charges
    inner join place_units
        on {{ equal_columns('place_units', 'charges', place) }}
        and place_units.commitment_id is not distinct from charges.commitment_id
    inner join consumer_units as consumers
        on {{ equal_columns('consumers', 'charges', place) }}
        and consumers.commitment_id is not distinct from charges.commitment_id
),

final as (
    select
        charge_id,
        'shared_by_hour' as allocation_method,
        {{ consumer | join(',\n        ') }},
        {{ whole_quotient('charge_units * units_up_to', 'place_units') }}
        - {{ whole_quotient('charge_units * (units_up_to - units)', 'place_units') }} as units,
        events,
        case when counts_requests then events else 0 end as requests
    from charge_positions
)

select * from final
where units > 0
