{{ config(materialized='table') }}

{#- What a load is of. -#}
{%- set key = ['x_org_slug', 'provider', 'x_genai_account_id', 'meter', 'model_id', 'region_id', 'scope'] -%}
{%- set null_string = 'cast(null as ' ~ type_string() ~ ')' -%}

with loads as (
    select * from {{ ref('int_commitment__hourly_load') }}
),

usage as (
    select * from {{ ref('genai_usage_daily_unified') }}
),

commitments as (
    select * from {{ ref('int_commitment__priced_commitments') }}
),

hourly as (
    select * from {{ ref('int_commitment__hourly_coverage') }}
    where charge_category = 'Usage'
),

last_days as (
    select
        {{ add_days('max(usage_date)', -29) }} as window_day,
        max(usage_date) as last_day
    from usage
),

-- The window of an organisation that is younger than 30 days begins with its first usage.
windows as (
    select
        usage.x_org_slug,
        usage.provider,
        greatest(min(usage.usage_date), max(last_days.window_day)) as first_day,
        max(last_days.last_day) as last_day
    from usage
    cross join last_days
    group by usage.x_org_slug, usage.provider
),

-- As the evidence names the model.
spellings as (
    select
        x_org_slug,
        provider,
        x_genai_account_id,
        model_id,
        string_agg(distinct {{ quoted('provider_model_id') }}, ', ' order by {{ quoted('provider_model_id') }}) as model_spellings
    from usage
    where model_id is not null and provider_model_id is not null
    group by x_org_slug, provider, x_genai_account_id, model_id
),

measured_windows as (
    select
        *,
        cast({{ seconds_between(utc_midnight('first_day'), utc_midnight(add_days('last_day', 1))) }} as {{ type_quantity() }}) / 86400 as days
    from windows
    where first_day <= last_day
),

-- What there is now: capacity in the last hour of the account that has any; of orders the units that are in force.
last_hours as (
    select
        hourly.x_org_slug,
        hourly.provider,
        max(hourly.hour_start) as last_hour
    from hourly
    group by hourly.x_org_slug, hourly.provider
),

current_capacity as (
    select
        {%- for column in key %}
        hourly.{{ column }},
        {%- endfor %}
        sum(hourly.quantity) as current_units,
        sum(case when hourly.commitment_status = 'Used' then hourly.quantity else 0 end) as committed_units,
        sum(case when hourly.commitment_status = 'Used' then hourly.effective_cost end) * 720 as committed_cost
    from hourly
    inner join last_hours
        on last_hours.x_org_slug = hourly.x_org_slug
        and last_hours.provider = hourly.provider
        and last_hours.last_hour = hourly.hour_start
    where coalesce(hourly.commitment_status, 'none') != 'Unused' and hourly.meter in ('ptu_hour', 'model_unit_hour')
    group by
        {%- for column in key if column != 'scope' %}
        hourly.{{ column }},
        {%- endfor %}
        hourly.scope
    union all
    select
        commitments.x_org_slug,
        commitments.provider,
        commitments.account_id,
        commitments.meter,
        commitments.model_id,
        commitments.region_id,
        commitments.scope,
        sum(commitments.quantity) as current_units,
        sum(commitments.quantity) as committed_units,
        sum(commitments.quantity * commitments.contracted_hour_price) * 720 as committed_cost
    from commitments
    cross join last_days
    where
        commitments.meter in ('gsu_hour', 'throughput_unit_hour')
        and commitments.starts_at < {{ utc_midnight(add_days('last_days.last_day', 1)) }}
        and commitments.active_until >= {{ utc_midnight(add_days('last_days.last_day', 1)) }}
    group by
        commitments.x_org_slug, commitments.provider, commitments.account_id, commitments.meter, commitments.model_id,
        commitments.region_id, commitments.scope
),

measured as (
    select
        {{ key | join(',\n        ') }},
        max(minimum_units) as minimum_units,
        max(unit_step) as unit_step,
        max(load_units) as peak_load_units,
        sum(load_units) as load_unit_hours,
        min(case when is_hourly then 1 else 0 end) = 1 as is_hourly,
        case when count(*) = count(list_value) then sum(list_value) end as list_value,
        case when count(*) = count(paid_value) then sum(paid_value) end as paid_value
    from loads
    group by {{ key | join(', ') }}
),

keys as (
    select {{ key | join(', ') }} from measured
    union distinct
    select {{ key | join(', ') }} from current_capacity
),

-- Models that reserved capacity served in the window: where no load is known of one, its tokens cannot be weighed, and nothing can be
-- said of its capacity.
served_models as (
    select distinct
        usage.x_org_slug,
        usage.provider,
        usage.x_genai_account_id,
        usage.model_id,
        usage.region_id
    from usage
    inner join last_days on last_days.window_day <= usage.usage_date
    inner join {{ source('reference', 'genai_meters') }} as meters
        on meters.meter = usage.meter
        and meters.kind = 'tokens'
    where usage.service_tier = 'committed' and usage.quantity > 0
),

places as (
    select
        {%- for column in key %}
        keys.{{ column }},
        {%- endfor %}
        measured.minimum_units,
        measured.unit_step,
        coalesce(measured.peak_load_units, 0) as peak_load_units,
        coalesce(measured.load_unit_hours, 0) as load_unit_hours,
        coalesce(measured.is_hourly, true) as is_hourly,
        case when measured.provider is null then 0 else measured.list_value end as list_value,
        case when measured.provider is null then 0 else measured.paid_value end as paid_value,
        coalesce(current_capacity.current_units, 0) as current_units,
        coalesce(current_capacity.committed_units, 0) as committed_units,
        current_capacity.committed_cost,
        measured_windows.first_day,
        measured_windows.last_day,
        measured_windows.days
    from keys
    left join measured on {{ same_load('measured', 'keys') }}
    left join current_capacity on {{ same_load('current_capacity', 'keys') }}
    inner join measured_windows
        on measured_windows.x_org_slug = keys.x_org_slug
        and measured_windows.provider = keys.provider
    left join served_models
        on served_models.x_org_slug = keys.x_org_slug
        and served_models.provider = keys.provider
        and served_models.x_genai_account_id = keys.x_genai_account_id
        and served_models.model_id is not distinct from keys.model_id
        and served_models.region_id is not distinct from keys.region_id
    where measured.provider is not null or served_models.provider is null
),

-- Nothing, what there is now, and from the least that can be bought in steps to the first that serves the highest hour; at most a
-- hundred of them, in larger steps where there would be more.
steps as (
    select
        places.*,
        step_number,
        greatest(1, ceil((peak_load_units - minimum_units) / (unit_step * 100))) * unit_step as wide_step
    from places
    cross join {{ unnested(numbers_below(102), 'step_number') }}
    where minimum_units is not null
),

candidates as (
    select
        {{ key | join(',\n        ') }},
        cast(minimum_units + step_number * wide_step as {{ type_quantity() }}) as units
    from steps
    where step_number = 0 or minimum_units + (step_number - 1) * wide_step < peak_load_units
    union distinct
    select
        {{ key | join(',\n        ') }},
        cast(0 as {{ type_quantity() }}) as units
    from places
    union distinct
    select
        {{ key | join(',\n        ') }},
        cast(current_units as {{ type_quantity() }}) as units
    from places
),

-- Pay-as-you-go cost of what each candidate would serve of each hour.
served as (
    select
        {%- for column in key %}
        candidates.{{ column }},
        {%- endfor %}
        candidates.units,
        coalesce(sum({{ rounded_quotient(
            'loads.list_value * least(loads.load_units, candidates.units)', 'loads.load_units', 'rate'
        ) }}), 0) as list_value,
        coalesce(sum({{ rounded_quotient(
            'loads.paid_value * least(loads.load_units, candidates.units)', 'loads.load_units', 'rate'
        ) }}), 0) as paid_value
    from candidates
    left join loads on {{ same_load('loads', 'candidates') }}
    group by
        {%- for column in key %}
        candidates.{{ column }},
        {%- endfor %}
        candidates.units
),

-- A month is the twelfth part of a year of 365 days.
prices as (
    select
        prices.*,
        case
            when prices.price_period = 'hour' then cast(prices.unit_price * 720 as {{ type_rate() }})
            when prices.price_period = 'month' then {{ rounded_quotient('prices.unit_price * 360', '365', 'rate') }}
            when prices.term = 'P1W' then {{ rounded_quotient('prices.unit_price * 30', '7', 'rate') }}
            else {{ rounded_quotient('prices.unit_price * 360', '365 * ' ~ term_months('prices.term'), 'rate') }}
        end as price_of_window
    from {{ ref('genai_commitment_pricing') }} as prices
    cross join last_days
    where
        prices.purchase_option in ('on_demand', 'commitment')
        and prices.valid_from <= last_days.last_day
        and last_days.last_day < coalesce(prices.valid_to, {{ end_of_time() }})
),

-- The closest price counts, then the cheapest way of paying.
fitting as (
    select
        {%- for column in key %}
        places.{{ column }},
        {%- endfor %}
        prices.term,
        prices.payment,
        prices.currency,
        prices.price_of_window,
        prices.x_org_slug is null as is_list
    from places
    inner join prices
        on prices.provider = places.provider
        and prices.meter = places.meter
        and (prices.scope is null or prices.scope = places.scope)
        and (prices.region_id is null or prices.region_id = places.region_id)
        and (prices.model_id is null or prices.model_id = places.model_id)
        and (prices.x_org_slug is null or prices.x_org_slug = places.x_org_slug)
        and (prices.x_genai_account_id is null or prices.x_genai_account_id = places.x_genai_account_id)
    where true
    qualify row_number() over (
        partition by
            {%- for column in key %}
            places.{{ column }},
            {%- endfor %}
            prices.term,
            prices.x_org_slug is null
        order by
            case when prices.x_genai_account_id is null then 1 else 0 end,
            case when prices.region_id is null then 1 else 0 end,
            case when prices.model_id is null then 1 else 0 end,
            case when prices.scope is null then 1 else 0 end,
            prices.price_of_window,
            prices.pricing_id
    ) = 1
),

terms as (
    select
        {{ key | join(',\n        ') }},
        term,
        coalesce(max(case when not is_list then payment end), max(payment)) as payment,
        max(currency) as currency,
        max(case when is_list then price_of_window end) as list_price,
        coalesce(max(case when not is_list then price_of_window end), max(case when is_list then price_of_window end)) as paid_price
    from fitting
    group by {{ key | join(', ') }}, term
),

-- What the load would cost with each candidate in 30 days, and what it costs with what there is now: capacity that no commitment
-- pays for costs the hourly price, committed one what its commitment costs.
options as (
    select
        {%- for column in key %}
        places.{{ column }},
        {%- endfor %}
        terms.term,
        terms.payment,
        terms.currency,
        served.units,
        served.units = places.current_units as is_current,
        terms.list_price * served.units as capacity_list_cost,
        terms.paid_price * served.units as capacity_paid_cost,
        (places.list_value - served.list_value) * 30 / places.days as list_rest,
        (places.paid_value - served.paid_value) * 30 / places.days as paid_rest,
        coalesce(places.committed_cost, terms.list_price * places.committed_units)
        + coalesce(by_hour.list_price, terms.list_price) * (places.current_units - places.committed_units) as current_list_cost,
        coalesce(places.committed_cost, terms.paid_price * places.committed_units)
        + coalesce(by_hour.paid_price, terms.paid_price) * (places.current_units - places.committed_units) as current_paid_cost
    from places
    inner join terms on {{ same_load('terms', 'places') }}
    left join terms as by_hour on by_hour.term is null and {{ same_load('by_hour', 'places') }}
    inner join served on {{ same_load('served', 'places') }}
),

now as (
    select
        {{ key | join(',\n        ') }},
        term,
        max(current_list_cost) as capacity_list_cost,
        max(current_paid_cost) as capacity_paid_cost,
        max(current_list_cost + list_rest) as list_cost,
        max(current_paid_cost + paid_rest) as paid_cost
    from options
    where is_current
    group by {{ key | join(', ') }}, term
),

cheapest as (
    select
        *,
        capacity_list_cost + list_rest as list_cost,
        capacity_paid_cost + paid_rest as paid_cost
    from options
    where true
    qualify row_number() over (
        partition by {{ key | join(', ') }}, term
        order by capacity_paid_cost + paid_rest nulls last, units
    ) = 1
),

-- What saves nothing, and what nobody knows the saving of, is no reason to change.
best as (
    select
        cheapest.*,
        coalesce(cheapest.paid_cost < now.paid_cost, false) as is_better,
        now.capacity_list_cost as current_list_cost_of_term,
        now.capacity_paid_cost as current_paid_cost_of_term,
        now.list_cost - cheapest.list_cost as list_saving,
        now.paid_cost - cheapest.paid_cost as paid_saving
    from cheapest
    inner join now on {{ same_load('now', 'cheapest') }} and now.term is not distinct from cheapest.term
),

of_loads as (
    select
        {%- for column in key %}
        places.{{ column }},
        {%- endfor %}
        {{ null_string }} as commitment_id,
        best.term,
        best.payment,
        case when best.is_better then best.units else places.current_units end as recommended_units,
        places.current_units,
        places.committed_units,
        places.peak_load_units,
        {{ rounded_quotient('places.load_unit_hours', 'places.days * 24', 'ratio') }} as mean_load_units,
        places.list_value * 30 / places.days as payg_list_cost,
        places.paid_value * 30 / places.days as payg_contracted_cost,
        case when best.is_better then best.capacity_list_cost else best.current_list_cost_of_term end as capacity_list_cost,
        case when best.is_better then best.capacity_paid_cost else best.current_paid_cost_of_term end as capacity_paid_cost,
        case when best.is_better or best.list_saving is null then best.list_saving else 0 end as list_saving,
        case when best.is_better or best.paid_saving is null then best.paid_saving else 0 end as contracted_saving,
        best.currency,
        places.first_day,
        places.last_day,
        places.days,
        places.is_hourly
    from places
    inner join best on {{ same_load('best', 'places') }}
),

-- What was idle of a commitment in every full hour of it.
idle_hours as (
    select
        utilization.x_org_slug,
        utilization.provider,
        utilization.commitment_id,
        min(utilization.unused_quantity) as idle_units
    from {{ ref('genai_commitment_utilization_hourly') }} as utilization
    inner join commitments
        on commitments.x_org_slug = utilization.x_org_slug
        and commitments.provider = utilization.provider
        and commitments.commitment_id = utilization.commitment_id
        and commitments.quantity = utilization.committed_quantity
    cross join last_days
    where
        utilization.x_ingestion_date >= last_days.window_day
        and commitments.active_until >= {{ utc_midnight(add_days('last_days.last_day', 1)) }}
    group by utilization.x_org_slug, utilization.provider, utilization.commitment_id
),

idle_costs as (
    select
        costs.x_org_slug,
        costs.provider,
        costs.commitment_id,
        min(costs.usage_date) as first_day,
        case when count(*) = count(costs.effective_cost) then sum(costs.effective_cost) end as effective_cost,
        sum(costs.quantity) as quantity
    from {{ ref('genai_commitment_costs_daily') }} as costs
    inner join last_days on last_days.window_day <= costs.usage_date
    where costs.commitment_status = 'Unused'
    group by costs.x_org_slug, costs.provider, costs.commitment_id
),

of_idle as (
    select
        commitments.x_org_slug,
        commitments.provider,
        commitments.account_id,
        commitments.meter,
        commitments.model_id,
        commitments.region_id,
        commitments.scope,
        commitments.commitment_id,
        commitments.term,
        commitments.payment,
        commitments.quantity - idle_hours.idle_units as recommended_units,
        commitments.quantity as current_units,
        commitments.quantity as committed_units,
        commitments.quantity - idle_hours.idle_units as peak_load_units,
        commitments.quantity - idle_hours.idle_units as mean_load_units,
        cast(null as {{ type_cost() }}) as payg_list_cost,
        cast(null as {{ type_cost() }}) as payg_contracted_cost,
        cast(null as {{ type_cost() }}) as capacity_list_cost,
        cast(null as {{ type_cost() }}) as capacity_paid_cost,
        commitments.list_hour_price * idle_hours.idle_units * 720 as list_saving,
        {{ rounded_quotient('idle_costs.effective_cost * idle_hours.idle_units * 720', 'idle_costs.quantity', 'rate') }} as contracted_saving,
        commitments.currency,
        idle_costs.first_day,
        last_days.last_day,
        cast({{ seconds_between(utc_midnight('idle_costs.first_day'), utc_midnight(add_days('last_days.last_day', 1))) }} as {{ type_quantity() }})
        / 86400 as days,
        true as is_hourly
    from idle_hours
    inner join commitments
        on commitments.x_org_slug = idle_hours.x_org_slug
        and commitments.provider = idle_hours.provider
        and commitments.commitment_id = idle_hours.commitment_id
    inner join idle_costs
        on idle_costs.x_org_slug = idle_hours.x_org_slug
        and idle_costs.provider = idle_hours.provider
        and idle_costs.commitment_id = idle_hours.commitment_id
    cross join last_days
    where idle_hours.idle_units > 0
),

rows_of_both as (
    select * from of_loads
    union all
    select * from of_idle
),

advice as (
    select
        rows_of_both.*,
        spellings.model_spellings
    from rows_of_both
    left join spellings
        on spellings.x_org_slug = rows_of_both.x_org_slug
        and spellings.provider = rows_of_both.provider
        and spellings.x_genai_account_id = rows_of_both.x_genai_account_id
        and spellings.model_id = rows_of_both.model_id
),

final as (
    select
        x_org_slug,
        provider,
        x_genai_account_id,
        meter,
        model_id,
        region_id,
        scope,
        commitment_id,
        term,
        payment,
        case
            when recommended_units > current_units then 'buy'
            when recommended_units < current_units then 'release'
            when current_units > 0 then 'keep'
            else 'none'
        end as action,
        cast(abs(recommended_units - current_units) as {{ type_quantity() }}) as action_units,
        cast(recommended_units as {{ type_quantity() }}) as recommended_units,
        cast(current_units as {{ type_quantity() }}) as current_units,
        cast(committed_units as {{ type_quantity() }}) as committed_units,
        cast(peak_load_units as {{ type_quantity() }}) as peak_load_units,
        cast(mean_load_units as {{ type_quantity() }}) as mean_load_units,
        cast(payg_list_cost as {{ type_cost() }}) as payg_list_cost,
        cast(payg_contracted_cost as {{ type_cost() }}) as payg_contracted_cost,
        cast(capacity_list_cost as {{ type_cost() }}) as capacity_list_cost,
        cast(capacity_paid_cost as {{ type_cost() }}) as capacity_contracted_cost,
        cast(list_saving as {{ type_cost() }}) as list_saving,
        cast(contracted_saving as {{ type_cost() }}) as contracted_saving,
        currency,
        first_day,
        last_day,
        case
            when is_hourly and days >= 14 then 'high'
            when is_hourly and days >= 7 then 'medium'
            else 'low'
        end as confidence,
        {{ evidence_query('advice') }} as evidence_query
    from advice
)

select * from final
