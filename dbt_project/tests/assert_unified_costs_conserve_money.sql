{{ config(meta={'dagster': {'ref': {'name': 'genai_costs_daily_unified'}}}) }}

-- The unified costs are the flows' costs, to the last decimal, by day, organisation, provider and currency.
with of_flows as (
    {% for flow in ['payg', 'commitment', 'infrastructure'] -%}
    select x_ingestion_date, x_org_slug, provider, currency, list_cost, contracted_cost, effective_cost, billed_cost
    from {{ ref('genai_' ~ flow ~ '_costs_daily') }}
    where {{ in_window('x_ingestion_date') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

flows as (
    select
        x_ingestion_date,
        x_org_slug,
        provider,
        currency,
        count(*) as row_count,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from of_flows
    group by x_ingestion_date, x_org_slug, provider, currency
),

unified as (
    select
        x_ingestion_date,
        x_org_slug,
        provider,
        currency,
        count(*) as row_count,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from {{ ref('genai_costs_daily_unified') }}
    where {{ in_window('x_ingestion_date') }}
    group by x_ingestion_date, x_org_slug, provider, currency
)

select
    coalesce(flows.provider, unified.provider) as provider,
    coalesce(flows.currency, unified.currency) as currency,
    flows.billed_cost as flow_billed_cost,
    unified.billed_cost as unified_billed_cost
from flows
full outer join unified
    on flows.x_ingestion_date = unified.x_ingestion_date
    and flows.x_org_slug = unified.x_org_slug
    and flows.provider = unified.provider
    and flows.currency = unified.currency
where
    flows.row_count is distinct from unified.row_count
    or flows.list_cost is distinct from unified.list_cost
    or flows.contracted_cost is distinct from unified.contracted_cost
    or flows.effective_cost is distinct from unified.effective_cost
    or flows.billed_cost is distinct from unified.billed_cost
