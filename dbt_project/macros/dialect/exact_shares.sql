{#
  A cost as a whole number of its smallest unit, 10^-18, so that it can be divided among parts without a remainder.

  DuckDB has no decimal with room for the product: the digits are taken from the text, which has all 18 decimals.
#}
{% macro cost_to_integer(cost) -%}
    {{ return(adapter.dispatch('cost_to_integer', 'genai_finops')(cost)) }}
{%- endmacro %}

{% macro default__cost_to_integer(cost) %}
    {{ exceptions.raise_compiler_error("cost_to_integer is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__cost_to_integer(cost) -%}
cast(replace(cast(cast({{ cost }} as {{ type_cost() }}) as varchar), '.', '') as hugeint)
{%- endmacro %}

{% macro bigquery__cost_to_integer(cost) -%}
(cast({{ cost }} as bignumeric) * cast('1000000000000000000' as bignumeric))
{%- endmacro %}

{# The cost of such a whole number. #}
{% macro integer_to_cost(number) -%}
    {{ return(adapter.dispatch('integer_to_cost', 'genai_finops')(number)) }}
{%- endmacro %}

{% macro default__integer_to_cost(number) %}
    {{ exceptions.raise_compiler_error("integer_to_cost is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__integer_to_cost(number) -%}
cast(cast({{ number }} as decimal(38,0)) * cast('0.000000000000000001' as decimal(18,18)) as {{ type_cost() }})
{%- endmacro %}

{% macro bigquery__integer_to_cost(number) -%}
cast(cast({{ number }} as bignumeric) * cast('0.000000000000000001' as bignumeric) as {{ type_cost() }})
{%- endmacro %}

{# A quantity as a whole number of millionths, and back. #}
{% macro quantity_to_integer(quantity) -%}
    {{ return(adapter.dispatch('quantity_to_integer', 'genai_finops')(quantity)) }}
{%- endmacro %}

{% macro default__quantity_to_integer(quantity) %}
    {{ exceptions.raise_compiler_error("quantity_to_integer is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__quantity_to_integer(quantity) -%}
cast(cast({{ quantity }} as {{ type_quantity() }}) * 1000000 as hugeint)
{%- endmacro %}

{% macro bigquery__quantity_to_integer(quantity) -%}
(cast({{ quantity }} as bignumeric) * cast('1000000' as bignumeric))
{%- endmacro %}

{% macro integer_to_quantity(number) -%}
    {{ return(adapter.dispatch('integer_to_quantity', 'genai_finops')(number)) }}
{%- endmacro %}

{% macro default__integer_to_quantity(number) %}
    {{ exceptions.raise_compiler_error("integer_to_quantity is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__integer_to_quantity(number) -%}
cast(cast({{ number }} as decimal(32,0)) * cast('0.000001' as decimal(6,6)) as {{ type_quantity() }})
{%- endmacro %}

{% macro bigquery__integer_to_quantity(number) -%}
cast(cast({{ number }} as bignumeric) * cast('0.000001' as bignumeric) as {{ type_quantity() }})
{%- endmacro %}

{# Quotient of whole numbers, rounded down; null where the divisor is 0. #}
{% macro whole_quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient', 'genai_finops')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__whole_quotient(dividend, divisor) %}
    {{ exceptions.raise_compiler_error("whole_quotient is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__whole_quotient(dividend, divisor) -%} (({{ dividend }}) // nullif({{ divisor }}, 0)) {%- endmacro %}

{# div() takes two numbers of one type. #}
{% macro bigquery__whole_quotient(dividend, divisor) -%}
div(cast({{ dividend }} as bignumeric), nullif(cast({{ divisor }} as bignumeric), cast(0 as bignumeric)))
{%- endmacro %}

{# A whole number with room for products of costs and seconds. #}
{% macro wide_integer(number) -%}
    {{ return(adapter.dispatch('wide_integer', 'genai_finops')(number)) }}
{%- endmacro %}

{% macro default__wide_integer(number) %}
    {{ exceptions.raise_compiler_error("wide_integer is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__wide_integer(number) -%} cast({{ number }} as hugeint) {%- endmacro %}

{% macro bigquery__wide_integer(number) -%} cast({{ number }} as bignumeric) {%- endmacro %}

{# Quotient of two decimals as a ratio or a rate, rounded to its scale: for figures that people read, never for money that is charged. #}
{% macro rounded_quotient(dividend, divisor, type) -%}
    {{ return(adapter.dispatch('rounded_quotient', 'genai_finops')(dividend, divisor, type)) }}
{%- endmacro %}

{% macro default__rounded_quotient(dividend, divisor, type) %}
    {{ exceptions.raise_compiler_error("rounded_quotient is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__rounded_quotient(dividend, divisor, type) -%}
cast(cast({{ dividend }} as double) / nullif(cast({{ divisor }} as double), 0) as {{ type_of(type) }})
{%- endmacro %}

{% macro bigquery__rounded_quotient(dividend, divisor, type) -%}
cast(round(cast({{ dividend }} as bignumeric) / nullif(cast({{ divisor }} as bignumeric), 0), {{ 9 if type == 'ratio' else 12 }}) as {{ type_of(type) }})
{%- endmacro %}
