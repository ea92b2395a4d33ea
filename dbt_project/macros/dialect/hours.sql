{# The starts of the hours that [start, end) touches, as an array to unnest. #}
{% macro hours_touched(start, end) -%}
    {{ return(adapter.dispatch('hours_touched', 'genai_finops')(start, end)) }}
{%- endmacro %}

{% macro default__hours_touched(start, end) %}
    {{ exceptions.raise_compiler_error("hours_touched is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__hours_touched(start, end) -%} range(date_trunc('hour', {{ start }}), {{ end }}, interval 1 hour) {%- endmacro %}

{% macro bigquery__hours_touched(start, end) -%}
generate_timestamp_array(timestamp_trunc({{ start }}, hour), timestamp_sub({{ end }}, interval 1 microsecond), interval 1 hour)
{%- endmacro %}

{#
  `from a cross join` the elements of an array of the same row: BigQuery names the element, DuckDB a table with one column.
#}
{% macro unnested(array, element) -%}
    {{ return(adapter.dispatch('unnested', 'genai_finops')(array, element)) }}
{%- endmacro %}

{% macro default__unnested(array, element) %}
    {{ exceptions.raise_compiler_error("unnested is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__unnested(array, element) -%} unnest({{ array }}) as {{ element }}_elements ({{ element }}) {%- endmacro %}

{% macro bigquery__unnested(array, element) -%} unnest({{ array }}) as {{ element }} {%- endmacro %}

{# Whole numbers from 0 to below the end, as an array to unnest. #}
{% macro numbers_below(end) -%}
    {{ return(adapter.dispatch('numbers_below', 'genai_finops')(end)) }}
{%- endmacro %}

{% macro default__numbers_below(end) %}
    {{ exceptions.raise_compiler_error("numbers_below is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__numbers_below(end) -%} range({{ end }}) {%- endmacro %}

{% macro bigquery__numbers_below(end) -%} generate_array(0, {{ end }} - 1) {%- endmacro %}

{# A moment moved by calendar months, on the last day of a month that is too short. #}
{% macro add_months(moment, months) -%}
    {{ return(adapter.dispatch('add_months', 'genai_finops')(moment, months)) }}
{%- endmacro %}

{% macro default__add_months(moment, months) %}
    {{ exceptions.raise_compiler_error("add_months is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__add_months(moment, months) -%}
timezone('UTC', timezone('UTC', {{ moment }}) + to_months(cast({{ months }} as integer)))
{%- endmacro %}

{% macro bigquery__add_months(moment, months) -%}
timestamp(date_add(datetime({{ moment }}, 'UTC'), interval cast({{ months }} as int64) month), 'UTC')
{%- endmacro %}

{# An hour later. #}
{% macro next_hour(moment) -%}
    {{ return(adapter.dispatch('next_hour', 'genai_finops')(moment)) }}
{%- endmacro %}

{% macro default__next_hour(moment) %}
    {{ exceptions.raise_compiler_error("next_hour is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__next_hour(moment) -%} ({{ moment }} + interval 1 hour) {%- endmacro %}

{% macro bigquery__next_hour(moment) -%} timestamp_add({{ moment }}, interval 1 hour) {%- endmacro %}

{# Start of the hour of a moment. #}
{% macro hour_of(moment) -%}
    {{ return(adapter.dispatch('hour_of', 'genai_finops')(moment)) }}
{%- endmacro %}

{% macro default__hour_of(moment) %}
    {{ exceptions.raise_compiler_error("hour_of is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__hour_of(moment) -%} date_trunc('hour', {{ moment }}) {%- endmacro %}

{% macro bigquery__hour_of(moment) -%} timestamp_trunc({{ moment }}, hour) {%- endmacro %}

{# Whole seconds from one moment to a later one, as an integer. #}
{% macro seconds_between(start, end) -%}
    {{ return(adapter.dispatch('seconds_between', 'genai_finops')(start, end)) }}
{%- endmacro %}

{% macro default__seconds_between(start, end) %}
    {{ exceptions.raise_compiler_error("seconds_between is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__seconds_between(start, end) -%} ((epoch_us({{ end }}) - epoch_us({{ start }})) // 1000000) {%- endmacro %}

{% macro bigquery__seconds_between(start, end) -%} timestamp_diff({{ end }}, {{ start }}, second) {%- endmacro %}
