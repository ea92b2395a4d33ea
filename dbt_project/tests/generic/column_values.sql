{#
  Every value lies in the set, above the minimum and matches the pattern that the register states for its column. Nulls
  pass here: the contract says where they may be. One scan for all columns, and the answer names the column.
#}
{% test column_values(model, allowed={}, minimums={}, patterns={}, window_column=none) %}

with judged as (
    select
        case
            {%- for column, values in allowed.items() %}
            when {{ column }} not in ('{{ values | join("', '") }}') then '{{ column }}'
            {%- endfor %}
            {%- for column, minimum in minimums.items() %}
            when {{ column }} < {{ minimum }} then '{{ column }}'
            {%- endfor %}
            {%- for column, pattern in patterns.items() %}
            when not {{ regexp_matches_re2(column, regexp_literal(pattern)) }} then '{{ column }}'
            {%- endfor %}
        end as column_name
    from {{ model }}
    {% if window_column is not none %}where {{ in_window(window_column) }}{% endif %}
)

select
    column_name,
    count(*) as row_count
from judged
where column_name is not null
group by column_name

{% endtest %}
