{{ config(**replaced_by_day('int_commitment__hourly_coverage')) }}

-- What is committed and what there is of capacity, by the hour, and which covers which.
with priced_hours as (
    select * from {{ ref('int_commitment__committed_hours') }}
),

capacity as (
    select * from {{ ref('int_commitment__capacity_hours') }}
),

commitments as (
    select * from {{ ref('int_commitment__priced_commitments') }}
),

-- First what is for one resource or account only, then what is for the whole organisation: the other way round a commitment would
-- be idle that could have been used.
narrow_capacity as (
    select
        x_org_slug,
        provider,
        item_number,
        hour_start,
        quantity,
        coalesce(
            'commitment|' || drawn_commitment_id,
            {{ narrow_pool('meter', 'x_genai_account_id', 'scope', 'region_id', price_model('model_id', 'provider_model_id'), 'resource_id') }}
        ) as pool
    from capacity
),

narrow_commitments as (
    select
        x_org_slug,
        provider,
        commitment_number,
        hour_start,
        usable_quantity,
        narrow_pool as pool
    from priced_hours
    where narrow_pool is not null
),

narrow_cover as (
    {{ covered_by('narrow_capacity', 'narrow_commitments') }}
),

narrow_used as (
    select
        item_number,
        hour_start,
        sum(covered_quantity) as used_quantity
    from narrow_cover
    group by item_number, hour_start
),

wide_commitments as (
    select
        x_org_slug,
        provider,
        commitment_number,
        hour_start,
        usable_quantity,
        wide_pool as pool
    from priced_hours
    where wide_pool is not null
),

left_over as (
    select
        capacity.x_org_slug,
        capacity.provider,
        capacity.item_number,
        capacity.hour_start,
        {{ wide_pool(
            'capacity.meter', 'capacity.x_genai_account_id', 'capacity.scope', 'capacity.region_id',
            price_model('capacity.model_id', 'capacity.provider_model_id')
        ) }} as pool,
        capacity.quantity - coalesce(narrow_used.used_quantity, 0) as quantity
    from capacity
    left join narrow_used
        on narrow_used.item_number = capacity.item_number
        and narrow_used.hour_start = capacity.hour_start
    where capacity.meter in ('ptu_hour', 'model_unit_hour')
),

wide_cover as (
    {{ covered_by('left_over', 'wide_commitments') }}
),

cover as (
    select * from narrow_cover
    union all
    select * from wide_cover
),

-- The hour's cost is divided in the order of the items, again by what has accrued: the idle rest takes what is left.
divided as (
    select
        cover.*,
        priced_hours.commitment_id,
        priced_hours.cost_number,
        priced_hours.committed_quantity,
        sum(cover.covered_quantity) over (
            partition by cover.commitment_number, cover.hour_start
            order by cover.item_number rows unbounded preceding
        ) as to_quantity
    from cover
    inner join priced_hours
        on priced_hours.commitment_number = cover.commitment_number
        and priced_hours.hour_start = cover.hour_start
),

used as (
    select
        commitment_number,
        commitment_id,
        item_number,
        hour_start,
        covered_quantity,
        case
            when to_quantity = committed_quantity then cost_number
            else {{ whole_quotient(
                'cost_number * ' ~ quantity_to_integer('to_quantity'), quantity_to_integer('committed_quantity')
            ) }}
        end
        - case
            when to_quantity = covered_quantity then {{ wide_integer(0) }}
            else {{ whole_quotient(
                'cost_number * ' ~ quantity_to_integer('to_quantity - covered_quantity'), quantity_to_integer('committed_quantity')
            ) }}
        end as cost_number
    from divided
),

used_of_commitments as (
    select
        commitment_number,
        hour_start,
        sum(covered_quantity) as used_quantity,
        sum(cost_number) as used_cost_number
    from used
    group by commitment_number, hour_start
),

used_of_items as (
    select
        item_number,
        hour_start,
        sum(covered_quantity) as used_quantity
    from used
    group by item_number, hour_start
),

-- Tokens beyond a contract's throughput are served, and priced, as pay-as-you-go by the provider: they are no capacity.
parts_of_capacity as (
    select
        item_number,
        hour_start,
        commitment_id,
        'Used' as commitment_status,
        covered_quantity,
        {{ integer_to_cost('cost_number') }} as effective_cost,
        cast(0 as {{ type_cost() }}) as billed_cost
    from used
    union all
    select
        capacity.item_number,
        capacity.hour_start,
        cast(null as {{ type_string() }}) as commitment_id,
        cast(null as {{ type_string() }}) as commitment_status,
        capacity.quantity - coalesce(used_of_items.used_quantity, 0) as covered_quantity,
        cast(null as {{ type_cost() }}) as effective_cost,
        cast(null as {{ type_cost() }}) as billed_cost
    from capacity
    left join used_of_items
        on used_of_items.item_number = capacity.item_number
        and used_of_items.hour_start = capacity.hour_start
    where
        capacity.meter != 'throughput_unit_hour'
        and capacity.quantity - coalesce(used_of_items.used_quantity, 0) > 0
),

idle as (
    select
        priced_hours.x_org_slug,
        priced_hours.provider,
        priced_hours.commitment_id,
        priced_hours.hour_start,
        priced_hours.bought_quantity,
        priced_hours.billed_cost,
        priced_hours.committed_quantity - coalesce(used_of_commitments.used_quantity, 0) as idle_quantity,
        priced_hours.cost_number - coalesce(used_of_commitments.used_cost_number, {{ wide_integer(0) }}) as idle_cost_number
    from priced_hours
    left join used_of_commitments
        on used_of_commitments.commitment_number = priced_hours.commitment_number
        and used_of_commitments.hour_start = priced_hours.hour_start
),

parts_of_commitments as (
    select
        x_org_slug,
        provider,
        commitment_id,
        hour_start,
        'Usage' as charge_category,
        'Unused' as commitment_status,
        idle_quantity as quantity,
        {{ integer_to_cost('idle_cost_number') }} as effective_cost,
        cast(0 as {{ type_cost() }}) as billed_cost
    from idle
    where idle_quantity > 0 or idle_cost_number != {{ wide_integer(0) }}
    union all
    select
        x_org_slug,
        provider,
        commitment_id,
        hour_start,
        'Purchase' as charge_category,
        cast(null as {{ type_string() }}) as commitment_status,
        bought_quantity as quantity,
        case when billed_cost is not null then cast(0 as {{ type_cost() }}) end as effective_cost,
        billed_cost
    from idle
    where bought_quantity is not null
),

final as (
    select
        capacity.x_org_slug,
        capacity.provider,
        capacity.x_genai_account_id,
        capacity.x_credential_id,
        capacity.x_pipeline_id,
        capacity.x_genai_provider,
        capacity.meter,
        'Usage' as charge_category,
        parts_of_capacity.commitment_id,
        parts_of_capacity.commitment_status,
        capacity.sub_account_id,
        capacity.sub_account_name,
        capacity.sub_account_type,
        capacity.resource_id,
        capacity.resource_name,
        capacity.resource_type,
        capacity.provider_model_id,
        capacity.model_id,
        capacity.model_name,
        capacity.model_developer,
        capacity.model_family,
        capacity.region_id,
        capacity.geography,
        capacity.scope,
        capacity.provider_service_tier,
        capacity.metering_source,
        capacity.hour_start,
        cast(parts_of_capacity.covered_quantity as {{ type_quantity() }}) as quantity,
        parts_of_capacity.effective_cost,
        parts_of_capacity.billed_cost,
        capacity.x_run_id,
        capacity.x_ingested_at,
        {{ utc_date('capacity.hour_start') }} as x_ingestion_date
    from parts_of_capacity
    inner join capacity
        on capacity.item_number = parts_of_capacity.item_number
        and capacity.hour_start = parts_of_capacity.hour_start
    union all
    select
        commitments.x_org_slug,
        commitments.provider,
        commitments.account_id as x_genai_account_id,
        commitments.x_credential_id,
        commitments.provider || '.commitment_usage' as x_pipeline_id,
        upper(commitments.provider) as x_genai_provider,
        commitments.meter,
        parts_of_commitments.charge_category,
        commitments.commitment_id,
        parts_of_commitments.commitment_status,
        cast(null as {{ type_string() }}) as sub_account_id,
        cast(null as {{ type_string() }}) as sub_account_name,
        cast(null as {{ type_string() }}) as sub_account_type,
        cast(null as {{ type_string() }}) as resource_id,
        cast(null as {{ type_string() }}) as resource_name,
        cast(null as {{ type_string() }}) as resource_type,
        commitments.provider_model_id,
        commitments.model_id,
        commitments.model_name,
        commitments.model_developer,
        commitments.model_family,
        commitments.region_id,
        cast(null as {{ type_string() }}) as geography,
        commitments.scope,
        cast(null as {{ type_string() }}) as provider_service_tier,
        cast(null as {{ type_string() }}) as metering_source,
        parts_of_commitments.hour_start,
        cast(parts_of_commitments.quantity as {{ type_quantity() }}) as quantity,
        parts_of_commitments.effective_cost,
        parts_of_commitments.billed_cost,
        'genai_commitments' as x_run_id,
        commitments.last_observed_at as x_ingested_at,
        {{ utc_date('parts_of_commitments.hour_start') }} as x_ingestion_date
    from parts_of_commitments
    inner join commitments
        on commitments.x_org_slug = parts_of_commitments.x_org_slug
        and commitments.provider = parts_of_commitments.provider
        and commitments.commitment_id = parts_of_commitments.commitment_id
)

select * from final
