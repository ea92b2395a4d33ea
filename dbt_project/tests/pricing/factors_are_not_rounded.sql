-- A price that a factor makes has to be a number of 12 decimals without rounding.
with rates as (
    select * from {{ ref('genai_payg_pricing') }}
),

factors as (
    select * from {{ source('prices', 'genai_price_factors') }}
    where {{ as_known() }}
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

products as (
    select
        rates.pricing_id,
        rates.unit_price,
        cast(factors.factor as {{ type_ratio() }}) as factor
    from rates
    inner join meters on meters.meter = rates.meter
    inner join factors
        on factors.provider = rates.provider
        and factors.base_geography = rates.geography
        and factors.meter_kind = meters.kind
    where rates.unit_price is not null and rates.x_org_slug is null
)

select
    pricing_id,
    unit_price,
    factor
from products
where unit_price * factor != cast(unit_price * factor as {{ type_rate() }})
