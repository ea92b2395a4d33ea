{#
  Prices usage as of its day: one output row for each row of usage that the filter lets through, always.

  usage           a relation of the shape of genai_usage_daily_unified
  filter          condition on the rows to be rated
  history_filter  condition on these rows and those before them, as in resolve_prices
  resolved, volume_tiers   what resolve_prices gives
  columns         columns of usage that come out again
  grain           columns that tell two rows apart, to break ties within a day

  Returns the body of a with clause whose last step, rated_usage, has these columns, and pricing_status, pricing_reason,
  is_estimated, the origin of both prices (pricing_*, contracted_pricing_*), currency, pricing_unit, pricing_quantity,
  free_quantity, list_unit_price, contracted_unit_price, list_cost, contracted_cost, effective_cost, cost_lower_bound,
  cost_upper_bound.

  Three ways, so that a row pays for what it needs: usage of organisations without rates of their own is joined on the key; that of
  the others on the key and its owner; and what shares an allowance or a volume tier is put in order of time and counted up. Within
  a day the dearest comes first, so that the order in which rows arrive never matters. usage is named in each of them on purpose,
  because an engine that keeps a step which is used twice would keep a copy of all rows.
#}
{% macro apply_prices(usage, filter, history_filter, resolved, volume_tiers, columns, grain) %}
{%- set key = rating_key() -%}
{%- set resolved_columns = [
    'pricing_status', 'pricing_id', 'pricing_type', 'pricing_source', 'contracted_pricing_id', 'contracted_pricing_type',
    'contracted_pricing_source', 'currency', 'pricing_unit', 'per_block', 'list_unit_price', 'contracted_unit_price',
    'lowest_unit_price', 'highest_unit_price'
] -%}
{%- set priced_columns -%}
    usage.*,
        {% for column in resolved_columns %}resolved.{{ column }}, {% endfor %}
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
{%- endset -%}
{%- set grain_of_usage = [] -%}
{%- for column in grain %}{% do grain_of_usage.append('usage.' ~ column) %}{% endfor -%}
{%- set on_day -%}
usage.usage_date >= resolved.valid_from
        and usage.usage_date < resolved.valid_until
{%- endset -%}
{%- set owned -%}
resolved.price_org = usage.x_org_slug
        and resolved.price_account = usage.x_genai_account_id
{%- endset -%}
everyones_prices as (
    select * from {{ resolved }}
    where price_org is null
),

owned_prices as (
    select * from {{ resolved }}
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
        {{ priced_columns }}
    from {{ usage }} as usage
    left join {{ few_rows('everyones_prices') }} as resolved
        on {{ same_key('resolved', 'usage', key) }}
        and {{ on_day }}
    where {{ filter }} and usage.x_org_slug not in (select owners.x_org_slug from owners)
    union all
    select
        {{ priced_columns }}
    from {{ usage }} as usage
    left join {{ few_rows('owned_prices') }} as resolved
        on {{ same_key('resolved', 'usage', key) }}
        and {{ owned }}
        and {{ on_day }}
    where
        {{ filter }}
        and usage.x_org_slug in (select owners.x_org_slug from owners)
        and not coalesce(resolved.is_pooled, false)
),

simple_quantities as (
    select
        *,
        {{ in_pricing_units('quantity', 'per_block') }} as pricing_quantity
    from simple_usage
),

simple_costs as (
    select
        *,
        {{ exact_cost('pricing_quantity', 'list_unit_price') }} as list_cost
    from simple_quantities
),

-- A product of wide decimals is the dearest thing that is done per row: what equals the list cost is not multiplied again.
simple_charges as (
    select
        *,
        case
            when contracted_unit_price = list_unit_price then list_cost
            else {{ exact_cost('pricing_quantity', 'contracted_unit_price') }}
        end as effective_cost
    from simple_costs
),

pooled_usage as (
    select
        {{ priced_columns }},
        resolved.pool,
        resolved.valid_from as priced_from,
        resolved.allowance_id,
        resolved.allowance_quantity,
        resolved.has_volume_tiers,
        case resolved.allowance_reset
            when 'daily' then usage.usage_date
            when 'monthly' then {{ month_start('usage.usage_date') }}
            else {{ start_of_time() }}
        end as allowance_from,
        {{ month_start('usage.usage_date') }} as month_from,
        -- One text is sorted in a fraction of the time of twenty columns, and equal on every engine.
        {{ row_id(grain_of_usage) }} as pooled_row
    from {{ usage }} as usage
    inner join {{ few_rows('pooled_prices') }} as resolved
        on {{ same_key('resolved', 'usage', key) }}
        and {{ owned }}
        and {{ on_day }}
    where {{ history_filter }} and usage.x_org_slug in (select pool_owners.x_org_slug from pool_owners)
),

{% set in_order -%}
order by usage_date, contracted_unit_price desc, pooled_row
            rows between unbounded preceding and 1 preceding
{%- endset -%}
pooled_positions as (
    select
        *,
        coalesce(sum(quantity) over (
            partition by x_org_slug, x_genai_account_id, provider, model_id, pool, allowance_id, allowance_from
            {{ in_order }}
        ), 0) as used_before,
        coalesce(sum(quantity) over (
            partition by x_org_slug, x_genai_account_id, provider, model_id, pool, month_from
            {{ in_order }}
        ), 0) as month_before
    from pooled_usage
),

pooled_quantities as (
    select
        *,
        {{ in_pricing_units('quantity', 'per_block') }} as pricing_quantity,
        -- DuckDB's least and greatest pass over a null, BigQuery's do not.
        cast(
            case when allowance_id is null then 0 else greatest(0, least(quantity, allowance_quantity - used_before)) end
            as {{ type_quantity() }}
        ) as free_quantity
    from pooled_positions
    where {{ filter }}
),

-- What is free is used first, so that the tiers are passed by what is left of the row.
tier_portions as (
    select
        usage.pooled_row,
        usage.per_block,
        cast(greatest(
            0,
            least(usage.month_before + usage.quantity, coalesce(tiers.tier_until, {{ no_token_limit() }}))
            - greatest(usage.month_before + usage.free_quantity, tiers.tier_from)
        ) as {{ type_quantity() }}) as quantity,
        coalesce(
            tiers.unit_price,
            cast(usage.contracted_unit_price * tiers.price_factor as {{ type_rate() }}),
            usage.contracted_unit_price
        ) as unit_price
    from pooled_quantities as usage
    inner join {{ volume_tiers }} as tiers
        on {{ same_key('tiers', 'usage', key) }}
        and tiers.price_org = usage.x_org_slug
        and tiers.price_account = usage.x_genai_account_id
        and tiers.valid_from = usage.priced_from
    where usage.has_volume_tiers
),

tier_costs as (
    select
        pooled_row,
        cast(sum({{ exact_cost(in_pricing_units('quantity', 'per_block'), 'unit_price') }}) as {{ type_cost() }})
            as effective_cost,
        min(unit_price) as lowest_unit_price,
        max(unit_price) as highest_unit_price
    from tier_portions
    group by pooled_row
),

pooled_charges as (
    select
        usage.*,
        {{ in_pricing_units('(usage.quantity - usage.free_quantity)', 'usage.per_block') }} as charged_quantity,
        {{ exact_cost('usage.pricing_quantity', 'usage.list_unit_price') }} as list_cost,
        coalesce(
            tier_costs.effective_cost,
            {{ exact_cost(
                in_pricing_units('(usage.quantity - usage.free_quantity)', 'usage.per_block'), 'usage.contracted_unit_price'
            ) }}
        ) as effective_cost,
        least(usage.lowest_unit_price, coalesce(tier_costs.lowest_unit_price, usage.lowest_unit_price)) as lowest_tier_price,
        greatest(usage.highest_unit_price, coalesce(tier_costs.highest_unit_price, usage.highest_unit_price))
            as highest_tier_price
    from pooled_quantities as usage
    left join tier_costs on tier_costs.pooled_row = usage.pooled_row
),

{% set origins = resolved_columns | reject('in', ['per_block', 'lowest_unit_price', 'highest_unit_price']) | list -%}
{#- Bounds that equal the cost are not multiplied again. -#}
rated_usage as (
    select
        {{ (columns + origins) | join(',\n        ') }},
        pricing_reason,
        pricing_status in ('estimated', 'unpriced') as is_estimated,
        pricing_quantity,
        case when pricing_status != 'unpriced' then cast(0 as {{ type_quantity() }}) end as free_quantity,
        list_cost,
        effective_cost as contracted_cost,
        effective_cost,
        {%- for bound in ('lowest', 'highest') %}
        case
            when pricing_status in ('estimated', 'unpriced') then {{ exact_cost('pricing_quantity', bound ~ '_unit_price') }}
            else effective_cost
        end as cost_{{ {'lowest': 'lower', 'highest': 'upper'}[bound] }}_bound{{ ',' if not loop.last }}
        {%- endfor %}
    from simple_charges
    union all
    select
        {{ (columns + origins) | join(',\n        ') }},
        pricing_reason,
        pricing_status in ('estimated', 'unpriced') as is_estimated,
        pricing_quantity,
        free_quantity,
        list_cost,
        {{ exact_cost('pricing_quantity', 'contracted_unit_price') }} as contracted_cost,
        effective_cost,
        {%- for bound in ('lowest', 'highest') %}
        case
            when pricing_status = 'estimated' then {{ exact_cost('charged_quantity', bound ~ '_tier_price') }}
            else effective_cost
        end as cost_{{ {'lowest': 'lower', 'highest': 'upper'}[bound] }}_bound{{ ',' if not loop.last }}
        {%- endfor %}
    from pooled_charges
)
{%- endmacro %}
