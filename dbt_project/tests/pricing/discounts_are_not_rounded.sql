{{ config(severity='warn') }}

-- Discounted prices that 12 decimals do not hold, and that are therefore rounded to them: a price per second that was made of
-- one per hour has no room left for a discount. Less than a millionth of a millionth of a unit is lost.
with rates as (
    select * from {{ ref('genai_payg_pricing') }}
),

products as (
    select
        rates.pricing_id,
        rates.unit_price,
        cast(1 - discounts.discount_percentage * cast(0.01 as {{ type_ratio() }}) as {{ type_ratio() }}) as factor
    from rates
    inner join rates as discounts
        on discounts.provider = rates.provider
        and (discounts.model_id is null or discounts.model_id = rates.model_id)
        and (discounts.meter is null or discounts.meter = rates.meter)
    where
        rates.unit_price is not null
        and rates.x_org_slug is null
        and discounts.discount_percentage is not null
)

select
    pricing_id,
    unit_price,
    factor
from products
where unit_price * factor != cast(unit_price * factor as {{ type_rate() }})
