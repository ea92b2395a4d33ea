{#
  For genai_finops/pricing/sql: what quantities cost whose prices are resolved already, where nothing is shared between rows. For a few
  rows the short way of in_pricing_units costs more to plan (0.5 ms) than it saves.
#}
with quantities as (
    select
        usage.usage_id,
        cast(usage.quantity * resolved.per_block as {{ type_quantity() }}) as pricing_quantity,
        resolved.list_unit_price,
        resolved.contracted_unit_price,
        resolved.lowest_unit_price,
        resolved.highest_unit_price
    from usage
    inner join resolved on resolved.resolved_id = usage.resolved_id
)

select
    usage_id,
    pricing_quantity,
    {{ exact_cost('pricing_quantity', 'list_unit_price') }} as list_cost,
    {{ exact_cost('pricing_quantity', 'contracted_unit_price') }} as effective_cost,
    {{ exact_cost('pricing_quantity', 'lowest_unit_price') }} as cost_lower_bound,
    {{ exact_cost('pricing_quantity', 'highest_unit_price') }} as cost_upper_bound
from quantities
