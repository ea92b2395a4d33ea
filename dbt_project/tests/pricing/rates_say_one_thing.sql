-- A rate is a price, a discount or an allowance, and says what its kind has to say.
with judged as (
    select
        pricing_id,
        case
            when
                case when unit_price is null then 0 else 1 end
                + case when discount_percentage is null then 0 else 1 end
                + case when free_tier_quantity is null then 0 else 1 end != 1
                then 'a rate is one of price, discount and allowance'
            when (pricing_type = 'free_tier') != (free_tier_quantity is not null) then 'an allowance is of the type free_tier'
            when
                (free_tier_quantity is null) != (free_tier_reset_frequency is null)
                then 'an allowance says when it starts anew'
            when
                (pricing_type = 'volume_discount') != (volume_threshold_tokens is not null)
                then 'a volume discount has a threshold, and nothing else has one'
            when pricing_type = 'standard' and unit_price is null then 'a standard rate is a price'
            when
                unit_price is not null and (meter is null or service_tier is null or geography is null)
                then 'a price names meter, tier and geography'
            when free_tier_quantity is not null and meter is null then 'an allowance names its meter'
            when x_genai_account_id is not null and x_org_slug is null then 'an account belongs to an organisation'
            when discount_percentage > 100 then 'a discount takes off at most everything'
            when valid_to <= valid_from then 'a validity has a day at least'
        end as broken_claim
    from {{ ref('genai_payg_pricing') }}
)

select *
from judged
where broken_claim is not null
