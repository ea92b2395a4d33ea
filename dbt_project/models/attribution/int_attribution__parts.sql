{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{#- One row per charge, method and consumer, and one for the rest of a charge that nobody is named for: whole units that add up to the charge's. -#}
{%- set consumer = ['tenant_id', 'user_id', 'task', 'conversation_id'] -%}
{%- set null_string = 'cast(null as ' ~ type_string() ~ ')' -%}

with charges as (
    select * from {{ ref('int_attribution__charges') }}
),

rules as (
    select * from {{ source('reference', 'genai_attribution_rules') }}
),

logged_parts as (
    {%- for step in ['usage', 'capacity', 'cost'] %}
    select
        charge_id,
        allocation_method,
        {{ consumer | join(',\n        ') }},
        units,
        events,
        requests
    from {{ ref('int_attribution__' ~ step ~ '_parts') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

logged_units as (
    select
        charge_id,
        {{ wide_integer('sum(units)') }} as units
    from logged_parts
    group by charge_id
),

rests as (
    select
        charges.*,
        charges.x_genai_account_id as account_id,
        charges.units - coalesce(logged_units.units, 0) as rest_units,
        coalesce(logged_units.units, 0) > 0 as is_logged
    from charges
    left join logged_units on logged_units.charge_id = charges.charge_id
    -- A charge without quantity is still a charge: its one part is the rest.
    where charges.units > coalesce(logged_units.units, 0) or charges.units = 0
),

-- What the logs of the day know at all, to say why somebody is not named.
{%- for name, column in [('account', 'x_genai_account_id'), ('resource', 'resource_id'), ('key', 'api_key_id'), ('model', 'model_id')] %}
logged_{{ name }}s as (
    select distinct usage_date, x_org_slug, provider, {{ column }}{{ ', x_genai_account_id' if name == 'model' }}
    from {{ ref('int_attribution__evidence') }}
    where {{ column }} is not null
),
{% endfor %}
keyed_accounts as (
    select
        usage_date,
        x_org_slug,
        provider,
        x_genai_account_id,
        count(case when resource_id is null then 1 end) = 0 as always_names_resource,
        count(case when api_key_id is null then 1 end) = 0 as always_names_key
    from {{ ref('int_attribution__evidence') }}
    group by usage_date, x_org_slug, provider, x_genai_account_id
),

-- Deployments that served anything, of accounts whose provider measures what reserved capacity serves.
served_resources as (
    select distinct
        usage.usage_date,
        usage.x_org_slug,
        usage.provider,
        usage.x_genai_account_id,
        usage.resource_id
    from {{ ref('genai_commitment_usage_raw') }} as usage
    inner join {{ source('reference', 'genai_meters') }} as meters on meters.meter = usage.meter
    where meters.kind = 'tokens' and usage.quantity > 0 and usage.resource_id is not null and {{ in_window('usage.x_ingestion_date') }}
),

measured_accounts as (
    select distinct usage_date, x_org_slug, provider, x_genai_account_id
    from served_resources
),

explained as (
    select
        rests.charge_id,
        rests.rest_units,
        rests.kind,
        {{ ruled_value('tenant') }} as tenant_value,
        {{ ruled_value('user') }} as user_value,
        {{ ruled_value('task') }} as task_value,
        case
            when rests.kind = 'purchase' then 'purchase'
            when rests.kind = 'idle' then 'idle_capacity'
            when
                rests.kind = 'capacity' and rests.resource_id is not null
                and measured_accounts.x_genai_account_id is not null and served_resources.resource_id is null
                then 'idle_capacity'
            when rests.is_logged then 'incomplete_log'
            when logged_accounts.x_genai_account_id is null then 'no_log_of_account'
            when rests.resource_id is not null and logged_resources.resource_id is null and coalesce(keyed_accounts.always_names_resource, false)
                then 'no_log_of_resource'
            when rests.api_key_id is not null and logged_keys.api_key_id is null and coalesce(keyed_accounts.always_names_key, false)
                then 'no_log_of_key'
            when rests.model_id is not null and logged_models.model_id is null then 'no_log_of_model'
            when rests.resource_id is not null and logged_resources.resource_id is null then 'no_log_of_resource'
            when rests.api_key_id is not null and logged_keys.api_key_id is null then 'no_log_of_key'
            else 'no_log_of_meter'
        end as reason
    from rests
    left join measured_accounts
        on {{ equal_columns('measured_accounts', 'rests', ['usage_date', 'x_org_slug', 'provider', 'x_genai_account_id']) }}
    left join served_resources
        on {{ equal_columns('served_resources', 'rests', ['usage_date', 'x_org_slug', 'provider', 'x_genai_account_id', 'resource_id']) }}
    left join logged_accounts
        on logged_accounts.usage_date = rests.usage_date
        and logged_accounts.x_org_slug = rests.x_org_slug
        and logged_accounts.provider = rests.provider
        and logged_accounts.x_genai_account_id = rests.x_genai_account_id
    left join keyed_accounts
        on keyed_accounts.usage_date = rests.usage_date
        and keyed_accounts.x_org_slug = rests.x_org_slug
        and keyed_accounts.provider = rests.provider
        and keyed_accounts.x_genai_account_id = rests.x_genai_account_id
    left join logged_resources
        on logged_resources.usage_date = rests.usage_date
        and logged_resources.x_org_slug = rests.x_org_slug
        and logged_resources.provider = rests.provider
        and logged_resources.resource_id = rests.resource_id
    left join logged_keys
        on logged_keys.usage_date = rests.usage_date
        and logged_keys.x_org_slug = rests.x_org_slug
        and logged_keys.provider = rests.provider
        and logged_keys.api_key_id = rests.api_key_id
    left join logged_models
        on logged_models.usage_date = rests.usage_date
        and logged_models.x_org_slug = rests.x_org_slug
        and logged_models.provider = rests.provider
        and logged_models.x_genai_account_id = rests.x_genai_account_id
        and logged_models.model_id = rests.model_id
    -- Idle capacity and payments stay with the owner in the hierarchy.
    {{- rule_joins('rests', 'rules', "rests.kind not in ('idle', 'purchase')") }}
),

rest_parts as (
    select
        charge_id,
        case when tenant_value is null and user_value is null and task_value is null then 'unattributed' else 'mapping_rule' end
            as allocation_method,
        case when tenant_value is null and user_value is null and task_value is null then reason end as unattributed_reason,
        tenant_value as tenant_id,
        user_value as user_id,
        task_value as task,
        {{ null_string }} as conversation_id,
        rest_units as units,
        0 as events,
        0 as requests
    from explained
),

final as (
    select
        charge_id,
        allocation_method,
        {{ null_string }} as unattributed_reason,
        {{ consumer | join(',\n        ') }},
        units,
        events,
        requests
    from logged_parts
    where units > 0
    union all
    select * from rest_parts
)

select * from final
