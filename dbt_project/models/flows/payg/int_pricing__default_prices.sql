{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

{#- Each price column of the seed: the meter and tier that it prices, and the allowance that belongs to it. -#}
{%- set priced = [
    ('input_price_per_1k', 'uncached_input', 'standard', 'free_tier_input_tokens', 'not is_embedding'),
    ('input_price_per_1k', 'embedding_input', 'standard', 'free_tier_input_tokens', 'is_embedding'),
    ('output_price_per_1k', 'output', 'standard', 'free_tier_output_tokens', 'not is_embedding'),
    ('x_openai_batch_input_price', 'uncached_input', 'batch', none, 'not is_embedding'),
    ('x_openai_batch_input_price', 'embedding_input', 'batch', none, 'is_embedding'),
    ('x_openai_batch_output_price', 'output', 'batch', none, 'not is_embedding'),
] -%}

with prices as (
    select
        *,
        -- An embedding has one meter; its output price of 0 is no price.
        lower(model_id) like '%embedding%' as is_embedding
    from {{ ref('genai_default_prices') }}
    where is_enabled
),

models as (
    select * from {{ ref('int_pricing__seed_models') }}
),

priced_meters as (
    {% for column, meter, tier, allowance, condition in priced %}
    select
        pricing_id,
        '{{ meter }}' as meter,
        '{{ tier }}' as service_tier,
        -- A thousand tokens to a million: exact.
        cast(cast({{ column }} as {{ type_rate() }}) * 1000 as {{ type_rate() }}) as unit_price,
        cast({{ allowance if allowance else 'null' }} as {{ type_quantity() }}) as free_tier_quantity
    from prices
    where {{ column }} is not null and {{ condition }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        prices.provider,
        models.model_id,
        models.model_name,
        priced_meters.meter,
        priced_meters.service_tier,
        'global' as geography,
        cast(0 as {{ type_of('int') }}) as context_tokens_above,
        cast(null as {{ type_of('int') }}) as context_tokens_up_to,
        cast(null as {{ type_string() }}) as variant,
        cast(null as {{ type_string() }}) as x_org_slug,
        prices.pricing_type,
        'USD' as currency,
        priced_meters.unit_price,
        prices.effective_date as valid_from,
        coalesce(prices.end_date, {{ end_of_time() }}) as valid_until,
        'default_prices' as source,
        cast(prices.effective_date as {{ type_string() }}) as source_version,
        {{ price_priority('default_prices') }} as priority,
        prices.is_custom,
        priced_meters.free_tier_quantity,
        case when priced_meters.free_tier_quantity is not null then {{ price_text('prices.free_tier_reset_frequency') }} end
            as free_tier_reset_frequency,
        cast(prices.discount_percentage as {{ type_ratio() }}) as discount_percentage,
        {{ price_text('prices.discount_reason') }} as discount_reason,
        prices.volume_threshold_tokens
    from priced_meters
    inner join prices on prices.pricing_id = priced_meters.pricing_id
    inner join models
        on models.provider = prices.provider
        and models.spelling = lower(prices.model_id)
)

select * from final
