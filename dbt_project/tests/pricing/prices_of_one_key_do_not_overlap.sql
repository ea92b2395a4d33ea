-- Two rates for the same usage on the same day: rating would have to guess, or charge twice.
with prices as (
    select
        *,
        {{ row_id(price_key()) }} as key_id,
        coalesce(valid_to, {{ end_of_time() }}) as valid_until,
        coalesce(context_tokens_up_to, 9223372036854775807) as tokens_up_to
    from {{ ref('genai_payg_pricing') }}
),

final as (
    select prices.pricing_id, rivals.pricing_id as rival_pricing_id
    from prices
    inner join prices as rivals
        on prices.key_id = rivals.key_id
        and prices.valid_from < rivals.valid_until
        and rivals.valid_from < prices.valid_until
        and prices.context_tokens_above < rivals.tokens_up_to
        and rivals.context_tokens_above < prices.tokens_up_to
    where prices.pricing_id != rivals.pricing_id
)

select * from final
