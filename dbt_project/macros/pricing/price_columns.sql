{# What makes two prices rivals: at most one source may decide each of these on a day, with all its context bands. #}
{% macro price_key() %}
    {{ return([
        'provider', 'model_id', 'meter', 'service_tier', 'geography', 'variant', 'x_org_slug', 'volume_threshold_tokens'
    ]) }}
{% endmacro %}

{# Columns of a price before the sources are weighed, in the order of every int_pricing__ model. valid_until is never null. #}
{% macro price_columns() %}
    {{ return([
        'provider', 'model_id', 'model_name', 'meter', 'service_tier', 'geography', 'context_tokens_above',
        'context_tokens_up_to', 'variant', 'x_org_slug', 'pricing_type', 'currency', 'unit_price', 'valid_from', 'valid_until',
        'source', 'source_version', 'priority', 'is_custom', 'free_tier_quantity', 'free_tier_reset_frequency',
        'discount_percentage', 'discount_reason', 'volume_threshold_tokens'
    ]) }}
{% endmacro %}

{# Precedence of the sources, best first. Numbers below 10 are for prices that someone enters. #}
{% macro price_priority(source) %}
    {% set priorities = {'catalogue': 10, 'list_prices': 20, 'default_prices': 30} %}
    {{ return(priorities[source]) }}
{% endmacro %}

{# Text of a CSV seed: an empty field is null on DuckDB and an empty text on BigQuery. #}
{% macro price_text(column) -%} nullif(cast({{ column }} as {{ type_string() }}), '') {%- endmacro %}
