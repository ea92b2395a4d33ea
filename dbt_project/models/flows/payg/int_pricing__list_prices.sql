{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

with prices as (
    select * from {{ ref('genai_list_prices') }}
),

models as (
    select * from {{ ref('int_pricing__seed_models') }}
),

final as (
    select
        prices.provider,
        models.model_id,
        models.model_name,
        prices.meter,
        prices.service_tier,
        prices.geography,
        prices.context_tokens_above,
        prices.context_tokens_up_to,
        {{ price_text('prices.variant') }} as variant,
        cast(null as {{ type_string() }}) as x_org_slug,
        'standard' as pricing_type,
        prices.currency,
        cast(prices.unit_price as {{ type_rate() }}) as unit_price,
        prices.valid_from,
        coalesce(prices.valid_to, {{ end_of_time() }}) as valid_until,
        'list_prices' as source,
        cast(prices.checked_on as {{ type_string() }}) as source_version,
        {{ price_priority('list_prices') }} as priority,
        false as is_custom,
        cast(null as {{ type_quantity() }}) as free_tier_quantity,
        cast(null as {{ type_string() }}) as free_tier_reset_frequency,
        cast(null as {{ type_ratio() }}) as discount_percentage,
        cast(null as {{ type_string() }}) as discount_reason,
        cast(null as {{ type_of('int') }}) as volume_threshold_tokens
    from prices
    left join models
        on models.provider = prices.provider
        and models.spelling = lower({{ price_text('prices.model_id') }})
)

select * from final
