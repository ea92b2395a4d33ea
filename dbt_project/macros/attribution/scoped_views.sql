{#
  Views of one organisation's or tenant's rows, and the register of whose they are; run as
  `genai-finops attribution views`, which gives the arguments. Names of organisations and tenants come as hexadecimal.

  views: [{name, table, org, tenant}], tenant none for the organisation; columns: {kind: {table: [name]}}, kind org or tenant;
  gone: [{schema, name}], views that are dropped; schema: where views are made; built_at: ISO moment.
#}
{% macro build_scoped_views(views, columns, gone, schema, built_at) %}
    {%- set register = api.Relation.create(database=target.database, schema=target.schema, identifier='genai_attribution_views') -%}
    {%- do run_query(scoped_view_register_ddl(register)) -%}
    {%- if schema != target.schema -%}
        {%- do adapter.create_schema(api.Relation.create(database=target.database, schema=schema)) -%}
    {%- endif -%}
    {#- Registered before they are made and until they are dropped, so that a run that breaks off leaves no view that nobody knows of. -#}
    {%- for some in views | batch(24) -%}
        {%- set statements = scoped_view_registration(register, some, schema, built_at) -%}
        {%- for view in some -%}
            {%- set relation = api.Relation.create(database=target.database, schema=schema, identifier=view.name) -%}
            {%- set source = api.Relation.create(database=target.database, schema=target.schema, identifier=view.table) -%}
            {%- do statements.append(scoped_view_ddl(relation, source, columns['org' if view.tenant is none else 'tenant'][view.table], view.org, view.tenant)) -%}
        {%- endfor -%}
        {%- do run_query(statements | join(';\n')) -%}
    {%- endfor -%}
    {%- for view in gone -%}
        {%- do run_query('drop view if exists ' ~ api.Relation.create(database=target.database, schema=view.schema, identifier=view.name)) -%}
        {%- do run_query(scoped_view_deregistration(register, [view.name], view.schema)) -%}
    {%- endfor -%}
{% endmacro %}

{# The statement that makes one view. Columns by name, so that a column that comes later is not shown by chance. #}
{% macro scoped_view_ddl(relation, source, columns, org, tenant) -%}
    create or replace view {{ relation }} as
    select
    {%- for column in columns %}
        {{ adapter.quote(column) }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ source }}
    where
        x_org_slug = {{ text_of_hex(org) }}
        {%- if tenant is not none %}
        and tenant_id = {{ text_of_hex(tenant) }}
        {%- endif %}
{%- endmacro %}

{% macro scoped_view_register_ddl(register) -%}
    create table if not exists {{ register }} (
        view_schema {{ type_of('string') }} not null,
        view_name {{ type_of('string') }} not null,
        source_table {{ type_of('string') }} not null,
        x_org_slug {{ type_of('string') }} not null,
        tenant_id {{ type_of('string') }},
        built_at {{ type_of('timestamp') }} not null
    )
{%- endmacro %}

{# Statements that put views into the register, in the place of what it had of them. #}
{% macro scoped_view_registration(register, views, schema, built_at) -%}
    {%- set rows = [] -%}
    {%- for view in views -%}
        {%- set tenant = 'cast(null as ' ~ type_of('string') ~ ')' if view.tenant is none else text_of_hex(view.tenant) -%}
        {%- do rows.append("('" ~ schema ~ "', '" ~ view.name ~ "', '" ~ view.table ~ "', " ~ text_of_hex(view.org) ~ ", " ~ tenant ~ ", " ~ utc_moment(built_at) ~ ")") -%}
    {%- endfor -%}
    {{ return([
        scoped_view_deregistration(register, views | map(attribute='name') | list, schema),
        'insert into ' ~ register ~ ' (view_schema, view_name, source_table, x_org_slug, tenant_id, built_at) values ' ~ rows | join(', '),
    ]) }}
{%- endmacro %}

{% macro scoped_view_deregistration(register, names, schema) -%}
    delete from {{ register }} where view_schema = '{{ schema }}' and view_name in ('{{ names | join("', '") }}')
{%- endmacro %}
