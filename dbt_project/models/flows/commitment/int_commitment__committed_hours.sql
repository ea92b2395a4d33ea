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

-- Narrow: what describes a commitment is joined where its hours are shown. The number is the order in which commitments cover.
lasting as (
    select
        commitments.x_org_slug,
        commitments.provider,
        commitments.commitment_id,
        commitments.quantity,
        commitments.starts_at,
        row_number() over (
            order by commitments.x_org_slug, commitments.provider, commitments.starts_at, commitments.commitment_id
        ) as commitment_number,
        case
            when commitments.meter = 'throughput_unit_hour' then 'commitment|' || commitments.commitment_id
            when
                (commitments.meter = 'ptu_hour' and commitments.applies_to = 'account')
                or (commitments.meter = 'model_unit_hour' and commitments.applies_to = 'resource')
                or commitments.meter = 'gsu_hour'
                then {{ narrow_pool(
                    'commitments.meter', 'commitments.account_id', 'commitments.scope', 'commitments.region_id',
                    'commitments.price_model_id', 'commitments.resource_id'
                ) }}
        end as narrow_pool,
        case
            when
                (commitments.meter = 'ptu_hour' and commitments.applies_to = 'organisation')
                or (commitments.meter = 'model_unit_hour' and commitments.applies_to in ('account', 'organisation'))
                then {{ wide_pool(
                    'commitments.meter', 'commitments.account_id', 'commitments.scope', 'commitments.region_id',
                    'commitments.price_model_id'
                ) }}
        end as wide_pool,
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
-- Over 3600 seconds that is the quantity itself.
committed_hours as (
    select
        x_org_slug,
        provider,
        commitment_id,
        commitment_number,
        narrow_pool,
        wide_pool,
        hour_start,
        from_second,
        to_second,
        case
            when to_second <= paid_seconds and to_second - from_second = 3600 then cast(quantity as {{ type_quantity() }})
            else
                {{ integer_to_quantity(
                    whole_quotient(
                        quantity_to_integer('quantity') ~ ' * ' ~ wide_integer('least(to_second, paid_seconds)'), wide_integer(3600)
                    )
                    ~ ' - '
                    ~ whole_quotient(
                        quantity_to_integer('quantity') ~ ' * ' ~ wide_integer('least(from_second, paid_seconds)'), wide_integer(3600)
                    )
                ) }}
        end as committed_quantity,
        case
            when to_second <= active_seconds and to_second - from_second = 3600 then cast(quantity as {{ type_quantity() }})
            else
                {{ integer_to_quantity(
                    whole_quotient(
                        quantity_to_integer('quantity') ~ ' * ' ~ wide_integer('least(to_second, active_seconds)'), wide_integer(3600)
                    )
                    ~ ' - '
                    ~ whole_quotient(
                        quantity_to_integer('quantity') ~ ' * ' ~ wide_integer('least(from_second, active_seconds)'), wide_integer(3600)
                    )
                ) }}
        end as usable_quantity
    from hours
),

-- A payment is spread evenly over the seconds that it pays for, in whole numbers of 10^-18: what had accrued at the end of the hour
-- less what had at its start, so that the hours add up to the payment.
spread_payments as (
    select
        committed_hours.commitment_number,
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
                case
                    when
                        committed_hours.to_second <= periods.period_seconds
                        and committed_hours.to_second - committed_hours.from_second = 3600
                        then cast(periods.paid_units as {{ type_quantity() }})
                    else
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
                end
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
        commitment_number,
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
    group by commitment_number, hour_start
),

final as (
    select
        committed_hours.x_org_slug,
        committed_hours.provider,
        committed_hours.commitment_id,
        committed_hours.commitment_number,
        committed_hours.narrow_pool,
        committed_hours.wide_pool,
        committed_hours.hour_start,
        committed_hours.committed_quantity,
        committed_hours.usable_quantity,
        hour_costs.cost_number,
        hour_costs.bought_quantity,
        hour_costs.billed_cost
    from committed_hours
    left join hour_costs
        on hour_costs.commitment_number = committed_hours.commitment_number
        and hour_costs.hour_start = committed_hours.hour_start
)

select * from final
