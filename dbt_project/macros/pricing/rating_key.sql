{# What decides the price of a row of usage, beside its day and who used it. #}
{% macro rating_key() %}
    {{ return([
        'provider', 'model_id', 'meter', 'service_tier', 'geography', 'context_tokens_above', 'context_tokens_up_to', 'variant'
    ]) }}
{% endmacro %}

{# Who a price is resolved for: null where nothing was agreed with the organisation, so that its prices are everyone's. #}
{% macro price_owner() %} {{ return(['price_org', 'price_account']) }} {% endmacro %}

{# Joins on all columns of a rating key. Provider, meter and tier are never null; on BigQuery an outer join needs such an equality. #}
{% macro same_key(left_side, right_side, key) -%}
    {%- for column in key -%}
        {%- if column in ('provider', 'meter', 'service_tier') -%}
            {{ left_side }}.{{ column }} = {{ right_side }}.{{ column }}
        {%- else -%}
            {{ left_side }}.{{ column }} is not distinct from {{ right_side }}.{{ column }}
        {%- endif -%}
        {%- if not loop.last %} and {% endif -%}
    {%- endfor -%}
{%- endmacro %}

{# A quantity has 6 decimals and a price 12, so the product has 18 and nothing is rounded. #}
{% macro exact_cost(quantity, unit_price) -%} cast({{ quantity }} * {{ unit_price }} as {{ type_cost() }}) {%- endmacro %}

{% macro zero_rate() -%} cast(0 as {{ type_rate() }}) {%- endmacro %}

{% macro no_token_limit() -%} 9223372036854775807 {%- endmacro %}

{% macro zero_cost() -%} cast(0 as {{ type_cost() }}) {%- endmacro %}

{#
  A whole number of units at the price of one, exact where the product has room: 10^20 and 18 decimals. DuckDB keeps the scale of
  the decimal when the other side is a whole number.
#}
{% macro units_at_price(units, unit_price) -%} cast({{ units }} * {{ unit_price }} as {{ type_cost() }}) {%- endmacro %}
