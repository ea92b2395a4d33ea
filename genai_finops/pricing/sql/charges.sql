-- Rendered from dbt_project by `python -m genai_finops.transform.render_rating --write`. Change the macros and models there.
with quantities as (
    select
        usage.usage_id,
        cast(usage.quantity * resolved.per_block as decimal(26,6)) as pricing_quantity,
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
    cast(pricing_quantity * list_unit_price as decimal(38,18)) as list_cost,
    cast(pricing_quantity * contracted_unit_price as decimal(38,18)) as effective_cost,
    cast(pricing_quantity * lowest_unit_price as decimal(38,18)) as cost_lower_bound,
    cast(pricing_quantity * highest_unit_price as decimal(38,18)) as cost_upper_bound
from quantities
