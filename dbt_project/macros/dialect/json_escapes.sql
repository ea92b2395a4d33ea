{#
  A JSON text with the escapes that BigQuery writes: line and paragraph separators as \u2028 and \u2029, control characters in
  lower case. DuckDB leaves the former as they are and writes \u000B. Give it a column, because it is read more than once.
#}
{% macro canonical_escapes(json) -%}
    {{ return(adapter.dispatch('canonical_escapes', 'genai_finops')(json)) }}
{%- endmacro %}

{% macro default__canonical_escapes(json) %}
    {{ exceptions.raise_compiler_error("canonical_escapes is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__canonical_escapes(json) -%}
{#- Escaped backslashes are put aside, so that \\u000B stays what it is. No control character is left in a JSON text. -#}
{%- set found = namespace(text="replace(" ~ json ~ ", '\\\\', chr(1))") -%}
{%- for code in ['0B', '0E', '0F', '1A', '1B', '1C', '1D', '1E', '1F'] -%}
    {%- set found.text = "replace(" ~ found.text ~ ", '\\u00" ~ code ~ "', '\\u00" ~ (code | lower) ~ "')" -%}
{%- endfor -%}
{%- for code in [8232, 8233] -%}
    {%- set found.text = "replace(" ~ found.text ~ ", chr(" ~ code ~ "), '\\u" ~ ('%04x' | format(code)) ~ "')" -%}
{%- endfor -%}
case
            when contains({{ json }}, '\u00') or contains({{ json }}, chr(8232)) or contains({{ json }}, chr(8233))
                then replace({{ found.text }}, chr(1), '\\')
            else {{ json }}
        end
{%- endmacro %}

{% macro bigquery__canonical_escapes(json) -%} {{ json }} {%- endmacro %}
