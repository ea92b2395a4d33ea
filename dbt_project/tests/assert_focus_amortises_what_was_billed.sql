-- Of a commitment all of whose unit-hours were used or left idle, these cost what was billed for it, to the last decimal. One that still
-- runs, or began before the first day that was built, has other quantities on its two sides and is not judged.
with commitments as (
    select
        x_OrgSlug,
        x_GenaiProvider,
        CommitmentDiscountId,
        BillingCurrency,
        sum(case when ChargeCategory = 'Purchase' then CommitmentDiscountQuantity else 0 end) as bought_quantity,
        sum(case when ChargeCategory = 'Usage' then CommitmentDiscountQuantity else 0 end) as spent_quantity,
        sum(case when ChargeCategory = 'Purchase' then BilledCost else 0 end) as billed_cost,
        sum(case when ChargeCategory = 'Usage' then EffectiveCost else 0 end) as effective_cost
    from {{ ref('cost_data_standard_1_3') }}
    where CommitmentDiscountId is not null
    group by x_OrgSlug, x_GenaiProvider, CommitmentDiscountId, BillingCurrency
)

select *
from commitments
where bought_quantity = spent_quantity and billed_cost != effective_cost
