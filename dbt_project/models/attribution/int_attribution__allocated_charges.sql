{{ config(**replaced_by_day('int_attribution__allocated_charges')) }}

{%- set consumer = ['tenant_id', 'user_id', 'task', 'conversation_id'] -%}
{%- set contracted -%}
case
            when parts.units = charges.units then charges.contracted_cost
            else {{ exact_cost(integer_to_quantity('parts.units'), 'charges.contracted_unit_price') }}
        end
{%- endset -%}
{%- set ratio_part -%}
case
            when charges.units = 0 then {{ wide_integer('1000000000') }}
            else
                {{ whole_quotient(wide_integer('1000000000') ~ ' * parts.units_up_to', 'charges.units') }}
                - {{ whole_quotient(wide_integer('1000000000') ~ ' * (parts.units_up_to - parts.units)', 'charges.units') }}
        end
{%- endset %}

with charges as (
    select * from {{ ref('int_attribution__charges') }}
),

-- What equals the contracted cost, as all pay-as-you-go without allowances does, has a price and need not be divided.
amounts as (
    select
        charge_id,
        units as charge_units,
        {{ quantity_to_integer('consumed_quantity') }} as whole_consumed,
        {{ quantity_to_integer('commitment_quantity') }} as whole_commitment,
        case when effective_cost != contracted_cost then {{ cost_to_integer('effective_cost') }} end as whole_effective,
        case when billed_cost != contracted_cost then {{ cost_to_integer('billed_cost') }} end as whole_billed
    from charges
),

parts as (
    select
        *,
        row_number() over (
            partition by charge_id
            order by {{ consumer | join(', ') }}, allocation_method
        ) as position,
        {{ wide_integer('sum(units) over (
            partition by charge_id
            order by ' ~ consumer | join(', ') ~ ', allocation_method
            rows between unbounded preceding and current row
        )') }} as units_up_to
    from {{ ref('int_attribution__parts') }}
),

measured_parts as (
    select
        parts.*,
        amounts.charge_units,
        amounts.whole_consumed,
        amounts.whole_commitment,
        amounts.whole_effective,
        amounts.whole_billed
    from parts
    inner join amounts on amounts.charge_id = parts.charge_id
),

{{ divide_by_largest_remainder('measured_parts', ['consumed', 'commitment', 'effective', 'billed']) }},

logged as (
    {%- for scope in ['resource', 'api_key', 'sub_account', 'account'] %}
    select
        id as charge_id,
        logged_units
    from {{ ref('int_attribution__matched_by_' ~ scope) }}
    where part = 'charge'
    union all
    {%- endfor %}
    {%- for step in ['capacity', 'cost'] %}
    select
        charge_id,
        units as logged_units
    from {{ ref('int_attribution__' ~ step ~ '_parts') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

coverages as (
    select
        charges.charge_id,
        {{ rounded_quotient('sum(logged.logged_units)', 'max(charges.units)', 'ratio') }} as evidence_coverage
    from logged
    inner join charges on charges.charge_id = logged.charge_id
    group by charges.charge_id
),

final as (
    select
        charges.usage_date,
        charges.flow,
        charges.provider,
        charges.charge_id,
        charges.meter,
        {{ prefixed('parts', consumer) }},
        parts.allocation_method,
        parts.unattributed_reason,
        -- In billionths that add up to one.
        cast({{ integer_to_cost(wide_integer('1000000000') ~ ' * ' ~ ratio_part) }} as {{ type_ratio() }}) as allocated_ratio,
        {{ integer_to_quantity('parts.units') }} as pricing_quantity,
        {{ integer_to_quantity('parts.consumed_part') }} as consumed_quantity,
        {{ integer_to_quantity('parts.commitment_part') }} as commitment_quantity,
        charges.currency,
        case
            when parts.units = charges.units then charges.list_cost
            else {{ exact_cost(integer_to_quantity('parts.units'), 'charges.list_unit_price') }}
        end as list_cost,
        {{ contracted }} as contracted_cost,
        case when charges.effective_cost = charges.contracted_cost then {{ contracted }} else {{ integer_to_cost('parts.effective_part') }} end
            as effective_cost,
        case when charges.billed_cost = charges.contracted_cost then {{ contracted }} else {{ integer_to_cost('parts.billed_part') }} end
            as billed_cost,
        cast(parts.events as {{ type_of('int') }}) as evidence_events,
        cast(coalesce(coverages.evidence_coverage, 0) as {{ type_ratio() }}) as evidence_coverage,
        charges.x_org_slug,
        charges.x_genai_provider,
        charges.x_genai_account_id,
        charges.usage_date as x_ingestion_date
    from divided_parts as parts
    inner join charges on charges.charge_id = parts.charge_id
    left join coverages on coverages.charge_id = parts.charge_id
)

select * from final
