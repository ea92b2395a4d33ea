{{ config(materialized='table') }}

{%- set list_key = ['provider', 'model_id', 'meter', 'service_tier', 'geography', 'variant', 'currency'] %}

with list_prices as (
    select
        *,
        source || ' ' || source_version as source_name,
        coalesce(context_tokens_up_to, {{ no_token_limit() }}) as tokens_up_to
    from {{ ref('int_pricing__multiplied_rates') }}
    where
        pricing_type = 'standard'
        and x_org_slug is null
        and not is_custom
        and valid_from <= {{ price_day() }}
        and {{ price_day() }} < valid_until
),

deciding_prices as (
    select *
    from list_prices
    where true
    qualify priority = min(priority) over (partition by {{ list_key | join(', ') }})
),

-- More than half a percent of the price that holds.
final as (
    select
        {% for column in list_key %}deciding.{{ column }},
        {% endfor -%}
        deciding.context_tokens_above,
        deciding.context_tokens_up_to,
        deciding.source_name as deciding_source,
        deciding.unit_price as deciding_unit_price,
        deciding.valid_from as deciding_valid_from,
        deciding.source_reference as deciding_reference,
        other.source_name as other_source,
        other.context_tokens_above as other_context_tokens_above,
        other.unit_price as other_unit_price,
        other.valid_from as other_valid_from,
        other.source_reference as other_reference,
        {{ percentage_change('deciding.unit_price', 'other.unit_price') }} as difference_percentage
    from deciding_prices as deciding
    inner join list_prices as other
        on {{ same_key('other', 'deciding', list_key) }}
        and other.priority > deciding.priority
        and other.context_tokens_above < deciding.tokens_up_to
        and other.tokens_up_to > deciding.context_tokens_above
    where abs(other.unit_price - deciding.unit_price) * 200 > deciding.unit_price
)

select * from final
