{{ config(meta={'dagster': {'ref': {'name': 'genai_costs_daily_unified'}}}) }}

-- What must hold within one cost row; the answer names the claim that is broken.
with judged as (
    select
        x_org_slug,
        provider,
        usage_date,
        meter,
        case
            when (pricing_status = 'priced') != (pricing_reason is null) then 'a reason is given exactly where the row is not priced'
            when
                pricing_status = 'unpriced'
                and coalesce(list_unit_price, contracted_unit_price, list_cost, contracted_cost, effective_cost, billed_cost) is not null
                then 'an unpriced row has no amount'
            when
                pricing_status != 'unpriced'
                and (
                    list_unit_price is null
                    or contracted_unit_price is null
                    or list_cost is null
                    or contracted_cost is null
                    or effective_cost is null
                    or billed_cost is null
                )
                then 'every other row has all amounts'
            when is_estimated != (pricing_status in ('estimated', 'unpriced')) then 'is_estimated follows the status'
            when
                pricing_status in ('priced', 'estimated')
                and (pricing_id is null or contracted_pricing_id is null)
                and commitment_id is null
                then 'a price is traced to its row'
            when
                pricing_status in ('unpriced', 'free', 'committed') and (pricing_id is not null or contracted_pricing_id is not null)
                then 'no price, no row of the price table'
            when
                pricing_status in ('free', 'committed') and (list_cost != 0 or billed_cost != 0)
                then 'a free tier and reserved capacity add no pay-as-you-go cost'
            when
                (pricing_status in ('free', 'committed') or service_tier in ('free', 'committed'))
                and pricing_status != service_tier
                and flow != 'commitment'
                then 'the status of traffic that is not charged is its tier'
            when list_cost != pricing_quantity * list_unit_price then 'unit price times quantity is the cost, unrounded'
            when
                contracted_cost != pricing_quantity * contracted_unit_price
                then 'contracted price times quantity is the contracted cost, unrounded'
            when effective_cost > contracted_cost and commitment_id is null then 'an allowance or a volume tier only ever takes off'
            when free_quantity > quantity then 'no more is free than was used'
            when (free_quantity is null) != (pricing_status = 'unpriced') then 'what is free is known where there is a price'
            when cost_lower_bound > cost_upper_bound then 'bounds are ordered'
            when (cost_lower_bound is null) != (cost_upper_bound is null) then 'bounds come in pairs'
            when
                pricing_status in ('priced', 'estimated')
                and (effective_cost < cost_lower_bound or effective_cost > cost_upper_bound)
                then 'the cost lies between its bounds'
            when pricing_status = 'priced' and cost_lower_bound != cost_upper_bound then 'a priced row has no margin'
            when (flow = 'commitment') = (pricing_status = 'committed') and flow = 'commitment' then 'capacity has a price of its own'
            when (commitment_id is null) != (commitment_quantity is null) then 'a commitment has a quantity'
            when commitment_status is not null and billed_cost != 0 then 'what a commitment covers is not billed again'
            when charge_category = 'Purchase' and effective_cost != 0 then 'a payment accrues where it is used or lies idle'
            when
                charge_category = 'Purchase' and (charge_frequency = 'Usage-Based' or commitment_status is not null or commitment_id is null)
                then 'a payment is for a commitment'
            when charge_period_start >= charge_period_end then 'a charge covers some time'
            when usage_date != x_ingestion_date then 'the day of usage is the day of the partition'
        end as broken_claim
    from {{ ref('genai_costs_daily_unified') }}
    where {{ in_window('x_ingestion_date') }}
)

select
    broken_claim,
    count(*) as row_count
from judged
where broken_claim is not null
group by broken_claim
