{# Columns of one relation, one a line. #}
{% macro prefixed(alias, columns) -%}
    {%- for column in columns -%}
        {{ alias }}.{{ column }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Condition that two relations agree in all these columns; a null agrees with a null in those that may be null. #}
{% macro equal_columns(left_side, right_side, columns, nullable=[]) -%}
    {%- for column in columns -%}
        {{ left_side }}.{{ column }} {{ 'is not distinct from' if column in nullable else '=' }} {{ right_side }}.{{ column }}
        {{- '\n        and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
