{{ config(meta={'dagster': {'ref': {'name': 'genai_payg_costs_daily'}}}) }}

-- Capacity is charged by commitment, not by row of usage: assert_capacity_is_conserved looks at it.
-- Rating neither drops nor multiplies: rows and quantity by day, organisation, provider and meter. Together with the unique grain of both
-- tables, which is the same, equal counts mean one cost row for each row of usage.
with billable as (
    select flow, x_ingestion_date, x_org_slug, provider, meter, count(*) as row_count, sum(quantity) as quantity
    from {{ ref('genai_usage_daily_unified') }}
    where flow in ('payg', 'infrastructure') and is_billable and {{ in_window('x_ingestion_date') }}
    group by flow, x_ingestion_date, x_org_slug, provider, meter
),

rated as (
    {% for flow in ['payg', 'infrastructure'] -%}
    select flow, x_ingestion_date, x_org_slug, provider, meter, count(*) as row_count, sum(quantity) as quantity
    from {{ ref('genai_' ~ flow ~ '_costs_daily') }}
    where {{ in_window('x_ingestion_date') }}
    group by flow, x_ingestion_date, x_org_slug, provider, meter
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    coalesce(billable.provider, rated.provider) as provider,
    coalesce(billable.meter, rated.meter) as meter,
    billable.row_count as usage_rows,
    rated.row_count as cost_rows
from billable
full outer join rated
    on billable.flow = rated.flow
    and billable.x_ingestion_date = rated.x_ingestion_date
    and billable.x_org_slug = rated.x_org_slug
    and billable.provider = rated.provider
    and billable.meter = rated.meter
where
    billable.row_count is distinct from rated.row_count
    or billable.quantity is distinct from rated.quantity
