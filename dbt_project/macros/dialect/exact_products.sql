{#
  A quantity in pricing units: exact, because blocks are powers of ten.

  DuckDB divides a product of wide decimals to bring it to scale, which took half of the time of rating a row. A whole number times
  a decimal of few digits has the right scale at once; what is no whole number, or too large for one, goes the long way.
#}
{% macro in_pricing_units(quantity, per_block) -%}
    {{ return(adapter.dispatch('in_pricing_units', 'genai_finops')(quantity, per_block)) }}
{%- endmacro %}

{% macro default__in_pricing_units(quantity, per_block) %}
    {{ exceptions.raise_compiler_error("in_pricing_units is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__in_pricing_units(quantity, per_block) -%}
{%- set short = "try_cast(" ~ quantity ~ " as decimal(18,6))" -%}
case
            when {{ short }} = cast({{ short }} as bigint)
                then cast(cast({{ short }} as bigint) * cast({{ per_block }} as decimal(7,6)) as {{ type_quantity() }})
            else cast({{ quantity }} * {{ per_block }} as {{ type_quantity() }})
        end
{%- endmacro %}

{% macro bigquery__in_pricing_units(quantity, per_block) -%}
cast({{ quantity }} * {{ per_block }} as {{ type_quantity() }})
{%- endmacro %}
