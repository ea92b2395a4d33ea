{# No two rows agree in all these columns; nulls count as equal. With a window only the days of the window are read. #}
{% test unique_grain(model, columns, window_column=none) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as row_count
from {{ model }}
{% if window_column is not none %}where {{ in_window(window_column) }}{% endif %}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
