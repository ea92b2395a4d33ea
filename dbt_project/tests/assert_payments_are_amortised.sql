{{ config(meta={'dagster': {'ref': {'name': 'genai_commitment_costs_daily'}}}) }}

-- What was paid for a commitment whose payments are all past is what its used and idle hours cost, to the last decimal.
with costs as (
    select * from {{ ref('genai_commitment_costs_daily') }}
),

last_day as (
    select max(x_ingestion_date) as last_day, min(x_ingestion_date) as first_day from costs
),

commitments as (
    select
        x_org_slug,
        provider,
        commitment_id,
        min(period_start) as first_paid,
        max(period_end) as paid_until
    from {{ ref('int_commitment__payment_periods') }}
    group by x_org_slug, provider, commitment_id
)

select
    costs.x_org_slug,
    costs.provider,
    costs.commitment_id,
    sum(costs.billed_cost) as billed_cost,
    sum(costs.effective_cost) as effective_cost
from costs
inner join commitments
    on commitments.x_org_slug = costs.x_org_slug
    and commitments.provider = costs.provider
    and commitments.commitment_id = costs.commitment_id
cross join last_day
where
    commitments.paid_until <= {{ utc_midnight(add_days('last_day.last_day', 1)) }}
    and commitments.first_paid >= {{ utc_midnight('last_day.first_day') }}
group by costs.x_org_slug, costs.provider, costs.commitment_id
having sum(costs.billed_cost) is distinct from sum(costs.effective_cost)
