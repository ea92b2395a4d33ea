{{ config(**replaced_by_day('genai_cost_attribution_daily')) }}

{%- set consumer = ['tenant_id', 'user_id', 'task', 'conversation_id'] -%}
{%- set key = [
    'parts.usage_date', 'parts.flow', 'parts.provider', 'charges.sub_account_id', 'charges.model_id', 'parts.tenant_id', 'parts.user_id',
    'parts.task', 'parts.conversation_id', 'parts.allocation_method', 'parts.unattributed_reason', 'parts.currency',
    'charges.x_hierarchy_entity_id', 'parts.x_org_slug', 'parts.x_genai_provider', 'parts.x_genai_account_id', 'parts.x_ingestion_date'
] -%}

with parts as (
    select * from {{ ref('int_attribution__allocated_charges') }}
    where {{ in_window('x_ingestion_date') }}
),

charges as (
    select * from {{ ref('int_attribution__charges') }}
),

requests as (
    select
        charge_id,
        allocation_method,
        {{ consumer | join(',\n        ') }},
        requests
    from {{ ref('int_attribution__parts') }}
    where requests > 0
),

models as (
    select
        provider,
        model_id,
        max(model_name) as model_name,
        max(model_developer) as model_developer,
        max(model_family) as model_family
    from {{ ref('genai_costs_daily_unified') }}
    where model_id is not null and {{ in_window('x_ingestion_date') }}
    group by provider, model_id
),

added_up as (
    select
        {{ key | join(',\n        ') }},
        max(charges.x_hierarchy_entity_name) as x_hierarchy_entity_name,
        max(charges.x_hierarchy_level_code) as x_hierarchy_level_code,
        max(charges.x_hierarchy_path) as x_hierarchy_path,
        max(charges.x_hierarchy_path_names) as x_hierarchy_path_names,
        {%- for cost in ['list', 'contracted', 'effective', 'billed'] %}
        cast(sum(parts.{{ cost }}_cost) as {{ type_cost() }}) as {{ cost }}_cost,
        {%- endfor %}
        {%- for direction in ['Input', 'Output'] %}
        cast(sum(case when charges.token_direction = '{{ direction }}' then parts.effective_cost else {{ zero_cost() }} end) as {{ type_cost() }})
            as {{ direction | lower }}_cost,
        {%- endfor %}
        cast(sum(case when charges.token_direction is null then parts.effective_cost else {{ zero_cost() }} end) as {{ type_cost() }})
            as other_cost,
        {%- for direction in ['Input', 'Output'] %}
        cast(sum(case when charges.token_direction = '{{ direction }}' then parts.consumed_quantity else 0 end) as {{ type_quantity() }})
            as {{ direction | lower }}_tokens,
        {%- endfor %}
        cast(coalesce(sum(requests.requests), 0) as {{ type_of('int') }}) as requests,
        min(parts.evidence_coverage) as evidence_coverage
    from parts
    inner join charges on charges.charge_id = parts.charge_id
    left join requests
        on requests.charge_id = parts.charge_id
        and requests.allocation_method = parts.allocation_method
        {%- for column in consumer %}
        and requests.{{ column }} is not distinct from parts.{{ column }}
        {%- endfor %}
    group by {{ key | join(', ') }}
),

final as (
    select
        added_up.usage_date,
        added_up.flow,
        added_up.provider,
        added_up.sub_account_id,
        added_up.model_id,
        models.model_name,
        models.model_developer,
        models.model_family,
        {{ prefixed('added_up', consumer) }},
        added_up.allocation_method,
        added_up.unattributed_reason,
        added_up.allocation_method = 'logged_quantity' as is_measured,
        added_up.currency,
        added_up.list_cost,
        added_up.contracted_cost,
        added_up.effective_cost,
        added_up.billed_cost,
        added_up.input_cost,
        added_up.output_cost,
        added_up.other_cost,
        added_up.input_tokens,
        added_up.output_tokens,
        added_up.requests,
        added_up.evidence_coverage,
        added_up.x_hierarchy_entity_id,
        added_up.x_hierarchy_entity_name,
        added_up.x_hierarchy_level_code,
        added_up.x_hierarchy_path,
        added_up.x_hierarchy_path_names,
        added_up.x_org_slug,
        added_up.x_genai_provider,
        added_up.x_genai_account_id,
        added_up.x_ingestion_date
    from added_up
    left join models
        on models.provider = added_up.provider
        and models.model_id = added_up.model_id
)

select * from final
