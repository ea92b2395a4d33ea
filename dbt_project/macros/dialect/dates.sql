{# A date literal; takes an ISO text or a date. Both engines read it alike. #}
{% macro date_literal(day) -%} date '{{ day | string }}' {%- endmacro %}

{# The last day that can be compared with: stands for an open end. #}
{% macro end_of_time() -%} date '9999-12-31' {%- endmacro %}

{# The first day that both engines can hold. #}
{% macro start_of_time() -%} date '0001-01-01' {%- endmacro %}

{# A date moved by whole days. BigQuery does not add numbers to dates with +, DuckDB does not know date_add(date, interval n day) as a date. #}
{% macro add_days(day, number) -%}
    {{ return(adapter.dispatch('add_days', 'genai_finops')(day, number)) }}
{%- endmacro %}

{% macro default__add_days(day, number) %}
    {{ exceptions.raise_compiler_error("add_days is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__add_days(day, number) -%} ({{ day }} + {{ number }}) {%- endmacro %}

{% macro bigquery__add_days(day, number) -%} date_add({{ day }}, interval {{ number }} day) {%- endmacro %}

{# First day of the month of a date, as a date. #}
{% macro month_start(day) -%}
    {{ return(adapter.dispatch('month_start', 'genai_finops')(day)) }}
{%- endmacro %}

{% macro default__month_start(day) %}
    {{ exceptions.raise_compiler_error("month_start is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__month_start(day) -%} cast(date_trunc('month', {{ day }}) as date) {%- endmacro %}

{% macro bigquery__month_start(day) -%} date_trunc({{ day }}, month) {%- endmacro %}

{# First day of the next month, as a date. #}
{% macro next_month_start(day) -%}
    {{ return(adapter.dispatch('next_month_start', 'genai_finops')(day)) }}
{%- endmacro %}

{% macro default__next_month_start(day) %}
    {{ exceptions.raise_compiler_error("next_month_start is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__next_month_start(day) -%} cast(date_trunc('month', {{ day }}) + interval 1 month as date) {%- endmacro %}

{% macro bigquery__next_month_start(day) -%} date_add(date_trunc({{ day }}, month), interval 1 month) {%- endmacro %}

{# UTC midnight of a date. A plain cast follows the session's time zone on DuckDB, and timezone() takes ten times as long as arithmetic. #}
{% macro utc_midnight(day) -%}
    {{ return(adapter.dispatch('utc_midnight', 'genai_finops')(day)) }}
{%- endmacro %}

{% macro default__utc_midnight(day) %}
    {{ exceptions.raise_compiler_error("utc_midnight is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__utc_midnight(day) -%} make_timestamptz(epoch_us({{ day }})) {%- endmacro %}

{% macro bigquery__utc_midnight(day) -%} timestamp({{ day }}, 'UTC') {%- endmacro %}

{# The UTC day of a timestamp. #}
{% macro utc_date(moment) -%}
    {{ return(adapter.dispatch('utc_date', 'genai_finops')(moment)) }}
{%- endmacro %}

{% macro default__utc_date(moment) %}
    {{ exceptions.raise_compiler_error("utc_date is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__utc_date(moment) -%} cast(timezone('UTC', {{ moment }}) as date) {%- endmacro %}

{% macro bigquery__utc_date(moment) -%} date({{ moment }}, 'UTC') {%- endmacro %}

{# A timestamp as 2026-10-01T00:00:00Z. #}
{% macro format_utc(moment) -%}
    {{ return(adapter.dispatch('format_utc', 'genai_finops')(moment)) }}
{%- endmacro %}

{% macro default__format_utc(moment) %}
    {{ exceptions.raise_compiler_error("format_utc is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__format_utc(moment) -%} strftime(timezone('UTC', {{ moment }}), '%Y-%m-%dT%H:%M:%SZ') {%- endmacro %}

{% macro bigquery__format_utc(moment) -%} format_timestamp('%Y-%m-%dT%H:%M:%SZ', {{ moment }}, 'UTC') {%- endmacro %}

{# A moment from an ISO text with its offset, as 2026-10-01T00:00:00+00:00. Both engines read it alike. #}
{% macro utc_moment(text) -%} cast('{{ text }}' as {{ type_of('timestamp') }}) {%- endmacro %}
