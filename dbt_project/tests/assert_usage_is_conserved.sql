{{ config(meta={'dagster': {'ref': {'name': 'genai_usage_daily_unified'}}}) }}

-- Nothing that was landed is lost or doubled: quantity by day, organisation, provider and meter, in every layer. A provider that is missing
-- from a layer altogether has null there, which is a difference too.
with layers as (
    select
        x_ingestion_date,
        x_org_slug,
        provider,
        meter,
        quantity as landed_quantity,
        null as raw_quantity,
        null as unified_quantity
    from {{ source('landing', 'genai_payg_usage_raw') }}
    where {{ in_window('day') }}
    union all
    select x_ingestion_date, x_org_slug, provider, meter, null, quantity, null
    from {{ ref('genai_payg_usage_raw') }}
    where {{ in_window('x_ingestion_date') }}
    union all
    select x_ingestion_date, x_org_slug, provider, meter, null, null, quantity
    from {{ ref('genai_usage_daily_unified') }}
    where flow = 'payg' and {{ in_window('x_ingestion_date') }}
)

select
    x_ingestion_date,
    x_org_slug,
    provider,
    meter,
    sum(landed_quantity) as landed_quantity,
    sum(raw_quantity) as raw_quantity,
    sum(unified_quantity) as unified_quantity
from layers
group by x_ingestion_date, x_org_slug, provider, meter
-- With the name of the step, because BigQuery takes a bare name for the sum above.
having
    sum(layers.landed_quantity) is distinct from sum(layers.raw_quantity)
    or sum(layers.raw_quantity) is distinct from sum(layers.unified_quantity)
