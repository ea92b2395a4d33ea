{# Condition that a moment of the price book is not later than var prices_known_at; true without it. #}
{% macro known_by(column) -%}
    {%- set moment = var('prices_known_at', none) -%}
    {%- if moment is none -%} true {%- else -%} {{ column }} <= {{ utc_moment(moment) }} {%- endif -%}
{%- endmacro %}

{# The UTC day that counts as today: that of var prices_known_at, or the current one. #}
{% macro price_day() -%}
    {%- set moment = var('prices_known_at', none) -%}
    {{ utc_date('current_timestamp' if moment is none else utc_moment(moment)) }}
{%- endmacro %}

{#
  100 x (price - base) / base of two rates, rounded half away from zero to 9 decimals. Null where a price is null, where the base is
  0, and where the type of a ratio cannot hold it (from a thousand million percent on).

  DuckDB divides decimals as binary floats, so there whole numbers are divided: rates in units of their last decimal.
#}
{% macro percentage_change(base, price) -%}
    {{ return(adapter.dispatch('percentage_change', 'genai_finops')(base, price)) }}
{%- endmacro %}

{% macro default__percentage_change(base, price) %}
    {{ exceptions.raise_compiler_error("percentage_change is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__percentage_change(base, price) -%}
{%- set base_units = "cast(" ~ base ~ " * 1000000000000 as hugeint)" -%}
{%- set price_units = "cast(" ~ price ~ " * 1000000000000 as hugeint)" -%}
{%- set rounded -%}
(2 * cast(100000000000 as hugeint) * abs({{ price_units }} - {{ base_units }}) + {{ base_units }}) // nullif(2 * {{ base_units }}, 0)
{%- endset -%}
case
            when {{ rounded }} < 1000000000000000000
                then cast(
                    case when {{ price }} < {{ base }} then -1 else 1 end
                    * cast({{ rounded }} as decimal(18, 0)) * 0.000000001 as {{ type_ratio() }}
                )
        end
{%- endmacro %}

{# A cast to a ratio rounds half away from zero, and the safe one gives null for what the type cannot hold. #}
{% macro bigquery__percentage_change(base, price) -%}
safe_cast(100 * ({{ price }} - {{ base }}) / nullif({{ base }}, 0) as {{ type_ratio() }})
{%- endmacro %}
