{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

with catalogue as (
    select * from {{ source('reference', 'genai_price_catalogue') }}
),

final as (
    select
        provider,
        model_id,
        model_name,
        meter,
        service_tier,
        geography,
        context_tokens_above,
        context_tokens_up_to,
        variant,
        cast(null as {{ type_string() }}) as x_org_slug,
        'standard' as pricing_type,
        currency,
        cast(unit_price as {{ type_rate() }}) as unit_price,
        valid_from,
        coalesce(valid_to, {{ end_of_time() }}) as valid_until,
        source,
        source_version,
        {{ price_priority('catalogue') }} as priority,
        false as is_custom,
        cast(null as {{ type_quantity() }}) as free_tier_quantity,
        cast(null as {{ type_string() }}) as free_tier_reset_frequency,
        cast(null as {{ type_ratio() }}) as discount_percentage,
        cast(null as {{ type_string() }}) as discount_reason,
        cast(null as {{ type_of('int') }}) as volume_threshold_tokens
    from catalogue
)

select * from final
