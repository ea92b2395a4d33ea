{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

with stated_rates as (
    select {{ price_columns() | join(', ') }}
    from {{ ref('int_pricing__stated_rates') }}
),

models as (
    select * from {{ ref('int_pricing__stated_models') }}
),

factors as (
    select
        stated.provider,
        models.model_id,
        stated.meter_kind,
        stated.service_tier,
        stated.geography,
        stated.base_geography,
        cast(stated.factor as {{ type_ratio() }}) as factor,
        stated.valid_from,
        coalesce(stated.valid_to, {{ end_of_time() }}) as valid_until
    from {{ source('prices', 'genai_price_factors') }} as stated
    left join models
        on models.provider = stated.provider
        and models.spelling = lower(stated.model_id)
    where {{ as_known() }}
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

-- A factor makes prices of another geography out of those that are given. It multiplies every tier, so that the factors of a tier
-- and of a geography are taken as a product. What was agreed with an organisation is not multiplied: nobody said so.
multiplied_rates as (
    -- noqa: disable=LT02
    select
        {% for column in price_columns() %}
        {% if column == 'geography' %}
        factors.geography,
        {% elif column == 'unit_price' %}
        cast(stated_rates.unit_price * factors.factor as {{ type_rate() }}) as unit_price,
        {% elif column == 'valid_from' %}
        greatest(stated_rates.valid_from, factors.valid_from) as valid_from,
        {% elif column == 'valid_until' %}
        least(stated_rates.valid_until, factors.valid_until) as valid_until,
        {% elif column == 'source' %}
        stated_rates.source || ' x price_factors' as source,
        {% else %}
        stated_rates.{{ column }},
        {% endif %}
        {% endfor %}
        true as is_multiplied
    -- noqa: enable=LT02
    from stated_rates
    inner join meters on meters.meter = stated_rates.meter
    inner join factors
        on factors.provider = stated_rates.provider
        and factors.base_geography = stated_rates.geography
        and factors.meter_kind = meters.kind
        and (factors.model_id is null or factors.model_id = stated_rates.model_id)
        and (factors.service_tier is null or factors.service_tier = stated_rates.service_tier)
        and factors.valid_from < stated_rates.valid_until
        and factors.valid_until > stated_rates.valid_from
    where
        stated_rates.x_org_slug is null
        and stated_rates.pricing_type = 'standard'
),

-- What an organisation was given as a default and never changed says nothing that the platform's default does not say.
platform_defaults as (
    select *
    from stated_rates
    where source = 'default_prices'
),

own_rates as (
    select stated_rates.*, false as is_multiplied
    from stated_rates
    left join platform_defaults
        on stated_rates.source = 'organisation_defaults'
        and platform_defaults.provider = stated_rates.provider
        and platform_defaults.model_id is not distinct from stated_rates.model_id
        and platform_defaults.meter is not distinct from stated_rates.meter
        and platform_defaults.service_tier is not distinct from stated_rates.service_tier
        and platform_defaults.geography is not distinct from stated_rates.geography
        and platform_defaults.variant is not distinct from stated_rates.variant
        and platform_defaults.context_tokens_above = stated_rates.context_tokens_above
        and platform_defaults.pricing_type = stated_rates.pricing_type
        and platform_defaults.unit_price is not distinct from stated_rates.unit_price
        and platform_defaults.free_tier_quantity is not distinct from stated_rates.free_tier_quantity
        and platform_defaults.free_tier_reset_frequency is not distinct from stated_rates.free_tier_reset_frequency
        and platform_defaults.valid_from = stated_rates.valid_from
        and platform_defaults.valid_until = stated_rates.valid_until
    where platform_defaults.source is null
),

final as (
    select * from own_rates
    union all
    select * from multiplied_rates
)

select * from final
