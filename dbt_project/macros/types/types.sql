{# Rendered from genai_finops/schemas by `make schemas`. Change the tables there, not this file. #}
{#
  How a logical type is spelled. Never write a bare numeric: DuckDB takes it for decimal(18,3), and dbt's own
  type_numeric() is numeric(28,6) there, which turns 0.0000000375 into 0. BigQuery's NUMERIC ends at 9 decimals.
#}
{% macro type_of(name) -%}
    {{ return(adapter.dispatch('type_of', 'genai_finops')(name)) }}
{%- endmacro %}

{% macro default__type_of(name) %}
    {{ exceptions.raise_compiler_error("type_of is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__type_of(name) %}
    {% set types = {
    "string": "varchar",
    "int": "bigint",
    "bool": "boolean",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "json": "varchar",
    "quantity": "decimal(26,6)",
    "rate": "decimal(24,12)",
    "cost": "decimal(38,18)",
    "ratio": "decimal(18,9)"
} %}
    {{ return(types[name]) }}
{% endmacro %}

{# The var bigquery_types overrides spellings for an emulator that lacks a type. #}
{% macro bigquery__type_of(name) %}
    {% set types = {
    "string": "string",
    "int": "int64",
    "bool": "bool",
    "date": "date",
    "timestamp": "timestamp",
    "json": "string",
    "quantity": "numeric(26,6)",
    "rate": "bignumeric(24,12)",
    "cost": "bignumeric(38,18)",
    "ratio": "numeric(18,9)"
} %}
    {{ return(var('bigquery_types', {}).get(name, types[name])) }}
{% endmacro %}

{% macro type_quantity() -%} {{ type_of('quantity') }} {%- endmacro %}

{% macro type_rate() -%} {{ type_of('rate') }} {%- endmacro %}

{% macro type_cost() -%} {{ type_of('cost') }} {%- endmacro %}

{% macro type_ratio() -%} {{ type_of('ratio') }} {%- endmacro %}
