{{ config(materialized='table') }}

with meters as (
    select meter, priced_as_meter from {{ source('reference', 'genai_meters') }}
),

unpriced as (
    select
        provider,
        model_id,
        meter,
        service_tier,
        coalesce(geography, 'global') as geography,
        pricing_reason,
        consumed_unit,
        usage_date,
        cast(sum(quantity) as {{ type_quantity() }}) as quantity
    from {{ ref('genai_payg_costs_daily') }}
    where pricing_reason in ('no_rate_on_day', 'unknown_tier', 'unknown_geography') and pricing_status = 'unpriced'
    group by provider, model_id, meter, service_tier, coalesce(geography, 'global'), pricing_reason, consumed_unit, usage_date
),

rates as (
    select * from {{ ref('genai_payg_pricing') }}
    where x_org_slug is null and pricing_type = 'standard'
),

-- A meter that adds up others is priced by the rates of one of them.
bounded as (
    select
        unpriced.provider,
        unpriced.model_id,
        unpriced.meter,
        unpriced.service_tier,
        unpriced.geography,
        unpriced.pricing_reason,
        unpriced.consumed_unit,
        unpriced.usage_date,
        unpriced.quantity,
        max(case when rates.valid_to <= unpriced.usage_date then rates.valid_to end) as previous_valid_to,
        min(case when rates.valid_from > unpriced.usage_date then rates.valid_from end) as next_valid_from
    from unpriced
    left join meters on meters.meter = unpriced.meter
    left join rates
        on rates.provider = unpriced.provider
        and (rates.meter = unpriced.meter or rates.meter = meters.priced_as_meter)
        and (rates.model_id = unpriced.model_id or rates.model_id is null)
        and (
            unpriced.pricing_reason = 'no_rate_on_day'
            or (rates.service_tier = unpriced.service_tier and rates.geography = unpriced.geography)
        )
    group by
        unpriced.provider, unpriced.model_id, unpriced.meter, unpriced.service_tier, unpriced.geography, unpriced.pricing_reason,
        unpriced.consumed_unit, unpriced.usage_date, unpriced.quantity
),

final as (
    select
        provider,
        model_id,
        meter,
        service_tier,
        geography,
        pricing_reason,
        min(usage_date) as first_day,
        max(usage_date) as last_day,
        cast(sum(quantity) as {{ type_quantity() }}) as quantity,
        consumed_unit,
        previous_valid_to,
        next_valid_from
    from bounded
    where pricing_reason = 'no_rate_on_day' or previous_valid_to is not null or next_valid_from is not null
    group by
        provider, model_id, meter, service_tier, geography, pricing_reason, consumed_unit, previous_valid_to, next_valid_from
)

select * from final
