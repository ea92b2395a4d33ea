{# For genai_finops/pricing/sql: what quantities cost whose prices are resolved already, where nothing is shared between rows. #}
{%- set pricing_quantity = 'cast(usage.quantity * resolved.per_block as ' ~ type_quantity() ~ ')' -%}
select
    usage.usage_id,
    {{ pricing_quantity }} as pricing_quantity,
    {{ exact_cost(pricing_quantity, 'resolved.list_unit_price') }} as list_cost,
    {{ exact_cost(pricing_quantity, 'resolved.contracted_unit_price') }} as effective_cost,
    {{ exact_cost(pricing_quantity, 'resolved.lowest_unit_price') }} as cost_lower_bound,
    {{ exact_cost(pricing_quantity, 'resolved.highest_unit_price') }} as cost_upper_bound
from usage
inner join resolved on resolved.resolved_id = usage.resolved_id
