{# A decimal without trailing zeros, never with an exponent: 2.5, 0.0000375, 40. DuckDB writes all decimals of the type, BigQuery none too many. #}
{% macro decimal_text(amount) -%}
    {{ return(adapter.dispatch('decimal_text', 'genai_finops')(amount)) }}
{%- endmacro %}

{% macro default__decimal_text(amount) %}
    {{ exceptions.raise_compiler_error("decimal_text is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__decimal_text(amount) -%} rtrim(rtrim(cast({{ amount }} as varchar), '0'), '.') {%- endmacro %}

{# BigQuery writes no trailing zeros, its emulator writes all of the type; without a point every zero counts. #}
{% macro bigquery__decimal_text(amount) -%}
    if(strpos(cast({{ amount }} as string), '.') > 0, rtrim(rtrim(cast({{ amount }} as string), '0'), '.'), cast({{ amount }} as string))
{%- endmacro %}

{# The part of a SkuId that names the meter: uncached_input -> input, cache_read_audio -> cached-input-audio. #}
{% macro focus_meter_slug(meter) -%}
    replace(replace(replace(replace({{ meter }},
        'uncached_input', 'input'),
        'cache_read', 'cached_input'),
        'output_reasoning', 'reasoning_output'),
        '_', '-')
{%- endmacro %}

{# x_ProcessingMode of a service tier; null for the standard tier, which is the absence of a mode. #}
{% macro focus_processing_mode(service_tier) -%}
    case {{ service_tier }}
        when 'batch' then 'Batch'
        when 'flex' then 'Flex'
        when 'priority' then 'Priority'
        when 'priority_on_demand' then 'Priority On-Demand'
        when 'fast' then 'Fast'
    end
{%- endmacro %}

{# Band of prompt lengths of a price-list line: 0-200000, above-200000; null where the line has no band. #}
{% macro focus_context_band(tokens_above, tokens_up_to) -%}
    case
        when {{ tokens_up_to }} is not null
            then cast({{ tokens_above }} as {{ type_string() }}) || '-' || cast({{ tokens_up_to }} as {{ type_string() }})
        when {{ tokens_above }} > 0 then 'above-' || cast({{ tokens_above }} as {{ type_string() }})
    end
{%- endmacro %}
