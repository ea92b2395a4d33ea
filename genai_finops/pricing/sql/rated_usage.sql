-- Rendered from dbt_project by `python -m genai_finops.transform.render_rating --write`. Change the macros and models there.
with
everyones_prices as (
    select * from resolved
    where price_org is null
),

owned_prices as (
    select * from resolved
    where price_org is not null
),

owners as (
    select distinct price_org as x_org_slug
    from owned_prices
),

pooled_prices as (
    select * from owned_prices
    where is_pooled
),

pool_owners as (
    select distinct price_org as x_org_slug
    from pooled_prices
),

simple_usage as (
    select
        usage.*,
        resolved.pricing_status, resolved.pricing_id, resolved.pricing_type, resolved.pricing_source, resolved.contracted_pricing_id, resolved.contracted_pricing_type, resolved.contracted_pricing_source, resolved.currency, resolved.pricing_unit, resolved.per_block, resolved.list_unit_price, resolved.contracted_unit_price, resolved.lowest_unit_price, resolved.highest_unit_price,
        -- As opposed to usage that has no model: the provider named a model that no alias rule knows, or tokens were used through
        -- a resource whose model is not known.
        case
            when resolved.pricing_status != 'unpriced' or usage.model_id is not null or resolved.meter_kind = 'unmapped'
                then resolved.pricing_reason
            when usage.provider_model_id is not null then 'unknown_model'
            when resolved.pricing_reason = 'unknown_meter' and resolved.meter_kind = 'tokens' and usage.resource_id is not null
                then 'unknown_model'
            else resolved.pricing_reason
        end as pricing_reason
    from usage as usage
    left join (select unnest(all_rows, max_depth := 2) from (select list(everyones_prices) as all_rows from everyones_prices)) as resolved
        on resolved.provider = usage.provider and resolved.model_id is not distinct from usage.model_id and resolved.meter = usage.meter and resolved.service_tier = usage.service_tier and resolved.geography is not distinct from usage.geography and resolved.context_tokens_above is not distinct from usage.context_tokens_above and resolved.context_tokens_up_to is not distinct from usage.context_tokens_up_to and resolved.variant is not distinct from usage.variant
        and usage.usage_date >= resolved.valid_from
        and usage.usage_date < resolved.valid_until
    where true and usage.x_org_slug not in (select owners.x_org_slug from owners)
    union all
    select
        usage.*,
        resolved.pricing_status, resolved.pricing_id, resolved.pricing_type, resolved.pricing_source, resolved.contracted_pricing_id, resolved.contracted_pricing_type, resolved.contracted_pricing_source, resolved.currency, resolved.pricing_unit, resolved.per_block, resolved.list_unit_price, resolved.contracted_unit_price, resolved.lowest_unit_price, resolved.highest_unit_price,
        -- As opposed to usage that has no model: the provider named a model that no alias rule knows, or tokens were used through
        -- a resource whose model is not known.
        case
            when resolved.pricing_status != 'unpriced' or usage.model_id is not null or resolved.meter_kind = 'unmapped'
                then resolved.pricing_reason
            when usage.provider_model_id is not null then 'unknown_model'
            when resolved.pricing_reason = 'unknown_meter' and resolved.meter_kind = 'tokens' and usage.resource_id is not null
                then 'unknown_model'
            else resolved.pricing_reason
        end as pricing_reason
    from usage as usage
    left join (select unnest(all_rows, max_depth := 2) from (select list(owned_prices) as all_rows from owned_prices)) as resolved
        on resolved.provider = usage.provider and resolved.model_id is not distinct from usage.model_id and resolved.meter = usage.meter and resolved.service_tier = usage.service_tier and resolved.geography is not distinct from usage.geography and resolved.context_tokens_above is not distinct from usage.context_tokens_above and resolved.context_tokens_up_to is not distinct from usage.context_tokens_up_to and resolved.variant is not distinct from usage.variant
        and resolved.price_org = usage.x_org_slug
        and resolved.price_account = usage.x_genai_account_id
        and usage.usage_date >= resolved.valid_from
        and usage.usage_date < resolved.valid_until
    where
        true
        and usage.x_org_slug in (select owners.x_org_slug from owners)
        and not coalesce(resolved.is_pooled, false)
),

simple_quantities as (
    select
        *,
        case
            when try_cast(quantity as decimal(18,6)) = cast(try_cast(quantity as decimal(18,6)) as bigint)
                then cast(cast(try_cast(quantity as decimal(18,6)) as bigint) * cast(per_block as decimal(7,6)) as decimal(26,6))
            else cast(quantity * per_block as decimal(26,6))
        end as pricing_quantity
    from simple_usage
),

simple_costs as (
    select
        *,
        cast(pricing_quantity * list_unit_price as decimal(38,18)) as list_cost
    from simple_quantities
),

-- A product of wide decimals is the dearest thing that is done per row: what equals the list cost is not multiplied again.
simple_charges as (
    select
        *,
        case
            when contracted_unit_price = list_unit_price then list_cost
            else cast(pricing_quantity * contracted_unit_price as decimal(38,18))
        end as effective_cost
    from simple_costs
),

pooled_usage as (
    select
        usage.*,
        resolved.pricing_status, resolved.pricing_id, resolved.pricing_type, resolved.pricing_source, resolved.contracted_pricing_id, resolved.contracted_pricing_type, resolved.contracted_pricing_source, resolved.currency, resolved.pricing_unit, resolved.per_block, resolved.list_unit_price, resolved.contracted_unit_price, resolved.lowest_unit_price, resolved.highest_unit_price,
        -- As opposed to usage that has no model: the provider named a model that no alias rule knows, or tokens were used through
        -- a resource whose model is not known.
        case
            when resolved.pricing_status != 'unpriced' or usage.model_id is not null or resolved.meter_kind = 'unmapped'
                then resolved.pricing_reason
            when usage.provider_model_id is not null then 'unknown_model'
            when resolved.pricing_reason = 'unknown_meter' and resolved.meter_kind = 'tokens' and usage.resource_id is not null
                then 'unknown_model'
            else resolved.pricing_reason
        end as pricing_reason,
        resolved.pool,
        resolved.valid_from as priced_from,
        resolved.allowance_id,
        resolved.allowance_quantity,
        resolved.has_volume_tiers,
        case resolved.allowance_reset
            when 'daily' then usage.usage_date
            when 'monthly' then cast(date_trunc('month', usage.usage_date) as date)
            else date '0001-01-01'
        end as allowance_from,
        cast(date_trunc('month', usage.usage_date) as date) as month_from,
        -- One text is sorted in a fraction of the time of twenty columns, and equal on every engine.
        md5(concat(coalesce(cast(usage.usage_id as varchar), '~'))) as pooled_row
    from usage as usage
    inner join (select unnest(all_rows, max_depth := 2) from (select list(pooled_prices) as all_rows from pooled_prices)) as resolved
        on resolved.provider = usage.provider and resolved.model_id is not distinct from usage.model_id and resolved.meter = usage.meter and resolved.service_tier = usage.service_tier and resolved.geography is not distinct from usage.geography and resolved.context_tokens_above is not distinct from usage.context_tokens_above and resolved.context_tokens_up_to is not distinct from usage.context_tokens_up_to and resolved.variant is not distinct from usage.variant
        and resolved.price_org = usage.x_org_slug
        and resolved.price_account = usage.x_genai_account_id
        and usage.usage_date >= resolved.valid_from
        and usage.usage_date < resolved.valid_until
    where true and usage.x_org_slug in (select pool_owners.x_org_slug from pool_owners)
),

pooled_positions as (
    select
        *,
        coalesce(sum(quantity) over (
            partition by x_org_slug, x_genai_account_id, provider, model_id, pool, allowance_id, allowance_from
            order by usage_date, contracted_unit_price desc, pooled_row
            rows between unbounded preceding and 1 preceding
        ), 0) as used_before,
        coalesce(sum(quantity) over (
            partition by x_org_slug, x_genai_account_id, provider, model_id, pool, month_from
            order by usage_date, contracted_unit_price desc, pooled_row
            rows between unbounded preceding and 1 preceding
        ), 0) as month_before
    from pooled_usage
),

pooled_quantities as (
    select
        *,
        case
            when try_cast(quantity as decimal(18,6)) = cast(try_cast(quantity as decimal(18,6)) as bigint)
                then cast(cast(try_cast(quantity as decimal(18,6)) as bigint) * cast(per_block as decimal(7,6)) as decimal(26,6))
            else cast(quantity * per_block as decimal(26,6))
        end as pricing_quantity,
        -- DuckDB's least and greatest pass over a null, BigQuery's do not.
        cast(
            case when allowance_id is null then 0 else greatest(0, least(quantity, allowance_quantity - used_before)) end
            as decimal(26,6)
        ) as free_quantity
    from pooled_positions
    where true
),

-- What is free is used first, so that the tiers are passed by what is left of the row.
tier_portions as (
    select
        usage.pooled_row,
        usage.per_block,
        cast(greatest(
            0,
            least(usage.month_before + usage.quantity, coalesce(tiers.tier_until, 9223372036854775807))
            - greatest(usage.month_before + usage.free_quantity, tiers.tier_from)
        ) as decimal(26,6)) as quantity,
        coalesce(
            tiers.unit_price,
            cast(usage.contracted_unit_price * tiers.price_factor as decimal(24,12)),
            usage.contracted_unit_price
        ) as unit_price
    from pooled_quantities as usage
    inner join volume_tiers as tiers
        on tiers.provider = usage.provider and tiers.model_id is not distinct from usage.model_id and tiers.meter = usage.meter and tiers.service_tier = usage.service_tier and tiers.geography is not distinct from usage.geography and tiers.context_tokens_above is not distinct from usage.context_tokens_above and tiers.context_tokens_up_to is not distinct from usage.context_tokens_up_to and tiers.variant is not distinct from usage.variant
        and tiers.price_org = usage.x_org_slug
        and tiers.price_account = usage.x_genai_account_id
        and tiers.valid_from = usage.priced_from
    where usage.has_volume_tiers
),

tier_costs as (
    select
        pooled_row,
        cast(sum(cast(case
            when try_cast(quantity as decimal(18,6)) = cast(try_cast(quantity as decimal(18,6)) as bigint)
                then cast(cast(try_cast(quantity as decimal(18,6)) as bigint) * cast(per_block as decimal(7,6)) as decimal(26,6))
            else cast(quantity * per_block as decimal(26,6))
        end * unit_price as decimal(38,18))) as decimal(38,18))
            as effective_cost,
        min(unit_price) as lowest_unit_price,
        max(unit_price) as highest_unit_price
    from tier_portions
    group by pooled_row
),

pooled_charges as (
    select
        usage.*,
        case
            when try_cast((usage.quantity - usage.free_quantity) as decimal(18,6)) = cast(try_cast((usage.quantity - usage.free_quantity) as decimal(18,6)) as bigint)
                then cast(cast(try_cast((usage.quantity - usage.free_quantity) as decimal(18,6)) as bigint) * cast(usage.per_block as decimal(7,6)) as decimal(26,6))
            else cast((usage.quantity - usage.free_quantity) * usage.per_block as decimal(26,6))
        end as charged_quantity,
        cast(usage.pricing_quantity * usage.list_unit_price as decimal(38,18)) as list_cost,
        coalesce(
            tier_costs.effective_cost,
            cast(case
            when try_cast((usage.quantity - usage.free_quantity) as decimal(18,6)) = cast(try_cast((usage.quantity - usage.free_quantity) as decimal(18,6)) as bigint)
                then cast(cast(try_cast((usage.quantity - usage.free_quantity) as decimal(18,6)) as bigint) * cast(usage.per_block as decimal(7,6)) as decimal(26,6))
            else cast((usage.quantity - usage.free_quantity) * usage.per_block as decimal(26,6))
        end * usage.contracted_unit_price as decimal(38,18))
        ) as effective_cost,
        least(usage.lowest_unit_price, coalesce(tier_costs.lowest_unit_price, usage.lowest_unit_price)) as lowest_tier_price,
        greatest(usage.highest_unit_price, coalesce(tier_costs.highest_unit_price, usage.highest_unit_price))
            as highest_tier_price
    from pooled_quantities as usage
    left join tier_costs on tier_costs.pooled_row = usage.pooled_row
),

rated_usage as (
    select
        usage_id,
        pricing_status,
        pricing_id,
        pricing_type,
        pricing_source,
        contracted_pricing_id,
        contracted_pricing_type,
        contracted_pricing_source,
        currency,
        pricing_unit,
        list_unit_price,
        contracted_unit_price,
        pricing_reason,
        pricing_status in ('estimated', 'unpriced') as is_estimated,
        pricing_quantity,
        case when pricing_status != 'unpriced' then cast(0 as decimal(26,6)) end as free_quantity,
        list_cost,
        effective_cost as contracted_cost,
        effective_cost,
        case
            when pricing_status in ('estimated', 'unpriced') then cast(pricing_quantity * lowest_unit_price as decimal(38,18))
            else effective_cost
        end as cost_lower_bound,
        case
            when pricing_status in ('estimated', 'unpriced') then cast(pricing_quantity * highest_unit_price as decimal(38,18))
            else effective_cost
        end as cost_upper_bound
    from simple_charges
    union all
    select
        usage_id,
        pricing_status,
        pricing_id,
        pricing_type,
        pricing_source,
        contracted_pricing_id,
        contracted_pricing_type,
        contracted_pricing_source,
        currency,
        pricing_unit,
        list_unit_price,
        contracted_unit_price,
        pricing_reason,
        pricing_status in ('estimated', 'unpriced') as is_estimated,
        pricing_quantity,
        free_quantity,
        list_cost,
        cast(pricing_quantity * contracted_unit_price as decimal(38,18)) as contracted_cost,
        effective_cost,
        case
            when pricing_status = 'estimated' then cast(charged_quantity * lowest_tier_price as decimal(38,18))
            else effective_cost
        end as cost_lower_bound,
        case
            when pricing_status = 'estimated' then cast(charged_quantity * highest_tier_price as decimal(38,18))
            else effective_cost
        end as cost_upper_bound
    from pooled_charges
)

select * from rated_usage
