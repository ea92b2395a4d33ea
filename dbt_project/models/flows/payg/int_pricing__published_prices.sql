{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

with base_prices as (
    {% for model in ('int_pricing__catalogue_prices', 'int_pricing__list_prices', 'int_pricing__default_prices') %}
    select {{ price_columns() | join(', ') }}
    from {{ ref(model) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

factors as (
    select
        provider,
        {{ price_text('model_id') }} as model_id,
        meter_kind,
        {{ price_text('service_tier') }} as service_tier,
        geography,
        base_geography,
        cast(factor as {{ type_ratio() }}) as factor,
        valid_from,
        coalesce(valid_to, {{ end_of_time() }}) as valid_until
    from {{ ref('genai_price_factors') }}
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

-- A factor makes prices of another geography out of those that are given. It multiplies every tier, so that the factors of a tier
-- and of a geography are taken as a product.
multiplied_prices as (
    -- noqa: disable=LT02
    select
        {% for column in price_columns() %}
        {% if column == 'geography' %}
        factors.geography,
        {% elif column == 'unit_price' %}
        cast(base_prices.unit_price * factors.factor as {{ type_rate() }}) as unit_price,
        {% elif column == 'valid_from' %}
        greatest(base_prices.valid_from, factors.valid_from) as valid_from,
        {% elif column == 'valid_until' %}
        least(base_prices.valid_until, factors.valid_until) as valid_until,
        {% elif column == 'source' %}
        base_prices.source || ' x price_factors' as source,
        {% else %}
        base_prices.{{ column }}{{ ',' if not loop.last }}
        {% endif %}
        {% endfor %}
    -- noqa: enable=LT02
    from base_prices
    inner join meters on meters.meter = base_prices.meter
    inner join factors
        on factors.provider = base_prices.provider
        and factors.base_geography = base_prices.geography
        and factors.meter_kind = meters.kind
        and (factors.model_id is null or factors.model_id = base_prices.model_id)
        and (factors.service_tier is null or factors.service_tier = base_prices.service_tier)
        and factors.valid_from < base_prices.valid_until
        and factors.valid_until > base_prices.valid_from
),

final as (
    select * from base_prices
    union all
    select * from multiplied_prices
)

select * from final
