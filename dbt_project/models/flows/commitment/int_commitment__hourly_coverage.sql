{{ config(**replaced_by_day('int_commitment__hourly_coverage')) }}

-- What is committed and what there is of capacity, by the hour, and which covers which.
with priced_hours as (
    select * from {{ ref('int_commitment__committed_hours') }}
),

capacity as (
    select * from {{ ref('int_commitment__capacity_hours') }}
),

-- First what is for one resource or account only, then what is for the whole organisation: the other way round a commitment would
-- be idle that could have been used.
narrow_capacity as (
    select
        x_org_slug,
        provider,
        item_id,
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
        commitment_id,
        starts_at,
        hour_start,
        usable_quantity,
        case
            when meter = 'throughput_unit_hour' then 'commitment|' || commitment_id
            else {{ narrow_pool('meter', 'account_id', 'scope', 'region_id', 'price_model_id', 'resource_id') }}
        end as pool
    from priced_hours
    where
        (meter = 'ptu_hour' and applies_to = 'account')
        or (meter = 'model_unit_hour' and applies_to = 'resource')
        or meter in ('gsu_hour', 'throughput_unit_hour')
),

narrow_cover as (
    {{ covered_by('narrow_capacity', 'narrow_commitments') }}
),

left_over as (
    select
        capacity.x_org_slug,
        capacity.provider,
        capacity.item_id,
        capacity.hour_start,
        {{ wide_pool(
            'capacity.meter', 'capacity.x_genai_account_id', 'capacity.scope', 'capacity.region_id',
            price_model('capacity.model_id', 'capacity.provider_model_id')
        ) }} as pool,
        capacity.quantity - coalesce(sum(narrow_cover.covered_quantity), 0) as quantity
    from capacity
    left join narrow_cover
        on narrow_cover.x_org_slug = capacity.x_org_slug
        and narrow_cover.provider = capacity.provider
        and narrow_cover.item_id = capacity.item_id
        and narrow_cover.hour_start = capacity.hour_start
    where capacity.meter in ('ptu_hour', 'model_unit_hour')
    group by
        capacity.x_org_slug,
        capacity.provider,
        capacity.item_id,
        capacity.hour_start,
        capacity.quantity,
        {{ wide_pool(
            'capacity.meter', 'capacity.x_genai_account_id', 'capacity.scope', 'capacity.region_id',
            price_model('capacity.model_id', 'capacity.provider_model_id')
        ) }}
),

wide_commitments as (
    select
        x_org_slug,
        provider,
        commitment_id,
        starts_at,
        hour_start,
        usable_quantity,
        {{ wide_pool('meter', 'account_id', 'scope', 'region_id', 'price_model_id') }} as pool
    from priced_hours
    where
        (meter = 'ptu_hour' and applies_to = 'organisation')
        or (meter = 'model_unit_hour' and applies_to in ('account', 'organisation'))
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
        priced_hours.cost_number,
        priced_hours.committed_quantity,
        sum(cover.covered_quantity) over (
            partition by cover.x_org_slug, cover.provider, cover.commitment_id, cover.hour_start
            order by cover.item_id rows unbounded preceding
        ) as to_quantity
    from cover
    inner join priced_hours
        on priced_hours.x_org_slug = cover.x_org_slug
        and priced_hours.provider = cover.provider
        and priced_hours.commitment_id = cover.commitment_id
        and priced_hours.hour_start = cover.hour_start
),

used as (
    select
        x_org_slug,
        provider,
        commitment_id,
        item_id,
        hour_start,
        covered_quantity,
        {{ whole_quotient(
            'cost_number * ' ~ quantity_to_integer('to_quantity'), quantity_to_integer('committed_quantity')
        ) }}
        - {{ whole_quotient(
            'cost_number * ' ~ quantity_to_integer('to_quantity - covered_quantity'), quantity_to_integer('committed_quantity')
        ) }} as cost_number
    from divided
),

used_of_commitments as (
    select
        x_org_slug,
        provider,
        commitment_id,
        hour_start,
        sum(covered_quantity) as used_quantity,
        sum(cost_number) as used_cost_number
    from used
    group by x_org_slug, provider, commitment_id, hour_start
),

used_of_items as (
    select
        x_org_slug,
        provider,
        item_id,
        hour_start,
        sum(covered_quantity) as used_quantity
    from used
    group by x_org_slug, provider, item_id, hour_start
),

used_rows as (
    select
        capacity.*,
        used.commitment_id,
        'Usage' as charge_category,
        'Used' as commitment_status,
        used.covered_quantity,
        {{ integer_to_cost('used.cost_number') }} as effective_cost,
        cast(0 as {{ type_cost() }}) as billed_cost
    from used
    inner join capacity
        on capacity.x_org_slug = used.x_org_slug
        and capacity.provider = used.provider
        and capacity.item_id = used.item_id
        and capacity.hour_start = used.hour_start
),

-- Tokens beyond a contract's throughput are served, and priced, as pay-as-you-go by the provider: they are no capacity.
overage_rows as (
    select
        capacity.*,
        cast(null as {{ type_string() }}) as commitment_id,
        'Usage' as charge_category,
        cast(null as {{ type_string() }}) as commitment_status,
        capacity.quantity - coalesce(used_of_items.used_quantity, 0) as covered_quantity,
        cast(null as {{ type_cost() }}) as effective_cost,
        cast(null as {{ type_cost() }}) as billed_cost
    from capacity
    left join used_of_items
        on used_of_items.x_org_slug = capacity.x_org_slug
        and used_of_items.provider = capacity.provider
        and used_of_items.item_id = capacity.item_id
        and used_of_items.hour_start = capacity.hour_start
    where
        capacity.meter != 'throughput_unit_hour'
        and capacity.quantity - coalesce(used_of_items.used_quantity, 0) > 0
),

idle as (
    select
        priced_hours.*,
        priced_hours.committed_quantity - coalesce(used_of_commitments.used_quantity, 0) as idle_quantity,
        priced_hours.cost_number - coalesce(used_of_commitments.used_cost_number, {{ wide_integer(0) }}) as idle_cost_number
    from priced_hours
    left join used_of_commitments
        on used_of_commitments.x_org_slug = priced_hours.x_org_slug
        and used_of_commitments.provider = priced_hours.provider
        and used_of_commitments.commitment_id = priced_hours.commitment_id
        and used_of_commitments.hour_start = priced_hours.hour_start
),

of_commitments as (
    select
        idle.*,
        'Usage' as charge_category,
        'Unused' as commitment_status,
        idle.idle_quantity as row_quantity,
        {{ integer_to_cost('idle.idle_cost_number') }} as row_effective_cost,
        cast(0 as {{ type_cost() }}) as row_billed_cost
    from idle
    where idle.idle_quantity > 0 or idle.idle_cost_number != {{ wide_integer(0) }}
    union all
    select
        idle.*,
        'Purchase' as charge_category,
        cast(null as {{ type_string() }}) as commitment_status,
        idle.bought_quantity as row_quantity,
        case when idle.billed_cost is not null then cast(0 as {{ type_cost() }}) end as row_effective_cost,
        idle.billed_cost as row_billed_cost
    from idle
    where idle.bought_quantity is not null
),

final as (
    {% for step in ['used_rows', 'overage_rows'] -%}
    select
        x_org_slug,
        provider,
        x_genai_account_id,
        x_credential_id,
        x_pipeline_id,
        x_genai_provider,
        meter,
        charge_category,
        commitment_id,
        commitment_status,
        sub_account_id,
        sub_account_name,
        sub_account_type,
        resource_id,
        resource_name,
        resource_type,
        provider_model_id,
        model_id,
        model_name,
        model_developer,
        model_family,
        region_id,
        geography,
        scope,
        provider_service_tier,
        metering_source,
        hour_start,
        cast(covered_quantity as {{ type_quantity() }}) as quantity,
        effective_cost,
        billed_cost,
        x_run_id,
        x_ingested_at,
        {{ utc_date('hour_start') }} as x_ingestion_date
    from {{ step }}
    union all
    {% endfor -%}
    select
        x_org_slug,
        provider,
        account_id as x_genai_account_id,
        x_credential_id,
        provider || '.commitment_usage' as x_pipeline_id,
        upper(provider) as x_genai_provider,
        meter,
        charge_category,
        commitment_id,
        commitment_status,
        cast(null as {{ type_string() }}) as sub_account_id,
        cast(null as {{ type_string() }}) as sub_account_name,
        cast(null as {{ type_string() }}) as sub_account_type,
        cast(null as {{ type_string() }}) as resource_id,
        cast(null as {{ type_string() }}) as resource_name,
        cast(null as {{ type_string() }}) as resource_type,
        provider_model_id,
        model_id,
        model_name,
        model_developer,
        model_family,
        region_id,
        cast(null as {{ type_string() }}) as geography,
        scope,
        cast(null as {{ type_string() }}) as provider_service_tier,
        cast(null as {{ type_string() }}) as metering_source,
        hour_start,
        cast(row_quantity as {{ type_quantity() }}) as quantity,
        row_effective_cost as effective_cost,
        row_billed_cost as billed_cost,
        'genai_commitments' as x_run_id,
        last_observed_at as x_ingested_at,
        {{ utc_date('hour_start') }} as x_ingestion_date
    from of_commitments
)

select * from final
