{{ config(materialized='table') }}

{%- set rate_key = [
    'provider', 'model_id', 'meter', 'service_tier', 'geography', 'context_tokens_above', 'context_tokens_up_to', 'variant',
    'x_org_slug', 'x_genai_account_id', 'pricing_type', 'volume_threshold_tokens'
] -%}
{%- set rate_value = ['currency', 'unit_price', 'discount_percentage', 'free_tier_quantity', 'free_tier_reset_frequency'] %}

with book as (
    select
        *,
        {{ row_id(['source'] + rate_key) }} as key_id,
        coalesce(valid_to, {{ end_of_time() }}) as valid_until
    from {{ source('prices', 'genai_price_book') }}
    where {{ known_by('known_from') }}
),

first_statements as (
    select source, min(known_from) as known_at
    from book
    group by source
),

closed as (
    select *, known_to as known_at
    from book
    where known_to is not null and {{ known_by('known_to') }}
),

opened as (
    select book.*, book.known_from as known_at
    from book
    inner join first_statements on first_statements.source = book.source
    where book.known_from > first_statements.known_at
),

boundaries as (
    {% for rows in ('closed', 'opened') -%}
    {% for day in ('valid_from', 'valid_until') -%}
    select key_id, known_at, {{ day }} as starts_on from {{ rows }}
    {% if not loop.last %}union distinct{% endif %}
    {% endfor -%}
    {% if not loop.last %}union distinct{% endif %}
    {% endfor %}
),

-- Days on which one rate at most was believed, and one at most is.
spans as (
    select
        key_id,
        known_at,
        starts_on,
        lead(starts_on) over (partition by key_id, known_at order by starts_on) as ends_before
    from boundaries
),

-- A rate that was written anew with another end has the same value on most of its days.
changed as (
    -- noqa: disable=LT02
    select
        coalesce(opened.source, closed.source) as source,
        {% for column in rate_key %}coalesce(opened.{{ column }}, closed.{{ column }}) as {{ column }},
        {% endfor -%}
        spans.known_at,
        case
            when closed.key_id is null then 'added'
            when opened.key_id is not null then 'changed'
            when closed.valid_from < spans.starts_on then 'ended'
            else 'withdrawn'
        end as change,
        spans.starts_on as valid_from,
        nullif(spans.ends_before, {{ end_of_time() }}) as valid_to,
        {% for column in rate_value + ['valid_from', 'valid_to', 'source_version'] -%}
        closed.{{ column }} as old_{{ column }},
        opened.{{ column }} as new_{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from spans
    {%- for rows in ('closed', 'opened') %}
    left join {{ rows }}
        on {{ rows }}.key_id = spans.key_id
        and {{ rows }}.known_at = spans.known_at
        and {{ rows }}.valid_from <= spans.starts_on
        and {{ rows }}.valid_until >= spans.ends_before
    {%- endfor %}
    where
        spans.ends_before is not null
        and (
            {% for column in ['key_id'] + rate_value -%}
            closed.{{ column }} is distinct from opened.{{ column }}{{ ' or ' if not loop.last }}
            {%- endfor %}
        )
),

final as (
    select
        source,
        {% for column in rate_key %}{{ column }},
        {% endfor -%}
        known_at,
        change,
        valid_from,
        valid_to,
        {% for column in rate_value + ['valid_from', 'valid_to', 'source_version'] %}old_{{ column }},
        new_{{ column }},
        {% endfor -%}
        case
            when old_currency = new_currency then {{ percentage_change('old_unit_price', 'new_unit_price') }}
        end as change_percentage
    from changed
)

select * from final
