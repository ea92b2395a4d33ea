{# Documented method of a split with its version: shared-by-quantity-v1; as ALLOCATED_METHOD_IDS of the schemas. #}
{% macro focus_allocated_method(allocation_method) -%} replace({{ allocation_method }}, '_', '-') || '-v1' {%- endmacro %}

{#
  Who receives a part, as one text that two consumers never share: acme/tenant=north/user=u-7. A slash within a name is %2F, and a name with other
  than printable ASCII characters has every byte written so, because the official validator wants ids and names in ASCII. Null where
  nobody is named.
#}
{% macro focus_consumer_id(org, members) -%}
    case
            when coalesce({{ members | map(attribute=1) | join(', ') }}) is not null
                then concat(
                    {{ org }}
                    {%- for key, column in members -%}
                    , coalesce('/{{ key }}=' || {{ focus_ascii_name(column, "replace(replace(" ~ column ~ ", '%', '%25'), '/', '%2F')") }}, '')
                    {%- endfor -%}
                )
        end
{%- endmacro %}

{# The names that are known, the widest first: north / u-7. Null where nobody is named. #}
{% macro focus_consumer_name(members) -%}
    nullif(substr(concat(
            {%- for key, column in members -%}
            coalesce(' / ' || nullif({{ focus_ascii_name(column, column) }}, ''), ''){{ ', ' if not loop.last }}
            {%- endfor -%}
        ), 4), '')
{%- endmacro %}

{# The plain text of a name, or else all its bytes as in a URL: %D0%BE. #}
{% macro focus_ascii_name(name, plain) -%}
    case when {{ regexp_matches_re2(name, regexp_literal('^[ -~]*$')) }} then {{ plain }} else {{ focus_percent_encoded(name) }} end
{%- endmacro %}

{% macro focus_percent_encoded(text) -%}
    {{ return(adapter.dispatch('focus_percent_encoded', 'genai_finops')(text)) }}
{%- endmacro %}

{% macro default__focus_percent_encoded(text) %}
    {{ exceptions.raise_compiler_error("focus_percent_encoded is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__focus_percent_encoded(text) -%} regexp_replace(hex({{ text }}), '(..)', '%\1', 'g') {%- endmacro %}

{% macro bigquery__focus_percent_encoded(text) -%}
regexp_replace(upper(to_hex(cast({{ text }} as bytes))), r'(..)', r'%\1')
{%- endmacro %}

{# AllocatedMethodDetails of a part: its ratio, the usage that it stands for, and how many requests in the logs it rests on. #}
{% macro focus_allocated_details(ratio, unit, quantity, events) -%}
    concat(
            '{"Elements":[{"AllocatedRatio":', {{ decimal_text(ratio) }},
            ',"UsageUnit":', {{ json_string(unit) }},
            ',"UsageQuantity":', {{ decimal_text(quantity) }},
            ',"x_EvidenceEvents":', cast({{ events }} as {{ type_string() }}), '}]}'
        )
{%- endmacro %}

{#
  A number in a JSON text of ours, as it is written: DuckDB's functions of JSON read numbers as floating point. Keys cannot be mistaken for
  names, because quotes inside names are escaped.
#}
{% macro focus_json_number(json, key) -%}
    nullif(regexp_extract({{ json }}, {{ regexp_literal('"' ~ key ~ '":([0-9.-]+)') }}{{ focus_first_group() }}), '')
{%- endmacro %}
