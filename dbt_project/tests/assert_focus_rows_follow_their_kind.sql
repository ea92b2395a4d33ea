-- What FOCUS asks of payments, used and idle capacity and of all other charges. The official validator checks the columns one by one and
-- not which of them go together.
with focus as (
    select
        *,
        case
            when ChargeCategory = 'Purchase' then 'Purchase'
            when CommitmentDiscountId is null then 'Usage'
            else CommitmentDiscountStatus
        end as kind
    from {{ ref('cost_data_standard_1_3') }}
    where {{ in_window('x_IngestionDate') }}
),

judged as (
    select
        x_ChargeId,
        case
            when ChargeCategory not in ('Usage', 'Purchase') or kind is null then 'a charge is usage or a payment, and used or unused'
            when (ChargeFrequency = 'Usage-Based') != (ChargeCategory = 'Usage') then 'ChargeFrequency does not fit ChargeCategory'
            when (PricingCategory = 'Committed') != (kind in ('Used', 'Unused')) then 'Committed is what a commitment pays, and nothing else'
            when (ConsumedQuantity is null) != (kind in ('Purchase', 'Unused')) then 'payments and idle capacity consume nothing, all else does'
            when (ConsumedQuantity is null) != (ConsumedUnit is null) then 'ConsumedUnit without ConsumedQuantity, or the other way round'
            when (PricingQuantity is null) != (PricingUnit is null) then 'PricingUnit without PricingQuantity, or the other way round'
            when kind in ('Used', 'Unused') and BilledCost != 0 then 'what a commitment pays is on no invoice'
            when kind = 'Purchase' and EffectiveCost != 0 then 'the payment for a commitment is spread over what it pays for'
            when kind = 'Purchase' and BilledCost != ContractedCost then 'a payment is billed at its contracted cost'
            when
                kind in ('Purchase', 'Unused')
                and (ResourceId != CommitmentDiscountId or ResourceId is null or ResourceType != CommitmentDiscountType)
                then 'what is bought or left idle is the commitment'
            when kind = 'Purchase' and CommitmentDiscountStatus is not null then 'a payment is neither used nor unused'
            when kind = 'Purchase' and CommitmentDiscountId is null then 'a payment without its commitment'
            when
                (CommitmentDiscountId is null) != (CommitmentDiscountQuantity is null)
                or (CommitmentDiscountId is null) != (CommitmentDiscountUnit is null)
                or (CommitmentDiscountId is null) != (CommitmentDiscountCategory is null)
                or (CommitmentDiscountId is null) != (ContractApplied is null)
                then 'columns of a commitment without one, or the other way round'
            when kind = 'Used' and ConsumedQuantity != CommitmentDiscountQuantity then 'used capacity consumes of the commitment what it is'
            when (ResourceId is null) != (ResourceType is null) then 'ResourceType without ResourceId, or the other way round'
        end as finding
    from focus
)

select *
from judged
where finding is not null
