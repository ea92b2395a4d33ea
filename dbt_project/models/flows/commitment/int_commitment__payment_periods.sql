{{ config(materialized='table', contract={'enforced': false}) }}

with commitments as (
    select * from {{ ref('int_commitment__priced_commitments') }}
),

months as (
    select month_number
    from (select 1 as one) as once
    cross join {{ unnested(numbers_below(36), 'month_number') }}
),

one_time as (
    select
        commitments.*,
        'one_time' as component,
        0 as period_number,
        starts_at as period_start,
        ends_at as period_end,
        cast(case payment when 'partial_upfront' then upfront_share * quantity else quantity end as {{ type_quantity() }})
            as paid_units,
        case contracted_price_period when 'hour' then 'hour' else 'term' end as price_period
    from commitments
    where payment in ('upfront', 'partial_upfront')
),

-- Counted from the first day, so that a term from the 31st is paid on the last day of shorter months and on the 31st again. A term
-- of weeks is one period.
monthly as (
    select
        commitments.*,
        'monthly' as component,
        months.month_number as period_number,
        {{ add_months('commitments.starts_at', 'months.month_number') }} as period_start,
        case
            when commitments.months is null then commitments.ends_at
            else least({{ add_months('commitments.starts_at', 'months.month_number + 1') }}, commitments.ends_at)
        end as period_end,
        commitments.quantity as paid_units,
        case
            when commitments.contracted_price_period = 'hour' then 'hour'
            when commitments.months is null then 'term'
            else 'month'
        end as price_period
    from commitments
    cross join months
    where
        commitments.payment = 'monthly'
        and months.month_number < coalesce(commitments.months, 1)
        and {{ add_months('commitments.starts_at', 'months.month_number') }} < commitments.active_until
),

hourly as (
    select
        commitments.*,
        'hourly' as component,
        0 as period_number,
        starts_at as period_start,
        active_until as period_end,
        cast(case payment when 'partial_upfront' then quantity - upfront_share * quantity else quantity end as {{ type_quantity() }})
            as paid_units,
        'hour' as price_period
    from commitments
    where payment in ('hourly', 'partial_upfront')
),

components as (
    select * from one_time
    union all
    select * from monthly
    union all
    select * from hourly
),

measured as (
    select
        *,
        {{ seconds_between('period_start', 'period_end') }} as period_seconds,
        {{ integer_to_quantity(whole_quotient(
            quantity_to_integer('paid_units') ~ ' * ' ~ wide_integer(seconds_between('period_start', 'period_end')), wide_integer(3600)
        )) }} as unit_hours,
        {{ converted_price('list_unit_price', 'list_price_period', 'price_period', 'term_seconds', 'months') }} as list_price,
        {{ converted_price('contracted_unit_price', 'contracted_price_period', 'price_period', 'term_seconds', 'months') }}
            as contracted_price
    from components
),

final as (
    select
        x_org_slug,
        provider,
        commitment_id,
        component,
        period_number,
        period_start,
        period_end,
        period_seconds,
        paid_units,
        unit_hours,
        {{ payment_unit('consumed_unit', 'price_period', 'term') }} as pricing_unit,
        case price_period when 'hour' then unit_hours else paid_units end as pricing_quantity,
        list_price as list_unit_price,
        contracted_price as contracted_unit_price,
        cast(list_price * case price_period when 'hour' then unit_hours else paid_units end as {{ type_cost() }}) as list_cost,
        cast(contracted_price * case price_period when 'hour' then unit_hours else paid_units end as {{ type_cost() }})
            as contracted_cost
    from measured
)

select * from final
