{#
  Configuration of a table that is replaced day by day.

  With a window (vars min_date, max_date) the days of the window are replaced, and no other day is touched:
    DuckDB    deletes the window and appends, in one transaction (a failing insert rolls the delete back). delete+insert
              with a unique key would delete only the days that the new rows have, so an emptied day would keep its rows.
    BigQuery  overwrites the listed partitions with one MERGE; a listed partition without new rows becomes empty. Dynamic
              partitions would leave it as it was.
  Without a window the table is built anew and swapped, which is also how a changed contract is applied.

  No model calls is_incremental(): it asks the warehouse, and then BigQuery cannot be compiled offline.
#}
{% macro replaced_by_day(table) %}
    {{ return(adapter.dispatch('replaced_by_day', 'genai_finops')(table)) }}
{% endmacro %}

{% macro default__replaced_by_day(table) %}
    {{ exceptions.raise_compiler_error("replaced_by_day is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__replaced_by_day(table) %}
    {% if not has_window() %}
        {{ return({'materialized': 'table'}) }}
    {% endif %}
    {% set hook = "{{ delete_window('" ~ table_layout(table)['partition_by'] ~ "') }}" %}
    {{ return({'materialized': 'incremental', 'incremental_strategy': 'append', 'pre_hook': [hook]}) }}
{% endmacro %}

{% macro bigquery__replaced_by_day(table) %}
    {% set layout = table_layout(table) %}
    {% set settings = {
        'materialized': 'table',
        'partition_by': {'field': layout['partition_by'], 'data_type': 'date', 'granularity': 'day'},
        'cluster_by': layout['cluster_by'],
    } %}
    {% if has_window() %}
        {% do settings.update({
            'materialized': 'incremental',
            'incremental_strategy': 'insert_overwrite',
            'partitions': window_partitions(),
        }) %}
    {% endif %}
    {{ return(settings) }}
{% endmacro %}

{# Rendered when the hook runs, not when the project is parsed: a kept manifest follows the window of each run. #}
{% macro delete_window(column) %}
    {% if execute and has_window() and not should_full_refresh() and load_relation(this) is not none %}
        delete from {{ this }} where {{ in_window(column) }}
    {% endif %}
{% endmacro %}
