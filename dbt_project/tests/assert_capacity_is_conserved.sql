{{ config(meta={'dagster': {'ref': {'name': 'genai_commitment_costs_daily'}}}) }}

-- Capacity that was provisioned or drawn is used or overage, once: unit-hours by day, organisation, provider and meter.
with provisioned as (
    select x_ingestion_date, x_org_slug, provider, meter, sum(usage.quantity) as quantity
    from {{ ref('genai_commitment_usage_raw') }} as usage
    where
        {{ in_window('x_ingestion_date') }}
        and meter in (select meter from {{ source('reference', 'genai_meters') }} where kind = 'capacity')
    group by x_ingestion_date, x_org_slug, provider, meter
    having sum(usage.quantity) != 0
),

charged as (
    select x_ingestion_date, x_org_slug, provider, meter, sum(quantity) as quantity
    from {{ ref('genai_commitment_costs_daily') }}
    where
        {{ in_window('x_ingestion_date') }}
        and charge_category = 'Usage'
        and coalesce(commitment_status, 'none') != 'Unused'
        -- What a contract's tokens draw is worked out, not landed.
        and meter != 'throughput_unit_hour'
    group by x_ingestion_date, x_org_slug, provider, meter
)

select
    coalesce(provisioned.provider, charged.provider) as provider,
    coalesce(provisioned.meter, charged.meter) as meter,
    provisioned.quantity as provisioned_quantity,
    charged.quantity as charged_quantity
from provisioned
full outer join charged
    on provisioned.x_ingestion_date = charged.x_ingestion_date
    and provisioned.x_org_slug = charged.x_org_slug
    and provisioned.provider = charged.provider
    and provisioned.meter = charged.meter
where provisioned.quantity is distinct from charged.quantity
