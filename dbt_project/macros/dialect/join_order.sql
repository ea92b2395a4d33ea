{#
  A step of few rows, to be joined to a table of many: the rows are the same.

  DuckDB multiplies estimates along the joins of a step and takes a few hundred rates for 10^13 rows. It then builds the hash
  table of the join over the usage, all columns of it, which is most of the time and memory of the whole model. Rows that come
  out of one list are estimated as one row. BigQuery measures the sides while it runs.
#}
{% macro few_rows(step) -%}
    {{ return(adapter.dispatch('few_rows', 'genai_finops')(step)) }}
{%- endmacro %}

{% macro default__few_rows(step) %}
    {{ exceptions.raise_compiler_error("few_rows is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__few_rows(step) -%}
(select unnest(all_rows, max_depth := 2) from (select list({{ step }}) as all_rows from {{ step }}))
{%- endmacro %}

{% macro bigquery__few_rows(step) -%} {{ step }} {%- endmacro %}
