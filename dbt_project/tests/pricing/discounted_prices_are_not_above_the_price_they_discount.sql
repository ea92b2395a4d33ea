-- Cached input is never dearer than uncached input, and batch and flex never dearer than standard, on any day and for any
-- length of prompt. It finds a swapped column or a price in the wrong unit.
with prices as (
    select
        *,
        coalesce(valid_to, {{ end_of_time() }}) as valid_until,
        coalesce(context_tokens_up_to, 9223372036854775807) as tokens_up_to,
        case
            when meter = 'cache_read' then 'uncached_input'
            when meter = 'cache_read_audio' then 'uncached_input_audio'
            when meter = 'cache_read_image' then 'uncached_input_image'
            when meter = 'cache_read_video' then 'uncached_input_video'
        end as undiscounted_meter,
        case when service_tier in ('batch', 'flex') then 'standard' end as undiscounted_tier
    from {{ ref('genai_payg_pricing') }}
    where x_org_slug is null and pricing_type = 'standard'
),

final as (
    select discounted.pricing_id, undiscounted.pricing_id as undiscounted_pricing_id
    from prices as discounted
    inner join prices as undiscounted
        on discounted.provider = undiscounted.provider
        and discounted.model_id = undiscounted.model_id
        and discounted.geography = undiscounted.geography
        and discounted.valid_from < undiscounted.valid_until
        and undiscounted.valid_from < discounted.valid_until
        and discounted.context_tokens_above < undiscounted.tokens_up_to
        and undiscounted.context_tokens_above < discounted.tokens_up_to
        and (
            (discounted.undiscounted_meter = undiscounted.meter and discounted.service_tier = undiscounted.service_tier)
            or (discounted.undiscounted_tier = undiscounted.service_tier and discounted.meter = undiscounted.meter)
        )
    where discounted.unit_price > undiscounted.unit_price
)

select * from final
