{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{#- One row per charge of pay-as-you-go, method and consumer that the logs name, with its share of the charge. -#}
{%- set consumer = ['tenant_id', 'user_id', 'task', 'conversation_id'] -%}
{%- set scopes = ['resource', 'api_key', 'sub_account', 'account'] -%}

with matched as (
    {%- for scope in scopes %}
    select * from {{ ref('int_attribution__matched_by_' ~ scope) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

evidence as (
    select * from {{ ref('int_attribution__evidence') }}
),

matched_charges as (
    select
        id as charge_id,
        pool_key,
        level,
        units,
        pool_units,
        units = pool_units as is_measured,
        -- Requests are counted with one charge of the pool.
        row_number() over (partition by pool_key order by units desc, id asc) = 1 as counts_requests
    from matched
    where part = 'charge' and units > 0
),

pool_evidence as (
    select
        evidence.*,
        matched.pool_key
    from evidence
    inner join matched
        on matched.id = evidence.evidence_key
        and matched.part = 'evidence'
),

-- The logs count just what the one charge has of them: every event keeps its own quantity.
measured_parts as (
    select
        charges.charge_id,
        case when charges.level < 4 then 'logged_quantity' else 'shared_by_direction' end as allocation_method,
        {{ prefixed('evidence', consumer) }},
        evidence.units,
        evidence.events,
        case when charges.counts_requests then evidence.requests else 0 end as requests
    from pool_evidence as evidence
    inner join matched_charges as charges on charges.pool_key = evidence.pool_key
    where charges.is_measured
),

shared_evidence as (
    select
        charges.charge_id,
        charges.pool_key,
        charges.level,
        charges.units as charge_units,
        charges.pool_units,
        {{ prefixed('evidence', consumer) }},
        evidence.evidence_key,
        evidence.units as evidence_units,
        evidence.events,
        case when charges.counts_requests then evidence.requests else 0 end as requests
    from pool_evidence as evidence
    inner join matched_charges as charges on charges.pool_key = evidence.pool_key
    where not charges.is_measured
),

shared_positions as (
    select
        *,
        {{ wide_integer('sum(evidence_units) over (
            partition by charge_id, pool_key
            order by tenant_id, user_id, task, conversation_id, evidence_key
            rows between unbounded preceding and current row
        )') }} as units_up_to
    from shared_evidence
),

-- Whole units that add up to what the pool takes of the charge.
shared_parts as (
    select
        charge_id,
        case when level < 4 then 'shared_by_quantity' else 'shared_by_direction' end as allocation_method,
        {{ consumer | join(',\n        ') }},
        {{ whole_quotient('charge_units * units_up_to', 'pool_units') }}
        - {{ whole_quotient('charge_units * (units_up_to - evidence_units)', 'pool_units') }} as units,
        events,
        requests
    from shared_positions
),

parts as (
    select * from measured_parts
    union all
    select * from shared_parts
),

final as (
    select
        charge_id,
        allocation_method,
        {{ consumer | join(',\n        ') }},
        {{ wide_integer('sum(units)') }} as units,
        cast(sum(events) as {{ type_of('int') }}) as events,
        cast(sum(requests) as {{ type_of('int') }}) as requests
    from parts
    group by charge_id, allocation_method, {{ consumer | join(', ') }}
)

select * from final
