-- Rendered from dbt_project by `python -m genai_finops.transform.render_rating --write`. Change the macros and models there.
select
    usage.usage_id,
    cast(usage.quantity * resolved.per_block as decimal(26,6)) as pricing_quantity,
    cast(cast(usage.quantity * resolved.per_block as decimal(26,6)) * resolved.list_unit_price as decimal(38,18)) as list_cost,
    cast(cast(usage.quantity * resolved.per_block as decimal(26,6)) * resolved.contracted_unit_price as decimal(38,18)) as effective_cost,
    cast(cast(usage.quantity * resolved.per_block as decimal(26,6)) * resolved.lowest_unit_price as decimal(38,18)) as cost_lower_bound,
    cast(cast(usage.quantity * resolved.per_block as decimal(26,6)) * resolved.highest_unit_price as decimal(38,18)) as cost_upper_bound
from usage
inner join resolved on resolved.resolved_id = usage.resolved_id
