{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{#-
  One row per charge that no log counts (tools, storage) and consumer: in proportion to what the consumers cost whom the logs name for the same
  deployment, key, sub-account or account, of the same model where it has any.
-#}
{%- set scopes = [
    ('resource', 'resource_id'), ('api_key', 'api_key_id'), ('sub_account', 'sub_account_id'), ('account', 'x_genai_account_id')
] -%}
{%- set consumer = ['tenant_id', 'user_id', 'task', 'conversation_id'] -%}

with charges as (
    select * from {{ ref('int_attribution__charges') }}
    where kind = 'usage' and units > 0
),

usage_parts as (
    select * from {{ ref('int_attribution__usage_parts') }}
),

matched as (
    select distinct charge_id from usage_parts
),

-- Tokens that no log counts are missing in the logs; what is no token is often just not written down.
followers as (
    select
        charges.*,
        case
            {%- for scope, column in scopes %}
            when charges.{{ column }} is not null then '{{ scope }}'
            {%- endfor %}
        end as scope,
        coalesce(charges.resource_id, charges.api_key_id, charges.sub_account_id, charges.x_genai_account_id) as scope_id
    from charges
    left join matched on matched.charge_id = charges.charge_id
    where matched.charge_id is null and charges.token_direction is null
),

follower_keys as (
    {%- for rank, model in [(1, 'model_id'), (2, "''")] %}
    select distinct
        charge_id,
        {{ rank }} as rank,
        {{ row_id(['usage_date', 'x_org_slug', 'provider', 'x_genai_account_id', 'scope', 'scope_id', model]) }} as follow_key
    from followers
    {%- if rank == 1 %}
    where model_id is not null
    union all
    {%- endif %}
    {%- endfor %}
),

leaders as (
    {%- for scope, column in scopes %}
    {%- set last_scope = loop.last %}
    {%- for model in ['model_id', "''"] %}
    select
        charge_id,
        {{ cost_to_integer('contracted_cost') }} as cost,
        units,
        {{ row_id(['usage_date', 'x_org_slug', 'provider', 'x_genai_account_id', "'" ~ scope ~ "'", column, model]) }} as follow_key
    from charges
    where token_direction is not null and {{ column }} is not null
    {%- if not (last_scope and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
),

wanted_keys as (
    select distinct follow_key from follower_keys
),

-- Token charges that are followed, whether the logs name anyone for them or not.
followed as (
    select leaders.*
    from leaders
    inner join wanted_keys on wanted_keys.follow_key = leaders.follow_key
    where leaders.cost > 0
),

followed_costs as (
    select
        follow_key,
        {{ wide_integer('sum(cost)') }} as cost
    from followed
    group by follow_key
),

consumer_costs as (
    select
        followed.follow_key,
        {{ prefixed('usage_parts', consumer) }},
        {{ wide_integer('sum(' ~ whole_quotient('followed.cost * usage_parts.units', 'followed.units') ~ ')') }} as cost,
        cast(sum(usage_parts.requests) as {{ type_of('int') }}) as requests
    from followed
    inner join usage_parts on usage_parts.charge_id = followed.charge_id
    group by followed.follow_key, {{ prefixed('usage_parts', consumer) }}
),

attributed_keys as (
    select distinct follow_key from consumer_costs
),

chosen_keys as (
    select follower_keys.*
    from follower_keys
    inner join attributed_keys on attributed_keys.follow_key = follower_keys.follow_key
    where true
    qualify row_number() over (partition by follower_keys.charge_id order by follower_keys.rank) = 1
),

positions as (
    select
        followers.charge_id,
        followers.units as charge_units,
        followed_costs.cost as followed_cost,
        {{ prefixed('consumers', consumer) }},
        consumers.cost,
        consumers.requests,
        {{ wide_integer('sum(consumers.cost) over (
            partition by followers.charge_id
            order by consumers.tenant_id, consumers.user_id, consumers.task, consumers.conversation_id
            rows between unbounded preceding and current row
        )') }} as cost_up_to
    from followers
    inner join chosen_keys on chosen_keys.charge_id = followers.charge_id
    inner join followed_costs on followed_costs.follow_key = chosen_keys.follow_key
    inner join consumer_costs as consumers on consumers.follow_key = chosen_keys.follow_key
),

final as (
    select
        charge_id,
        'shared_by_cost' as allocation_method,
        {{ consumer | join(',\n        ') }},
        {{ whole_quotient('charge_units * cost_up_to', 'followed_cost') }}
        - {{ whole_quotient('charge_units * (cost_up_to - cost)', 'followed_cost') }} as units,
        requests as events,
        0 as requests
    from positions
)

select * from final
where units > 0
