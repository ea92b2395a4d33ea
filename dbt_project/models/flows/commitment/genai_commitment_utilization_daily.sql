{{ config(**replaced_by_day('genai_commitment_utilization_daily')) }}

{%- set window = in_window('x_ingestion_date') -%}
{%- set grain = [
    'x_org_slug', 'x_pipeline_id', 'x_credential_id', 'x_pipeline_run_date', 'flow', 'provider', 'usage_date', 'sub_account_id',
    'sub_account_type', 'resource_id', 'resource_type', 'api_key_id', 'provider_model_id', 'region_id', 'geography', 'service_tier',
    'provider_service_tier', 'context_band', 'variant', 'metering_source', 'meter'
] -%}
{%- set others = [
    'model_id', 'context_tokens_above', 'context_tokens_up_to', 'quantity', 'consumed_unit', 'x_ingestion_date', 'x_genai_account_id'
] -%}
{%- set key = ['x_org_slug', 'provider', 'x_genai_account_id', 'meter', 'commitment_id', 'resource_id'] -%}

with
{{ resolve_prices(
    usage=ref('int_commitment__tokens_as_payg'),
    filter=window,
    history_filter=window,
    rates=ref('genai_payg_pricing'),
    meters=source('reference', 'genai_meters'),
    providers=source('reference', 'genai_providers'),
    accounts=source('reference', 'genai_provider_accounts'),
) }},

{{ apply_prices(
    usage=ref('int_commitment__tokens_as_payg'),
    filter=window,
    history_filter=window,
    resolved='resolved',
    volume_tiers='volume_tiers',
    columns=grain + others,
    grain=grain,
) }},

hourly as (
    select * from {{ ref('genai_commitment_utilization_hourly') }}
    where {{ window }}
),

covered_hours as (
    select
        *,
        {{ place_of('covered') }} as place,
        case when commitment_id is null then resource_id end as uncovered_resource_id
    from {{ ref('int_commitment__hourly_coverage') }} as covered
    where
        charge_category = 'Usage'
        and coalesce(commitment_status, 'none') != 'Unused'
        and quantity > 0
        and {{ window }}
),

coverage as (
    select
        x_org_slug,
        provider,
        meter,
        commitment_id,
        uncovered_resource_id as resource_id,
        place,
        x_ingestion_date,
        sum(quantity) as quantity
    from covered_hours
    group by x_org_slug, provider, meter, commitment_id, uncovered_resource_id, place, x_ingestion_date
),

costs as (
    select
        *,
        case when commitment_id is null then resource_id end as uncovered_resource_id
    from {{ ref('genai_commitment_costs_daily') }}
    where charge_category = 'Usage' and {{ window }}
),

gauges as (
    select
        *,
        {{ place_of('usage') }} as place
    from {{ ref('genai_commitment_usage_raw') }} as usage
    where meter = 'peak_utilization' and {{ window }}
),

peaks as (
    select
        x_org_slug,
        provider,
        place,
        x_ingestion_date,
        max(quantity) as peak_utilization
    from gauges
    group by x_org_slug, provider, place, x_ingestion_date
),

rated_places as (
    select
        *,
        {{ place_of('rated_usage') }} as place
    from rated_usage
),

payg_costs as (
    select
        x_org_slug,
        provider,
        place,
        x_ingestion_date,
        case when count(*) = count(list_cost) then sum(list_cost) end as list_cost
    from rated_places
    group by x_org_slug, provider, place, x_ingestion_date
),

-- Tokens of a place are divided among what covers it on the day, and with them what they would have cost.
shared as (
    select
        coverage.*,
        coalesce(payg_costs.list_cost, 0) as place_list_cost,
        payg_costs.place is not null and payg_costs.list_cost is null as is_unpriced,
        peaks.peak_utilization,
        sum(coverage.quantity) over (
            partition by coverage.x_org_slug, coverage.provider, coverage.meter, coverage.place, coverage.x_ingestion_date
            order by coverage.commitment_id, coverage.resource_id rows unbounded preceding
        ) as to_quantity,
        sum(coverage.quantity) over (
            partition by coverage.x_org_slug, coverage.provider, coverage.meter, coverage.place, coverage.x_ingestion_date
        ) as place_quantity
    from coverage
    left join payg_costs
        on payg_costs.x_org_slug = coverage.x_org_slug
        and payg_costs.provider = coverage.provider
        and payg_costs.place = coverage.place
        and payg_costs.x_ingestion_date = coverage.x_ingestion_date
    left join peaks
        on peaks.x_org_slug = coverage.x_org_slug
        and peaks.provider = coverage.provider
        and peaks.place = coverage.place
        and peaks.x_ingestion_date = coverage.x_ingestion_date
),

at_payg_prices as (
    select
        x_org_slug,
        provider,
        meter,
        commitment_id,
        resource_id,
        x_ingestion_date,
        max(peak_utilization) as peak_utilization,
        sum(
            {{ whole_quotient(
                cost_to_integer('place_list_cost') ~ ' * ' ~ quantity_to_integer('to_quantity'), quantity_to_integer('place_quantity')
            ) }}
            - {{ whole_quotient(
                cost_to_integer('place_list_cost') ~ ' * ' ~ quantity_to_integer('to_quantity - quantity'),
                quantity_to_integer('place_quantity')
            ) }}
        ) as payg_cost_number,
        max(case when is_unpriced then 1 else 0 end) as unpriced_places
    from shared
    group by x_org_slug, provider, meter, commitment_id, resource_id, x_ingestion_date
),

cost_sums as (
    select
        x_org_slug,
        provider,
        meter,
        commitment_id,
        uncovered_resource_id as resource_id,
        x_ingestion_date,
        max(currency) as currency,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost,
        case
            when count(*) = count(effective_cost)
                then sum(case when commitment_status = 'Unused' then effective_cost else 0 end)
        end as unused_cost
    from costs
    group by x_org_slug, provider, meter, commitment_id, uncovered_resource_id, x_ingestion_date
),

daily as (
    select
        {{ key | join(',\n        ') }},
        x_ingestion_date,
        max(scope) as scope,
        max(region_id) as region_id,
        sum(committed_quantity) as committed_quantity,
        sum(used_quantity) as used_quantity,
        sum(unused_quantity) as unused_quantity,
        sum(overage_quantity) as overage_quantity,
        sum(busy_quantity) as busy_quantity,
        sum(tokens) as tokens,
        case when count(*) = count(weighted_tokens) then sum(weighted_tokens) end as weighted_tokens,
        sum(token_capacity) as token_capacity
    from hourly
    group by {{ key | join(', ') }}, x_ingestion_date
),

measured as (
    select
        daily.*,
        at_payg_prices.peak_utilization,
        cost_sums.currency,
        cost_sums.effective_cost,
        cost_sums.unused_cost,
        case
            when daily.tokens = 0 then cast(0 as {{ type_cost() }})
            -- Tokens that no price is known of make the sum unknown.
            when at_payg_prices.unpriced_places = 0 then {{ integer_to_cost('at_payg_prices.payg_cost_number') }}
        end as payg_cost,
        {{ rounded_quotient('daily.used_quantity', 'daily.committed_quantity', 'ratio') }} as commitment_utilization,
        {{ rounded_quotient('daily.busy_quantity', 'daily.used_quantity + daily.overage_quantity', 'ratio') }} as load_utilization,
        {{ rounded_quotient('daily.weighted_tokens', 'daily.token_capacity', 'ratio') }} as token_utilization
    from daily
    {% for step in ['at_payg_prices', 'cost_sums'] -%}
    left join {{ step }}
        on {{ step }}.x_org_slug = daily.x_org_slug
        and {{ step }}.provider = daily.provider
        and {{ step }}.meter = daily.meter
        and {{ step }}.commitment_id is not distinct from daily.commitment_id
        and {{ step }}.resource_id is not distinct from daily.resource_id
        and {{ step }}.x_ingestion_date = daily.x_ingestion_date
    {% endfor %}
),

final as (
    select
        {{ key | join(',\n        ') }},
        x_ingestion_date as usage_date,
        scope,
        region_id,
        cast(committed_quantity as {{ type_quantity() }}) as committed_quantity,
        cast(used_quantity as {{ type_quantity() }}) as used_quantity,
        cast(unused_quantity as {{ type_quantity() }}) as unused_quantity,
        cast(overage_quantity as {{ type_quantity() }}) as overage_quantity,
        cast(busy_quantity as {{ type_quantity() }}) as busy_quantity,
        cast(tokens as {{ type_quantity() }}) as tokens,
        cast(weighted_tokens as {{ type_quantity() }}) as weighted_tokens,
        cast(token_capacity as {{ type_quantity() }}) as token_capacity,
        cast(peak_utilization as {{ type_ratio() }}) as peak_utilization,
        commitment_utilization,
        load_utilization,
        token_utilization,
        cast(effective_cost as {{ type_cost() }}) as effective_cost,
        cast(unused_cost as {{ type_cost() }}) as unused_cost,
        payg_cost,
        {{ rounded_quotient('effective_cost * 1000000', 'tokens', 'rate') }} as effective_cost_per_million_tokens,
        {{ rounded_quotient('payg_cost * 1000000', 'tokens', 'rate') }} as payg_cost_per_million_tokens,
        {{ rounded_quotient(
            'cast(coalesce(token_utilization, load_utilization) as ' ~ type_rate() ~ ') * cast(effective_cost as ' ~ type_rate() ~ ')',
            'payg_cost', 'ratio'
        ) }} as break_even_utilization,
        currency,
        x_ingestion_date
    from measured
)

select * from final
