{{ config(**replaced_by_day('genai_commitment_utilization_hourly')) }}

with coverage as (
    select
        *,
        {{ place_of('hourly') }} as place,
        case when commitment_id is null then resource_id end as uncovered_resource_id
    from {{ ref('int_commitment__hourly_coverage') }} as hourly
    where charge_category = 'Usage' and {{ in_window('x_ingestion_date') }}
),

commitments as (
    select * from {{ ref('int_commitment__priced_commitments') }}
),

commitment_usage as (
    select * from {{ ref('genai_commitment_usage_raw') }}
    where {{ in_window('x_ingestion_date') }}
),

contract_usage as (
    select * from {{ ref('genai_payg_usage_raw') }}
    where
        {{ in_window('x_ingestion_date') }}
        and service_tier = 'committed'
        and provider in (
            select provider from coverage
            where meter = 'throughput_unit_hour'
        )
),

throughput as (
    select * from {{ source('reference', 'genai_capacity_throughput') }}
),

token_meters as (
    select meter from {{ source('reference', 'genai_meters') }}
    where kind = 'tokens'
),

-- What each unit serves, of what is said most closely: for the commitment, for the organisation, for all.
served_models as (
    select distinct x_org_slug, provider, meter, commitment_id, model_id, scope, x_ingestion_date
    from coverage
    where model_id is not null
),

weights as (
    select
        served_models.*,
        throughput.token_meter,
        throughput.context_tokens_above,
        coalesce(throughput.context_tokens_up_to, {{ no_token_limit() }}) as tokens_up_to,
        throughput.weight,
        throughput.tokens_per_minute
    from served_models
    inner join throughput
        on throughput.provider = served_models.provider
        and throughput.meter = served_models.meter
        and throughput.model_id = served_models.model_id
        and (throughput.scope is null or throughput.scope = served_models.scope)
        and (throughput.x_org_slug is null or throughput.x_org_slug = served_models.x_org_slug)
        and (throughput.commitment_id is null or throughput.commitment_id = served_models.commitment_id)
        and throughput.valid_from <= served_models.x_ingestion_date
        and served_models.x_ingestion_date < coalesce(throughput.valid_to, {{ end_of_time() }})
    where true
    qualify row_number() over (
        partition by
            served_models.x_org_slug, served_models.provider, served_models.meter, served_models.commitment_id, served_models.model_id,
            served_models.scope, served_models.x_ingestion_date, throughput.token_meter, throughput.context_tokens_above
        order by
            case when throughput.commitment_id is null then 1 else 0 end,
            case when throughput.x_org_slug is null then 1 else 0 end,
            case when throughput.scope is null then 1 else 0 end
    ) = 1
),

unit_throughput as (
    select
        x_org_slug,
        provider,
        meter,
        commitment_id,
        model_id,
        scope,
        x_ingestion_date,
        max(tokens_per_minute) as tokens_per_minute
    from weights
    group by x_org_slug, provider, meter, commitment_id, model_id, scope, x_ingestion_date
),

-- Tokens of a day that no hour is known of are spread evenly over it.
served as (
    select
        usage.x_org_slug,
        usage.provider,
        {{ place_of('usage') }} as place,
        usage.meter,
        coalesce(usage.context_tokens_above, 0) as context_tokens_above,
        {{ hour_of('usage.period_start') }} as hour_start,
        {{ quantity_to_integer('usage.quantity') }} as number
    from commitment_usage as usage
    union all
    select
        usage.x_org_slug,
        usage.provider,
        {{ place_of('usage') }} as place,
        usage.meter,
        coalesce(usage.context_tokens_above, 0) as context_tokens_above,
        hour_start,
        {{ whole_quotient(
            quantity_to_integer('usage.quantity') ~ ' * ' ~ wide_integer(
                'least(' ~ seconds_between('usage.period_start', next_hour('hour_start')) ~ ', '
                ~ seconds_between('usage.period_start', 'usage.period_end') ~ ')'
            ), wide_integer(seconds_between('usage.period_start', 'usage.period_end'))
        ) }}
        - {{ whole_quotient(
            quantity_to_integer('usage.quantity') ~ ' * ' ~ wide_integer(
                'greatest(' ~ seconds_between('usage.period_start', 'hour_start') ~ ', 0)'
            ), wide_integer(seconds_between('usage.period_start', 'usage.period_end'))
        ) }} as number
    from contract_usage as usage
    cross join {{ unnested(hours_touched('usage.period_start', 'usage.period_end'), 'hour_start') }}
),

served_hours as (
    select
        x_org_slug,
        provider,
        place,
        meter,
        context_tokens_above,
        hour_start,
        sum(number) as number
    from served
    group by x_org_slug, provider, place, meter, context_tokens_above, hour_start
),

-- The capacity of a place that serves, laid end to end: what several commitments and the hourly price cover together serves its
-- tokens in these parts.
covered_parts as (
    select
        x_org_slug,
        provider,
        place,
        meter,
        commitment_id,
        uncovered_resource_id,
        model_id,
        scope,
        hour_start,
        x_ingestion_date,
        quantity,
        sum(quantity) over (
            partition by x_org_slug, provider, place, meter, hour_start
            order by commitment_id, provider_model_id, region_id, geography, provider_service_tier, metering_source
            rows unbounded preceding
        ) as to_quantity,
        sum(quantity) over (partition by x_org_slug, provider, place, meter, hour_start) as place_quantity
    from coverage
    where coalesce(commitment_status, 'none') != 'Unused' and quantity > 0
),

met as (
    select
        covered_parts.x_org_slug,
        covered_parts.provider,
        covered_parts.meter,
        covered_parts.commitment_id,
        covered_parts.uncovered_resource_id,
        covered_parts.hour_start,
        served_hours.meter as served_meter,
        token_meters.meter is not null as is_token,
        weights.weight,
        served_hours.number,
        {{ quantity_to_integer('covered_parts.to_quantity') }} as to_number,
        {{ quantity_to_integer('covered_parts.to_quantity - covered_parts.quantity') }} as from_number,
        -- Tokens are divided into whole ones.
        {{ quantity_to_integer('covered_parts.place_quantity') }} as place_number,
        case when token_meters.meter is null then {{ wide_integer(1) }} else {{ wide_integer(1000000) }} end as least_part
    from covered_parts
    inner join served_hours
        on served_hours.x_org_slug = covered_parts.x_org_slug
        and served_hours.provider = covered_parts.provider
        and served_hours.place = covered_parts.place
        and served_hours.hour_start = covered_parts.hour_start
    left join token_meters on token_meters.meter = served_hours.meter
    left join weights
        on weights.x_org_slug = covered_parts.x_org_slug
        and weights.provider = covered_parts.provider
        and weights.meter = covered_parts.meter
        and weights.commitment_id is not distinct from covered_parts.commitment_id
        and weights.model_id = covered_parts.model_id
        and weights.scope is not distinct from covered_parts.scope
        and weights.x_ingestion_date = covered_parts.x_ingestion_date
        and weights.token_meter = served_hours.meter
        and weights.context_tokens_above <= served_hours.context_tokens_above
        and served_hours.context_tokens_above < weights.tokens_up_to
),

parts as (
    select
        x_org_slug,
        provider,
        meter,
        commitment_id,
        uncovered_resource_id,
        hour_start,
        served_meter,
        is_token,
        weight,
        least_part * (
            {{ whole_quotient('number * to_number', 'place_number * least_part') }}
            - {{ whole_quotient('number * from_number', 'place_number * least_part') }}
        ) as number
    from met
),

-- The provider's own weighing comes before ours. A token meter without a weight makes the sum unknown, unless it stands for none.
tokens as (
    select
        x_org_slug,
        provider,
        meter,
        commitment_id,
        uncovered_resource_id,
        hour_start,
        coalesce(sum(case when is_token then number end), {{ wide_integer(0) }}) as token_number,
        sum(case when served_meter = 'busy_unit_hour' then number end) as busy_number,
        coalesce(
            sum(case when served_meter = 'weighted_token' then number end),
            case
                when max(case when is_token and weight is null and number != {{ wide_integer(0) }} then 1 else 0 end) = 0
                    then
                        coalesce(sum(case when is_token then {{ whole_quotient(
                            'number * ' ~ quantity_to_integer('cast(weight as ' ~ type_quantity() ~ ')'), wide_integer(1000000)
                        ) }} end), {{ wide_integer(0) }})
            end
        ) as weighted_number
    from parts
    group by x_org_slug, provider, meter, commitment_id, uncovered_resource_id, hour_start
),

quantities as (
    select
        coverage.x_org_slug,
        coverage.provider,
        coalesce(commitments.account_id, coverage.x_genai_account_id) as x_genai_account_id,
        coverage.meter,
        coverage.commitment_id,
        coverage.uncovered_resource_id,
        coverage.hour_start,
        coverage.x_ingestion_date,
        max(coverage.scope) as scope,
        max(coverage.region_id) as region_id,
        sum(case when coverage.commitment_id is not null then coverage.quantity else 0 end) as committed_quantity,
        sum(case when coverage.commitment_status = 'Used' then coverage.quantity else 0 end) as used_quantity,
        sum(case when coverage.commitment_status = 'Unused' then coverage.quantity else 0 end) as unused_quantity,
        sum(case when coverage.commitment_id is null then coverage.quantity else 0 end) as overage_quantity,
        -- Idle capacity that is for any model has no throughput.
        sum(cast(coverage.quantity * unit_throughput.tokens_per_minute * 60 as {{ type_quantity() }})) as token_capacity
    from coverage
    left join commitments
        on commitments.x_org_slug = coverage.x_org_slug
        and commitments.provider = coverage.provider
        and commitments.commitment_id = coverage.commitment_id
    left join unit_throughput
        on unit_throughput.x_org_slug = coverage.x_org_slug
        and unit_throughput.provider = coverage.provider
        and unit_throughput.meter = coverage.meter
        and unit_throughput.commitment_id is not distinct from coverage.commitment_id
        and unit_throughput.model_id = coverage.model_id
        and unit_throughput.scope is not distinct from coverage.scope
        and unit_throughput.x_ingestion_date = coverage.x_ingestion_date
    group by
        coverage.x_org_slug,
        coverage.provider,
        coalesce(commitments.account_id, coverage.x_genai_account_id),
        coverage.meter,
        coverage.commitment_id,
        coverage.uncovered_resource_id,
        coverage.hour_start,
        coverage.x_ingestion_date
),

final as (
    select
        quantities.x_org_slug,
        quantities.provider,
        quantities.x_genai_account_id,
        quantities.meter,
        quantities.commitment_id,
        quantities.uncovered_resource_id as resource_id,
        quantities.hour_start,
        quantities.scope,
        quantities.region_id,
        cast(quantities.committed_quantity as {{ type_quantity() }}) as committed_quantity,
        cast(quantities.used_quantity as {{ type_quantity() }}) as used_quantity,
        cast(quantities.unused_quantity as {{ type_quantity() }}) as unused_quantity,
        cast(quantities.overage_quantity as {{ type_quantity() }}) as overage_quantity,
        {{ integer_to_quantity('tokens.busy_number') }} as busy_quantity,
        {{ integer_to_quantity('coalesce(tokens.token_number, ' ~ wide_integer(0) ~ ')') }} as tokens,
        case
            when tokens.token_number is null then cast(0 as {{ type_quantity() }})
            else {{ integer_to_quantity('tokens.weighted_number') }}
        end as weighted_tokens,
        cast(quantities.token_capacity as {{ type_quantity() }}) as token_capacity,
        quantities.x_ingestion_date
    from quantities
    left join tokens
        on tokens.x_org_slug = quantities.x_org_slug
        and tokens.provider = quantities.provider
        and tokens.meter = quantities.meter
        and tokens.commitment_id is not distinct from quantities.commitment_id
        and tokens.uncovered_resource_id is not distinct from quantities.uncovered_resource_id
        and tokens.hour_start = quantities.hour_start
)

select * from final
