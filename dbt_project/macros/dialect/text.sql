{# Hexadecimal MD5 of a text, lower case. For identifiers, never for secrets. BigQuery's md5 gives bytes. #}
{% macro md5_hex(text) -%}
    {{ return(adapter.dispatch('md5_hex', 'genai_finops')(text)) }}
{%- endmacro %}

{% macro default__md5_hex(text) %}
    {{ exceptions.raise_compiler_error("md5_hex is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__md5_hex(text) -%} md5({{ text }}) {%- endmacro %}

{% macro bigquery__md5_hex(text) -%} to_hex(md5({{ text }})) {%- endmacro %}

{#
  Identifier of a row: MD5 over the columns in their order. A null differs from an empty text, and the separator does not
  occur in the values, so that ('a', 'bc') differs from ('ab', 'c').
#}
{% macro row_id(expressions) -%}
    {%- set parts = [] -%}
    {%- for expression in expressions -%}
        {%- do parts.append("coalesce(cast(" ~ expression ~ " as " ~ type_of('string') ~ "), '~')") -%}
    {%- endfor -%}
    {#- One concat, because a chain of || makes an intermediate text at every step. -#}
    {{ md5_hex("concat(" ~ parts | join(", '|', ") ~ ")") }}
{%- endmacro %}

{# A text as a JSON string with its quotes; null stays null. BigQuery's to_json_string turns null into the text 'null'. #}
{% macro json_string(text) -%}
    {{ return(adapter.dispatch('json_string', 'genai_finops')(text)) }}
{%- endmacro %}

{% macro default__json_string(text) %}
    {{ exceptions.raise_compiler_error("json_string is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__json_string(text) -%} cast(to_json({{ text }}) as varchar) {%- endmacro %}

{% macro bigquery__json_string(text) -%} if({{ text }} is null, null, to_json_string({{ text }})) {%- endmacro %}

{#
  A JSON object as text: members is a list of (key, expression, kind) with kind string, number or bool. A member whose value
  is null is left out, and an object without members is '{}'. Built from text on both engines, because their json_object
  differs in blanks and in the order of keys, and equal content has to be equal text.
#}
{% macro json_object_text(members) -%}
    {%- set parts = [] -%}
    {%- for key, expression, kind in members -%}
        {%- set value = json_string(expression) if kind == 'string' else 'cast(' ~ expression ~ ' as ' ~ type_of('string') ~ ')' -%}
        {%- do parts.append("coalesce(',\"" ~ key ~ "\":' || " ~ (value | trim) ~ ", '')") -%}
    {%- endfor -%}
    '{' || substr({{ parts | join(' || ') }}, 2) || '}'
{%- endmacro %}

{# An RE2 expression as a literal. BigQuery reads backslashes in a plain literal, so it needs a raw one. #}
{% macro regexp_literal(pattern) -%}
    {{ return(adapter.dispatch('regexp_literal', 'genai_finops')(pattern)) }}
{%- endmacro %}

{% macro default__regexp_literal(pattern) %}
    {{ exceptions.raise_compiler_error("regexp_literal is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__regexp_literal(pattern) -%} '{{ pattern }}' {%- endmacro %}

{% macro bigquery__regexp_literal(pattern) -%} r'{{ pattern }}' {%- endmacro %}

{#
  A text by the hexadecimal of its UTF-8, as an expression. For names that come from outside: whatever they hold, none of it
  is read as SQL, and neither YAML nor Jinja bends it on the way.
#}
{% macro text_of_hex(hex) -%}
    {%- if not modules.re.fullmatch('(?:[0-9a-f]{2})*', hex) -%}
        {{ exceptions.raise_compiler_error("text_of_hex takes pairs of hexadecimal digits, not " ~ hex) }}
    {%- endif -%}
    {{ return(adapter.dispatch('text_of_hex', 'genai_finops')(hex)) }}
{%- endmacro %}

{% macro default__text_of_hex(hex) %}
    {{ exceptions.raise_compiler_error("text_of_hex is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__text_of_hex(hex) -%} decode(from_hex('{{ hex }}')) {%- endmacro %}

{% macro bigquery__text_of_hex(hex) -%} cast(from_hex('{{ hex }}') as string) {%- endmacro %}
