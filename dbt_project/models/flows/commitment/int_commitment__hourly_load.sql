{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{#- Of whose prices and of which capacity a load is. -#}
{%- set key = ['x_org_slug', 'provider', 'x_genai_account_id', 'provider_model_id', 'region_id', 'geography', 'context_tokens_above'] -%}

-- One row per organisation, provider, account, capacity meter, model, region, scope and hour of the last 30 days of data: how many
-- units its tokens need, and what they cost, or would cost, as pay-as-you-go.
with bounds as (
    select
        {{ add_days('max(usage_date)', -29) }} as first_day,
        max(usage_date) as last_day
    from {{ ref('genai_usage_daily_unified') }}
),

meters as (
    select meter, coalesce(priced_as_meter, meter) as priced_as_meter from {{ source('reference', 'genai_meters') }}
    where kind = 'tokens'
),

models as (
    select
        provider,
        provider_model_id,
        max(model_id) as model_id
    from {{ ref('genai_usage_daily_unified') }}
    where provider_model_id is not null and model_id is not null
    group by provider, provider_model_id
),

-- What a batch or another cheap tier serves could not move to reserved capacity at its price.
tokens as (
    {% for relation, tiers in [
        ('genai_payg_usage_raw', "'standard', 'committed'"),
        ('genai_commitment_usage_raw', "'committed'"),
    ] -%}
    select
        usage.x_org_slug,
        usage.provider,
        usage.x_genai_account_id,
        usage.provider_model_id,
        usage.region_id,
        usage.geography,
        coalesce(usage.context_tokens_above, 0) as context_tokens_above,
        usage.meter,
        usage.period_start,
        usage.period_end,
        usage.usage_date,
        usage.service_tier,
        usage.quantity
    from {{ ref(relation) }} as usage
    inner join bounds on bounds.first_day <= usage.usage_date
    where usage.service_tier in ({{ tiers }}) and usage.meter in (select meter from meters)
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

periods as (
    select
        {{ key | join(',\n        ') }},
        meter,
        service_tier,
        usage_date,
        period_start,
        period_end,
        sum(quantity) as quantity
    from tokens
    group by {{ key | join(', ') }}, meter, service_tier, usage_date, period_start, period_end
),

-- What the organisation pays for a million of these tokens on the day, and in the mean of all days.
paid as (
    select
        costs.*,
        coalesce(costs.context_tokens_above, 0) as band
    from {{ ref('genai_payg_costs_daily') }} as costs
    inner join bounds on bounds.first_day <= costs.usage_date
    where costs.service_tier = 'standard' and costs.effective_cost is not null and costs.quantity > 0
),

paid_daily as (
    select
        x_org_slug,
        provider,
        x_genai_account_id,
        provider_model_id,
        region_id,
        geography,
        band as context_tokens_above,
        meter,
        usage_date,
        {{ rounded_quotient('sum(list_cost) * 1000000', 'sum(quantity)', 'rate') }} as list_price,
        {{ rounded_quotient('sum(effective_cost) * 1000000', 'sum(quantity)', 'rate') }} as paid_price
    from paid
    group by x_org_slug, provider, x_genai_account_id, provider_model_id, region_id, geography, band, meter, usage_date
),

paid_usually as (
    select
        x_org_slug,
        provider,
        provider_model_id,
        meter,
        {{ rounded_quotient('sum(effective_cost)', 'sum(list_cost)', 'ratio') }} as share_of_list
    from paid
    group by x_org_slug, provider, provider_model_id, meter
),

list_prices as (
    select
        provider,
        model_id,
        meter,
        geography,
        context_tokens_above,
        coalesce(context_tokens_up_to, {{ no_token_limit() }}) as tokens_up_to,
        valid_from,
        coalesce(valid_to, {{ end_of_time() }}) as valid_until,
        {{ rounded_quotient('max(unit_price) * 1000000', 'max(pricing_block)', 'rate') }} as list_price
    from {{ ref('genai_payg_pricing') }}
    where x_org_slug is null and pricing_type = 'standard' and service_tier = 'standard' and variant is null and meter is not null
    group by
        provider,
        model_id,
        meter,
        geography,
        context_tokens_above,
        coalesce(context_tokens_up_to, {{ no_token_limit() }}),
        valid_from,
        coalesce(valid_to, {{ end_of_time() }})
),

throughput as (
    select throughput.*
    from {{ source('reference', 'genai_capacity_throughput') }} as throughput
    inner join bounds
        on bounds.last_day >= throughput.valid_from
        and bounds.last_day < coalesce(throughput.valid_to, {{ end_of_time() }})
    where throughput.commitment_id is null
),

weighed as (
    select
        periods.*,
        models.model_id,
        {{ scope_of('periods.geography') }} as capacity_scope,
        throughput.meter as capacity_meter,
        coalesce(throughput.minimum_units, 1) as minimum_units,
        coalesce(throughput.unit_step, 1) as unit_step,
        coalesce(paid_daily.list_price, list_prices.list_price) as list_price,
        coalesce(
            paid_daily.paid_price, cast(list_prices.list_price * coalesce(paid_usually.share_of_list, 1) as {{ type_rate() }})
        ) as paid_price,
        {{ seconds_between('periods.period_start', 'periods.period_end') }} as period_seconds,
        {{ rounded_quotient('periods.quantity * throughput.weight', 'throughput.tokens_per_minute * 60', 'ratio') }} as load_unit_hours,
        {{ rounded_quotient('periods.quantity', '1000000', 'rate') }} as million_tokens
    from periods
    inner join models
        on models.provider = periods.provider
        and models.provider_model_id = periods.provider_model_id
    inner join meters on meters.meter = periods.meter
    inner join throughput
        on throughput.provider = periods.provider
        and throughput.model_id = models.model_id
        and throughput.token_meter = periods.meter
        and throughput.context_tokens_above <= periods.context_tokens_above
        and periods.context_tokens_above < coalesce(throughput.context_tokens_up_to, {{ no_token_limit() }})
        and (throughput.scope is null or throughput.scope = {{ scope_of('periods.geography') }})
        and (throughput.x_org_slug is null or throughput.x_org_slug = periods.x_org_slug)
    left join paid_daily
        on periods.service_tier = 'standard'
        and paid_daily.x_org_slug = periods.x_org_slug
        and paid_daily.provider = periods.provider
        and paid_daily.x_genai_account_id = periods.x_genai_account_id
        and paid_daily.provider_model_id = periods.provider_model_id
        and paid_daily.region_id is not distinct from periods.region_id
        and paid_daily.geography is not distinct from periods.geography
        and paid_daily.context_tokens_above = periods.context_tokens_above
        and paid_daily.meter = periods.meter
        and paid_daily.usage_date = periods.usage_date
    left join paid_usually
        on paid_usually.x_org_slug = periods.x_org_slug
        and paid_usually.provider = periods.provider
        and paid_usually.provider_model_id = periods.provider_model_id
        and paid_usually.meter = periods.meter
    left join list_prices
        on list_prices.provider = periods.provider
        and list_prices.model_id = models.model_id
        and list_prices.meter = meters.priced_as_meter
        and list_prices.geography = coalesce(periods.geography, 'global')
        and list_prices.context_tokens_above <= periods.context_tokens_above
        and list_prices.tokens_up_to > periods.context_tokens_above
        and list_prices.valid_from <= periods.usage_date
        and list_prices.valid_until > periods.usage_date
    where true
    qualify row_number() over (
        partition by
            periods.x_org_slug, periods.provider, periods.x_genai_account_id, periods.provider_model_id, periods.region_id,
            periods.geography, periods.context_tokens_above, periods.meter, periods.service_tier, periods.period_start,
            periods.period_end, throughput.meter
        order by
            case when throughput.x_org_slug is null then 1 else 0 end,
            case when throughput.scope is null then 1 else 0 end
    ) = 1
),

-- Tokens of a day whose hours are not known are spread evenly.
spread as (
    select
        weighed.*,
        hour_start,
        {{ rounded_quotient(
            'least(' ~ seconds_between('period_start', next_hour('hour_start')) ~ ', period_seconds) - greatest('
            ~ seconds_between('period_start', 'hour_start') ~ ', 0)', 'period_seconds', 'rate'
        ) }} as share
    from weighed
    cross join {{ unnested(hours_touched('weighed.period_start', 'weighed.period_end'), 'hour_start') }}
),

final as (
    select
        x_org_slug,
        provider,
        x_genai_account_id,
        capacity_meter as meter,
        model_id,
        region_id,
        capacity_scope as scope,
        hour_start,
        max(minimum_units) as minimum_units,
        max(unit_step) as unit_step,
        max(period_seconds) <= 3600 as is_hourly,
        cast(sum(load_unit_hours * share) as {{ type_ratio() }}) as load_units,
        case
            when count(*) = count(list_price)
                then cast(sum(cast(million_tokens * list_price as {{ type_rate() }}) * share) as {{ type_rate() }})
        end as list_value,
        case
            when count(*) = count(paid_price)
                then cast(sum(cast(million_tokens * paid_price as {{ type_rate() }}) * share) as {{ type_rate() }})
        end as paid_value
    from spread
    group by x_org_slug, provider, x_genai_account_id, capacity_meter, model_id, region_id, capacity_scope, hour_start
)

select * from final
where load_units > 0
