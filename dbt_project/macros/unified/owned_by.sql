{#
  Joins that find the hierarchy entity which owns a row on its day; the finest assignment wins: API key, sub-account, account.

  Validities of one scope id do not overlap (the control database refuses it, and a test looks), so no join multiplies rows.
#}
{% macro owner_joins(usage, assignments, entities) -%}
    {%- for scope, column in [('api_key', 'api_key_id'), ('sub_account', 'sub_account_id'), ('account', 'x_genai_account_id')] %}
    left join {{ assignments }} as {{ scope }}_owner
        on {{ scope }}_owner.scope = '{{ scope }}'
        and {{ scope }}_owner.x_org_slug = {{ usage }}.x_org_slug
        and {{ scope }}_owner.provider = {{ usage }}.provider
        and {{ scope }}_owner.scope_id = {{ usage }}.{{ column }}
        and {{ usage }}.usage_date >= {{ scope }}_owner.valid_from
        and {{ usage }}.usage_date < coalesce({{ scope }}_owner.valid_to, {{ end_of_time() }})
    {%- endfor %}
    left join {{ entities }} as owner_entity
        on owner_entity.x_org_slug = {{ usage }}.x_org_slug
        and owner_entity.entity_id = coalesce(api_key_owner.entity_id, sub_account_owner.entity_id, account_owner.entity_id)
{%- endmacro %}

{# The five hierarchy columns, from owner_entity of owner_joins. #}
{% macro owner_columns() -%}
owner_entity.entity_id as x_hierarchy_entity_id,
        owner_entity.entity_name as x_hierarchy_entity_name,
        owner_entity.level_code as x_hierarchy_level_code,
        owner_entity.path as x_hierarchy_path,
        owner_entity.path_names as x_hierarchy_path_names
{%- endmacro %}
