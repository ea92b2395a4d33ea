{#
  Where commitments are to be used: capacity and commitments of one pool meet.

  narrow   the one resource, or the account: what a commitment that is for them covers first
  wide     the whole organisation (PTU), or the account's models of one region (model units)
#}
{% macro narrow_pool(meter, account, scope, region, model, resource) -%}
    concat(
        {{ meter }}, '|',
        case {{ meter }}
            when 'ptu_hour'
                then concat({{ account }}, '|', coalesce({{ scope }}, ''), '|', coalesce({{ region }}, ''))
            when 'model_unit_hour' then coalesce(lower({{ resource }}), '')
            else concat({{ account }}, '|', coalesce({{ model }}, ''), '|', coalesce({{ region }}, ''))
        end
    )
{%- endmacro %}

{% macro wide_pool(meter, account, scope, region, model) -%}
    concat(
        {{ meter }}, '|',
        case {{ meter }}
            when 'ptu_hour' then concat(coalesce({{ scope }}, ''), '|', coalesce({{ region }}, ''))
            else concat({{ account }}, '|', coalesce({{ model }}, ''), '|', coalesce({{ region }}, ''))
        end
    )
{%- endmacro %}

{# The scope of capacity, from the geography that usage names. #}
{% macro scope_of(geography) -%}
    case
        when {{ geography }} = 'global' then 'global'
        when {{ geography }} like 'data_zone%' then 'data_zone'
        when {{ geography }} is not null then 'regional'
    end
{%- endmacro %}

{#
  Which commitment covers which capacity in an hour: both are laid end to end, and where they overlap one covers the other.
  Every unit of capacity is covered once, and every unit of a commitment covers once.

  capacity     step with item_number, pool, x_org_slug, provider, hour_start, quantity
  commitments  step with commitment_number, pool, x_org_slug, provider, hour_start, usable_quantity

  Both are laid in the order of their numbers. Gives a step's body with commitment_number, item_number, hour_start, covered_quantity.
#}
{% macro covered_by(capacity, commitments) -%}
    select
        laid_commitments.commitment_number,
        laid_capacity.item_number,
        laid_capacity.hour_start,
        cast(
            least(laid_capacity.to_quantity, laid_commitments.to_quantity)
            - greatest(laid_capacity.from_quantity, laid_commitments.from_quantity)
            as {{ type_quantity() }}
        ) as covered_quantity
    from (
        select
            x_org_slug,
            provider,
            pool,
            item_number,
            hour_start,
            sum(quantity) over (
                partition by x_org_slug, provider, pool, hour_start order by item_number rows unbounded preceding
            ) as to_quantity,
            sum(quantity) over (
                partition by x_org_slug, provider, pool, hour_start order by item_number rows unbounded preceding
            ) - quantity as from_quantity
        from {{ capacity }}
    ) as laid_capacity
    inner join (
        select
            x_org_slug,
            provider,
            pool,
            commitment_number,
            hour_start,
            sum(usable_quantity) over (
                partition by x_org_slug, provider, pool, hour_start
                order by commitment_number rows unbounded preceding
            ) as to_quantity,
            sum(usable_quantity) over (
                partition by x_org_slug, provider, pool, hour_start
                order by commitment_number rows unbounded preceding
            ) - usable_quantity as from_quantity
        from {{ commitments }}
    ) as laid_commitments
        on laid_commitments.x_org_slug = laid_capacity.x_org_slug
        and laid_commitments.provider = laid_capacity.provider
        and laid_commitments.pool = laid_capacity.pool
        and laid_commitments.hour_start = laid_capacity.hour_start
    where
        laid_capacity.from_quantity < laid_commitments.to_quantity
        and laid_commitments.from_quantity < laid_capacity.to_quantity
{%- endmacro %}

{# Model under which capacity is priced: a model that no rule knows is priced under the provider's spelling. #}
{% macro price_model(model_id, provider_model_id) -%} coalesce({{ model_id }}, lower({{ provider_model_id }})) {%- endmacro %}
