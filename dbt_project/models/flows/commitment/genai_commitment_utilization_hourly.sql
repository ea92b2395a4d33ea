{{ config(**replaced_by_day('genai_commitment_utilization_hourly')) }}

{#- What a row of the coverage is of, beside its hour and quantity. -#}
{%- set slot = [
    'x_org_slug', 'provider', 'x_genai_account_id', 'place', 'meter', 'commitment_id', 'uncovered_resource_id', 'model_id', 'scope',
    'provider_model_id', 'region_id', 'geography', 'provider_service_tier', 'metering_source'
] -%}
{%- set optional = [
    'commitment_id', 'uncovered_resource_id', 'model_id', 'scope', 'provider_model_id', 'region_id', 'geography',
    'provider_service_tier', 'metering_source'
] -%}
{%- set same_slot = [] -%}
{%- for column in slot -%}
{%- set comparison = 'is not distinct from' if column in optional else '=' -%}
{%- do same_slot.append('numbered_slots.' ~ column ~ ' ' ~ comparison ~ ' coverage.' ~ column) -%}
{%- endfor %}

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

served_meters as (
    select
        meter,
        kind = 'tokens' as is_token
    from {{ source('reference', 'genai_meters') }}
    where kind = 'tokens' or meter in ('busy_unit_hour', 'weighted_token')
),

-- Numbers in place of long keys: every step below is by row and hour.
slots as (
    select distinct {{ slot | join(', ') }}
    from coverage
),

numbered_slots as (
    select
        slots.*,
        coalesce(commitments.account_id, slots.x_genai_account_id) as billed_account_id,
        row_number() over (
            order by
                slots.commitment_id, slots.provider_model_id, slots.region_id, slots.geography, slots.provider_service_tier,
                slots.metering_source
        ) as slot_number,
        dense_rank() over (order by slots.x_org_slug, slots.provider, slots.place) as place_number,
        dense_rank() over (
            order by slots.x_org_slug, slots.provider, slots.meter, slots.commitment_id, slots.model_id, slots.scope
        ) as model_number,
        dense_rank() over (
            order by slots.x_org_slug, slots.provider, slots.meter, slots.commitment_id, slots.uncovered_resource_id
        ) as target_number
    from slots
    left join commitments
        on commitments.x_org_slug = slots.x_org_slug
        and commitments.provider = slots.provider
        and commitments.commitment_id = slots.commitment_id
),

places as (
    select distinct x_org_slug, provider, place, place_number
    from numbered_slots
),

targets as (
    select distinct x_org_slug, provider, billed_account_id, meter, commitment_id, uncovered_resource_id, target_number
    from numbered_slots
),

numbered_coverage as (
    select
        numbered_slots.slot_number,
        numbered_slots.place_number,
        numbered_slots.model_number,
        numbered_slots.target_number,
        numbered_slots.billed_account_id,
        coverage.meter,
        coverage.commitment_id is not null as is_committed,
        coverage.commitment_status,
        coverage.scope,
        coverage.region_id,
        coverage.hour_start,
        coverage.x_ingestion_date,
        coverage.quantity
    from coverage
    inner join numbered_slots
        on {{ same_slot | join('\n        and ') }}
),

-- What each unit serves, of what is said most closely: for the commitment, for the organisation, for all.
models as (
    select distinct model_number, x_org_slug, provider, meter, commitment_id, model_id, scope
    from numbered_slots
    where model_id is not null
),

model_days as (
    select distinct model_number, x_ingestion_date
    from numbered_coverage
),

weights as (
    select
        models.model_number,
        model_days.x_ingestion_date,
        throughput.token_meter,
        throughput.context_tokens_above,
        coalesce(throughput.context_tokens_up_to, {{ no_token_limit() }}) as tokens_up_to,
        {{ quantity_to_integer('cast(throughput.weight as ' ~ type_quantity() ~ ')') }} as weight_number,
        throughput.tokens_per_minute
    from models
    inner join model_days on model_days.model_number = models.model_number
    inner join throughput
        on throughput.provider = models.provider
        and throughput.meter = models.meter
        and throughput.model_id = models.model_id
        and (throughput.scope is null or throughput.scope = models.scope)
        and (throughput.x_org_slug is null or throughput.x_org_slug = models.x_org_slug)
        and (throughput.commitment_id is null or throughput.commitment_id = models.commitment_id)
        and throughput.valid_from <= model_days.x_ingestion_date
        and model_days.x_ingestion_date < coalesce(throughput.valid_to, {{ end_of_time() }})
    where true
    qualify row_number() over (
        partition by models.model_number, model_days.x_ingestion_date, throughput.token_meter, throughput.context_tokens_above
        order by
            case when throughput.commitment_id is null then 1 else 0 end,
            case when throughput.x_org_slug is null then 1 else 0 end,
            case when throughput.scope is null then 1 else 0 end
    ) = 1
),

unit_throughput as (
    select
        model_number,
        x_ingestion_date,
        max(tokens_per_minute) as tokens_per_minute
    from weights
    group by model_number, x_ingestion_date
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
        places.place_number,
        served.hour_start,
        served.meter,
        served_meters.is_token,
        served.context_tokens_above,
        sum(served.number) as number
    from served
    inner join served_meters on served_meters.meter = served.meter
    inner join places
        on places.x_org_slug = served.x_org_slug
        and places.provider = served.provider
        and places.place = served.place
    group by places.place_number, served.hour_start, served.meter, served_meters.is_token, served.context_tokens_above
),

-- The capacity of a place that serves, laid end to end: what several commitments and the hourly price cover together serves its
-- tokens in these parts.
covered_parts as (
    select
        place_number,
        model_number,
        target_number,
        hour_start,
        x_ingestion_date,
        quantity,
        sum(quantity) over (
            partition by place_number, meter, hour_start order by slot_number rows unbounded preceding
        ) as to_quantity,
        sum(quantity) over (partition by place_number, meter, hour_start) as place_quantity
    from numbered_coverage
    where coalesce(commitment_status, 'none') != 'Unused' and quantity > 0
),

measured_parts as (
    select
        place_number,
        model_number,
        target_number,
        hour_start,
        x_ingestion_date,
        {{ quantity_to_integer('to_quantity') }} as to_number,
        {{ quantity_to_integer('to_quantity - quantity') }} as from_number,
        {{ quantity_to_integer('place_quantity') }} as whole_number
    from covered_parts
),

met as (
    select
        measured_parts.target_number,
        measured_parts.hour_start,
        measured_parts.to_number,
        measured_parts.from_number,
        measured_parts.whole_number,
        served_hours.meter as served_meter,
        served_hours.is_token,
        weights.weight_number,
        served_hours.number,
        -- Tokens are divided into whole ones, everything else into millionths.
        case when served_hours.is_token then {{ wide_integer(1000000) }} else {{ wide_integer(1) }} end as least_part
    from measured_parts
    inner join served_hours
        on served_hours.place_number = measured_parts.place_number
        and served_hours.hour_start = measured_parts.hour_start
    left join weights
        on weights.model_number = measured_parts.model_number
        and weights.x_ingestion_date = measured_parts.x_ingestion_date
        and weights.token_meter = served_hours.meter
        and weights.context_tokens_above <= served_hours.context_tokens_above
        and weights.tokens_up_to > served_hours.context_tokens_above
),

-- The first part begins with nothing and the last one ends with everything: most places have one part.
parts as (
    select
        target_number,
        hour_start,
        served_meter,
        is_token,
        weight_number,
        least_part,
        case
            when to_number = whole_number then {{ whole_quotient('number', 'least_part') }}
            else {{ whole_quotient('number * to_number', 'whole_number * least_part') }}
        end
        - case
            when from_number = {{ wide_integer(0) }} then {{ wide_integer(0) }}
            else {{ whole_quotient('number * from_number', 'whole_number * least_part') }}
        end as least_parts
    from met
),

-- The provider's own weighing comes before ours. A token meter without a weight makes the sum unknown, unless it stands for none.
tokens as (
    select
        target_number,
        hour_start,
        coalesce(sum(case when is_token then least_parts end), {{ wide_integer(0) }}) * {{ wide_integer(1000000) }} as token_number,
        sum(case when served_meter = 'busy_unit_hour' then least_parts end) as busy_number,
        coalesce(
            sum(case when served_meter = 'weighted_token' then least_parts * least_part end),
            case
                when
                    max(case when is_token and weight_number is null and least_parts != {{ wide_integer(0) }} then 1 else 0 end) = 0
                    then coalesce(sum(case when is_token then least_parts * weight_number end), {{ wide_integer(0) }})
            end
        ) as weighted_number
    from parts
    group by target_number, hour_start
),

quantities as (
    select
        numbered_coverage.target_number,
        numbered_coverage.billed_account_id,
        numbered_coverage.hour_start,
        numbered_coverage.x_ingestion_date,
        max(numbered_coverage.scope) as scope,
        max(numbered_coverage.region_id) as region_id,
        sum(case when numbered_coverage.is_committed then numbered_coverage.quantity else 0 end) as committed_quantity,
        sum(case when numbered_coverage.commitment_status = 'Used' then numbered_coverage.quantity else 0 end) as used_quantity,
        sum(case when numbered_coverage.commitment_status = 'Unused' then numbered_coverage.quantity else 0 end) as unused_quantity,
        sum(case when numbered_coverage.is_committed then 0 else numbered_coverage.quantity end) as overage_quantity,
        -- Idle capacity that is for any model has no throughput.
        sum(cast(numbered_coverage.quantity * unit_throughput.tokens_per_minute * 60 as {{ type_quantity() }})) as token_capacity
    from numbered_coverage
    left join unit_throughput
        on unit_throughput.model_number = numbered_coverage.model_number
        and unit_throughput.x_ingestion_date = numbered_coverage.x_ingestion_date
    group by
        numbered_coverage.target_number,
        numbered_coverage.billed_account_id,
        numbered_coverage.hour_start,
        numbered_coverage.x_ingestion_date
),

final as (
    select
        targets.x_org_slug,
        targets.provider,
        targets.billed_account_id as x_genai_account_id,
        targets.meter,
        targets.commitment_id,
        targets.uncovered_resource_id as resource_id,
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
    inner join targets
        on targets.target_number = quantities.target_number
        and targets.billed_account_id = quantities.billed_account_id
    left join tokens
        on tokens.target_number = quantities.target_number
        and tokens.hour_start = quantities.hour_start
)

select * from final
