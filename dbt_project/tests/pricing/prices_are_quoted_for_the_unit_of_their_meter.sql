-- A price per million under a unit of one would charge a million times too much. No token-hour of a cache costs a tenth of a cent.
select
    pricing_id,
    meter,
    pricing_unit,
    unit_price
from {{ ref('genai_payg_pricing') }}
where meter = 'cache_storage_token_hour' and unit_price > 0.001
