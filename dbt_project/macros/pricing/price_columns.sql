{#
  What makes two rates rivals: at most one source may decide each of these on a day, with all its context bands. A promotion does
  not rival the standard price: it is weighed against it when usage is rated.
#}
{% macro price_key() %}
    {{ return([
        'provider', 'model_id', 'meter', 'service_tier', 'geography', 'variant', 'x_org_slug', 'x_genai_account_id',
        'pricing_type', 'volume_threshold_tokens'
    ]) }}
{% endmacro %}

{# Columns of a rate before the sources are weighed, in the order of every int_pricing__ model. valid_until is never null. #}
{% macro price_columns() %}
    {{ return([
        'provider', 'model_id', 'model_name', 'meter', 'service_tier', 'geography', 'context_tokens_above',
        'context_tokens_up_to', 'variant', 'x_org_slug', 'x_genai_account_id', 'pricing_type', 'volume_threshold_tokens', 'currency',
        'unit_price', 'discount_percentage', 'discount_reason', 'free_tier_quantity', 'free_tier_reset_frequency', 'valid_from',
        'valid_until', 'source', 'source_version', 'source_reference', 'retrieved_at', 'priority', 'is_custom'
    ]) }}
{% endmacro %}

{# Text of a CSV seed: an empty field is null on DuckDB and an empty text on BigQuery. #}
{% macro price_text(column) -%} nullif(cast({{ column }} as {{ type_string() }}), '') {%- endmacro %}

{#
  Condition that a row with known_from and known_to was held for true at the moment of var prices_known_at, or is now without it.
#}
{% macro as_known() -%}
    {%- set moment = var('prices_known_at', none) -%}
    {%- if moment is none -%}
        known_to is null
    {%- else -%}
        known_from <= {{ utc_moment(moment) }} and (known_to is null or known_to > {{ utc_moment(moment) }})
    {%- endif -%}
{%- endmacro %}
