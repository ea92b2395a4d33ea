{# True when this run replaces days instead of everything. Both ends or none must be given. #}
{% macro has_window() %}
    {% set low = var('min_date', none) %}
    {% set high = var('max_date', none) %}
    {% if (low is none) != (high is none) %}
        {{ exceptions.raise_compiler_error("vars min_date and max_date belong together: got " ~ low ~ " and " ~ high) }}
    {% endif %}
    {% if low is not none and (low | string) >= (high | string) %}
        {{ exceptions.raise_compiler_error("the window is empty: min_date " ~ low ~ " is not before max_date " ~ high) }}
    {% endif %}
    {{ return(low is not none) }}
{% endmacro %}

{# Condition that a date column lies in the window; true without a window. #}
{% macro in_window(column) -%}
    {%- if has_window() -%}
        {{ column }} >= {{ date_literal(var('min_date')) }} and {{ column }} < {{ date_literal(var('max_date')) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Condition that a date column lies before the end of the window; true without a window. #}
{% macro until_window_end(column) -%}
    {%- if has_window() -%} {{ column }} < {{ date_literal(var('max_date')) }} {%- else -%} true {%- endif -%}
{%- endmacro %}

{# The days of the window as date literals, for static partitions of BigQuery. #}
{% macro window_partitions() %}
    {% set literals = [] %}
    {% for day in days_between(var('min_date'), var('max_date')) %}
        {% do literals.append(date_literal(day)) %}
    {% endfor %}
    {{ return(literals) }}
{% endmacro %}

{# ISO dates from low (inclusive) to high (exclusive). #}
{% macro days_between(low, high) %}
    {% set first = modules.datetime.date.fromisoformat(low | string) %}
    {% set end = modules.datetime.date.fromisoformat(high | string) %}
    {% set days = [] %}
    {% for n in range((end - first).days) %}
        {% do days.append((first + modules.datetime.timedelta(days=n)).isoformat()) %}
    {% endfor %}
    {{ return(days) }}
{% endmacro %}
