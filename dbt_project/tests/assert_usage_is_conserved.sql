{{ config(meta={'dagster': {'ref': {'name': 'genai_usage_daily_unified'}}}) }}

-- Nothing that was landed is lost or doubled: quantity by flow, day, organisation, provider and meter, in every layer. A provider that is missing
-- from a layer altogether has null there, which is a difference too.
with layers as (
    {% for flow in ['payg', 'commitment', 'infrastructure'] -%}
    select
        '{{ flow }}' as flow,
        x_ingestion_date,
        x_org_slug,
        provider,
        meter,
        quantity as landed_quantity,
        null as raw_quantity,
        null as unified_quantity
    from {{ source('landing', 'genai_' ~ flow ~ '_usage_raw') }}
    where {{ in_window('day') }} and meter not in ({{ gauges() }})
    union all
    select '{{ flow }}', x_ingestion_date, x_org_slug, provider, meter, null, quantity, null
    from {{ ref('genai_' ~ flow ~ '_usage_raw') }}
    where {{ in_window('x_ingestion_date') }} and meter not in ({{ gauges() }})
    union all
    {% endfor -%}
    select flow, x_ingestion_date, x_org_slug, provider, meter, null, null, quantity
    from {{ ref('genai_usage_daily_unified') }}
    where {{ in_window('x_ingestion_date') }}
)

select
    flow,
    x_ingestion_date,
    x_org_slug,
    provider,
    meter,
    sum(landed_quantity) as landed_quantity,
    sum(raw_quantity) as raw_quantity,
    sum(unified_quantity) as unified_quantity
from layers
group by flow, x_ingestion_date, x_org_slug, provider, meter
-- With the name of the step, because BigQuery takes a bare name for the sum above.
having
    sum(layers.landed_quantity) is distinct from sum(layers.raw_quantity)
    or sum(layers.raw_quantity) is distinct from sum(layers.unified_quantity)
