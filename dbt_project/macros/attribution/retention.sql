{#
  Deletes the events of all days before first_day (an ISO date) from the warehouse. The lake keeps them as their class of
  retention says, and a build of one of these days brings them back.

  Run with `dbt run-operation drop_usage_events --args '{first_day: ...}'`.
#}
{% macro drop_usage_events(first_day) %}
    {% set events = adapter.get_relation(database=target.database, schema=target.schema, identifier='genai_usage_events') %}
    {% if events is not none %}
        {% do run_query("delete from " ~ events ~ " where x_ingestion_date < " ~ date_literal(first_day)) %}
        {% do adapter.dispatch('end_operation', 'genai_finops')() %}
    {% endif %}
{% endmacro %}

{# An operation ends without one on engines that have transactions. #}
{% macro default__end_operation() %}
    {{ exceptions.raise_compiler_error("end_operation is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__end_operation() %}
    {% do adapter.commit() %}
{% endmacro %}

{% macro bigquery__end_operation() %}{% endmacro %}
