{#
  Divides amounts of charges among their parts by the method of largest remainders: every part gets its share rounded down, and what is left
  goes in smallest units to the parts whose shares lost most, of equal ones to the first in position.

  parts    relation with charge_id, position (from 1, within the charge) and units, which add up to charge_units, a column of it too;
           and the amounts as whole_<amount>, whole numbers of their smallest unit or null
  amounts  their names

  Returns the body of a with clause whose last step, divided_parts, has all columns of parts and <amount>_part.

  Most charges are divided without a remainder, because a token has a price: only the others are put in order.
#}
{% macro divide_by_largest_remainder(parts, amounts) -%}
rounded_down as (
    select
        *
        {%- for amount in amounts %},
        case
            when units = charge_units then whole_{{ amount }}
            else {{ whole_quotient('whole_' ~ amount ~ ' * units', 'charge_units') }}
        end as {{ amount }}_floor
        {%- endfor %}
    from {{ parts }}
),

{% for amount in amounts -%}
{{ amount }}_left as (
    select
        charge_id,
        max(whole_{{ amount }}) - {{ wide_integer('sum(' ~ amount ~ '_floor)') }} as left_over
    from rounded_down
    where units < charge_units
    group by charge_id
    having max(whole_{{ amount }}) > {{ wide_integer('sum(' ~ amount ~ '_floor)') }}
),

{{ amount }}_extra as (
    select
        rounded_down.charge_id,
        rounded_down.position
    from rounded_down
    inner join {{ amount }}_left on {{ amount }}_left.charge_id = rounded_down.charge_id
    where true
    qualify row_number() over (
        partition by rounded_down.charge_id
        order by
            rounded_down.whole_{{ amount }} * rounded_down.units - rounded_down.{{ amount }}_floor * rounded_down.charge_units desc,
            rounded_down.position
    ) <= {{ amount }}_left.left_over
),

{% endfor -%}
divided_parts as (
    select
        rounded_down.*
        {%- for amount in amounts %},
        rounded_down.{{ amount }}_floor + case when {{ amount }}_extra.charge_id is null then 0 else 1 end as {{ amount }}_part
        {%- endfor %}
    from rounded_down
    {%- for amount in amounts %}
    left join {{ amount }}_extra
        on {{ amount }}_extra.charge_id = rounded_down.charge_id
        and {{ amount }}_extra.position = rounded_down.position
    {%- endfor %}
)
{%- endmacro %}
