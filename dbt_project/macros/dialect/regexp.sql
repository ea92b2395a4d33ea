{#
  True where an RE2 expression is found anywhere in a text; null where either is null. Both engines search with RE2, and
  both take the expression from a column.
#}
{% macro regexp_matches_re2(value, pattern) -%}
    {{ return(adapter.dispatch('regexp_matches_re2', 'genai_finops')(value, pattern)) }}
{%- endmacro %}

{% macro default__regexp_matches_re2(value, pattern) %}
    {{ exceptions.raise_compiler_error("regexp_matches_re2 is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__regexp_matches_re2(value, pattern) -%} regexp_matches({{ value }}, {{ pattern }}) {%- endmacro %}

{% macro bigquery__regexp_matches_re2(value, pattern) -%} regexp_contains({{ value }}, {{ pattern }}) {%- endmacro %}

{# An RE2 expression that matches exactly this text: RE2 takes what is between \Q and \E literally. #}
{% macro exact_match_re2(value) -%} '^' || chr(92) || 'Q' || {{ value }} || chr(92) || 'E$' {%- endmacro %}
