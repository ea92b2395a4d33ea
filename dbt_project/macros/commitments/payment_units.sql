{#
  FOCUS unit of what one payment is for: PTU-Hours, PTU-Months, GSUs/7 Days. FOCUS has no week, and a number stands only before
  a plural unit of time after a slash.
#}
{% macro payment_unit(consumed_unit, price_period, term) -%}
    {%- set unit = "replace(" ~ consumed_unit ~ ", '-Hours', '')" -%}
    case
        when {{ price_period }} = 'hour' then {{ consumed_unit }}
        when {{ price_period }} = 'month' or {{ term }} = 'P1M' then {{ unit }} || '-Months'
        when {{ term }} = 'P1W' then {{ unit }} || 's/7 Days'
        when {{ term }} = 'P3M' then {{ unit }} || 's/3 Months'
        when {{ term }} = 'P6M' then {{ unit }} || 's/6 Months'
        when {{ term }} = 'P1Y' then {{ unit }} || '-Years'
        when {{ term }} = 'P3Y' then {{ unit }} || 's/3 Years'
    end
{%- endmacro %}

{# Calendar months of a term; null for a term of weeks. #}
{% macro term_months(term) -%}
    case {{ term }} when 'P1M' then 1 when 'P3M' then 3 when 'P6M' then 6 when 'P1Y' then 12 when 'P3Y' then 36 end
{%- endmacro %}

{#
  A price per unit and `source` as one per unit and `target` (hour, month, term), rounded down to 12 decimals where it does not
  come out. A month is an equal part of the term. Null for a month of a term of weeks.
#}
{% macro converted_price(price, source, target, term_seconds, months) -%}
    {%- set seconds = "case " ~ source ~ " when 'hour' then 3600 else " ~ term_seconds ~ " end" -%}
    {%- set parts = "case " ~ source ~ " when 'month' then " ~ months ~ " else 1 end" -%}
    {%- set target_seconds = "case " ~ target ~ " when 'hour' then 3600 else " ~ term_seconds ~ " end" -%}
    {%- set target_parts = "case " ~ target ~ " when 'month' then " ~ months ~ " else 1 end" -%}
    case
        when {{ source }} = {{ target }} then cast({{ price }} as {{ type_rate() }})
        else cast({{ rate_of_integer(whole_quotient(
            integer_of_rate(price) ~ " * " ~ wide_integer(target_seconds) ~ " * " ~ wide_integer(parts),
            wide_integer(seconds) ~ " * " ~ wide_integer(target_parts)
        )) }} as {{ type_rate() }})
    end
{%- endmacro %}

{# A price as a whole number of its smallest unit, 10^-12, and back. #}
{% macro integer_of_rate(price) -%}
    {{ return(adapter.dispatch('integer_of_rate', 'genai_finops')(price)) }}
{%- endmacro %}

{% macro default__integer_of_rate(price) %}
    {{ exceptions.raise_compiler_error("integer_of_rate is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__integer_of_rate(price) -%}
cast(replace(cast(cast({{ price }} as {{ type_rate() }}) as varchar), '.', '') as hugeint)
{%- endmacro %}

{% macro bigquery__integer_of_rate(price) -%}
(cast({{ price }} as bignumeric) * cast('1000000000000' as bignumeric))
{%- endmacro %}

{% macro rate_of_integer(number) -%}
    {{ return(adapter.dispatch('rate_of_integer', 'genai_finops')(number)) }}
{%- endmacro %}

{% macro default__rate_of_integer(number) %}
    {{ exceptions.raise_compiler_error("rate_of_integer is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__rate_of_integer(number) -%}
cast({{ number }} as decimal(24,0)) * cast('0.000000000001' as decimal(12,12))
{%- endmacro %}

{% macro bigquery__rate_of_integer(number) -%}
cast({{ number }} as bignumeric) * cast('0.000000000001' as bignumeric)
{%- endmacro %}
