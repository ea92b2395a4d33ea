{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- depends_on: {{ ref('genai_usage_daily_unified') }}

with commitments as (
    select * from {{ ref('int_commitment__priced_commitments') }}
),

periods as (
    select * from {{ ref('int_commitment__payment_periods') }}
),

-- Days are built until the last one that has usage of any kind: what lies ahead is not yet used or idle.
bounds as (
    {% if has_window() -%}
    select
        {{ utc_midnight(date_literal(var('min_date'))) }} as first_moment,
        {{ utc_midnight(date_literal(var('max_date'))) }} as end_moment
    {%- else -%}
    select
        {{ utc_midnight(start_of_time()) }} as first_moment,
        {{ utc_midnight(add_days('max(usage_date)', 1)) }} as end_moment
    from {{ ref('genai_usage_daily_unified') }}
    {%- endif %}
),

-- A commitment that is over is built for as long as something was paid for it.
paid_until as (
    select
        x_org_slug,
        provider,
        commitment_id,
        max(period_end) as paid_until
    from periods
    group by x_org_slug, provider, commitment_id
),

lasting as (
    select
        commitments.*,
        paid_until.paid_until,
        {{ seconds_between('commitments.starts_at', 'commitments.active_until') }} as active_seconds,
        {{ seconds_between('commitments.starts_at', 'paid_until.paid_until') }} as paid_seconds,
        greatest(commitments.starts_at, bounds.first_moment) as built_from,
        least(paid_until.paid_until, bounds.end_moment) as built_until
    from commitments
    inner join paid_until
        on paid_until.x_org_slug = commitments.x_org_slug
        and paid_until.provider = commitments.provider
        and paid_until.commitment_id = commitments.commitment_id
    cross join bounds
),

hours as (
    select
        lasting.*,
        hour_start,
        greatest({{ seconds_between('lasting.starts_at', 'hour_start') }}, 0) as from_second,
        {{ seconds_between('lasting.starts_at', next_hour('hour_start')) }} as to_second
    from lasting
    cross join {{ unnested(hours_touched('lasting.built_from', 'lasting.built_until'), 'hour_start') }}
    where lasting.built_from < lasting.built_until
),

-- Quantities are differences of what had accrued at the ends of the hour, rounded down to six decimals: they add up to the whole.
committed_hours as (
    select
        *,
        {{ integer_to_quantity(
            whole_quotient(quantity_to_integer('quantity') ~ ' * ' ~ wide_integer('least(to_second, paid_seconds)'), wide_integer(3600))
            ~ ' - '
            ~ whole_quotient(quantity_to_integer('quantity') ~ ' * ' ~ wide_integer('least(from_second, paid_seconds)'), wide_integer(3600))
        ) }} as committed_quantity,
        {{ integer_to_quantity(
            whole_quotient(quantity_to_integer('quantity') ~ ' * ' ~ wide_integer('least(to_second, active_seconds)'), wide_integer(3600))
            ~ ' - '
            ~ whole_quotient(quantity_to_integer('quantity') ~ ' * ' ~ wide_integer('least(from_second, active_seconds)'), wide_integer(3600))
        ) }} as usable_quantity
    from hours
),

-- A payment is spread evenly over the seconds that it pays for, in whole numbers of 10^-18: what had accrued at the end of the hour
-- less what had at its start, so that the hours add up to the payment.
spread_payments as (
    select
        committed_hours.x_org_slug,
        committed_hours.provider,
        committed_hours.commitment_id,
        committed_hours.hour_start,
        case periods.component
            when 'hourly' then null
            else
                {{ whole_quotient(
                    cost_to_integer('periods.contracted_cost') ~ ' * ' ~ wide_integer(
                        'least(greatest(' ~ seconds_between('periods.period_start', next_hour('committed_hours.hour_start'))
                        ~ ', 0), periods.period_seconds)'
                    ), wide_integer('periods.period_seconds')
                ) }}
                - {{ whole_quotient(
                    cost_to_integer('periods.contracted_cost') ~ ' * ' ~ wide_integer(
                        'least(greatest(' ~ seconds_between('periods.period_start', 'committed_hours.hour_start')
                        ~ ', 0), periods.period_seconds)'
                    ), wide_integer('periods.period_seconds')
                ) }}
        end as amortised,
        case periods.component
            when 'hourly' then
                {{ integer_to_quantity(
                    whole_quotient(
                        quantity_to_integer('periods.paid_units') ~ ' * '
                        ~ wide_integer('least(committed_hours.to_second, periods.period_seconds)'), wide_integer(3600)
                    )
                    ~ ' - '
                    ~ whole_quotient(
                        quantity_to_integer('periods.paid_units') ~ ' * '
                        ~ wide_integer('least(committed_hours.from_second, periods.period_seconds)'), wide_integer(3600)
                    )
                ) }}
        end as bought_quantity,
        periods.list_unit_price,
        periods.contracted_unit_price,
        periods.contracted_cost is null as is_unpriced
    from committed_hours
    inner join periods
        on periods.x_org_slug = committed_hours.x_org_slug
        and periods.provider = committed_hours.provider
        and periods.commitment_id = committed_hours.commitment_id
        and periods.period_start < {{ next_hour('committed_hours.hour_start') }}
        and periods.period_end > committed_hours.hour_start
),

-- What the hour of a commitment costs; null where any part of it has no price.
hour_costs as (
    select
        x_org_slug,
        provider,
        commitment_id,
        hour_start,
        sum(bought_quantity) as bought_quantity,
        case
            when max(case when is_unpriced then 1 else 0 end) = 0
                then
                    sum(coalesce(amortised, {{ wide_integer(0) }}))
                    + sum(coalesce({{ cost_to_integer('bought_quantity * contracted_unit_price') }}, {{ wide_integer(0) }}))
        end as cost_number,
        cast(sum(bought_quantity * contracted_unit_price) as {{ type_cost() }}) as billed_cost
    from spread_payments
    group by x_org_slug, provider, commitment_id, hour_start
),

final as (
    select
        committed_hours.*,
        hour_costs.cost_number,
        hour_costs.bought_quantity,
        hour_costs.billed_cost
    from committed_hours
    left join hour_costs
        on hour_costs.x_org_slug = committed_hours.x_org_slug
        and hour_costs.provider = committed_hours.provider
        and hour_costs.commitment_id = committed_hours.commitment_id
        and hour_costs.hour_start = committed_hours.hour_start
)

select * from final
