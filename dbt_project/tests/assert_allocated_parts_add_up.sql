{{ config(meta={'dagster': {'ref': {'name': 'int_attribution__allocated_charges'}}}) }}

-- The parts of every charge of FOCUS add up to it, in money and in quantities, and no charge is left out.
with charges as (
    select * from {{ ref('cost_data_standard_1_3') }}
    where {{ in_window('x_IngestionDate') }}
),

parts as (
    select
        charge_id,
        sum(allocated_ratio) as allocated_ratio,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost,
        sum(pricing_quantity) as pricing_quantity,
        sum(consumed_quantity) as consumed_quantity,
        sum(commitment_quantity) as commitment_quantity
    from {{ ref('int_attribution__allocated_charges') }}
    where {{ in_window('x_ingestion_date') }}
    group by charge_id
),

final as (
    select
        coalesce(charges.x_ChargeId, parts.charge_id) as charge_id,
        charges.EffectiveCost as charge_effective_cost,
        parts.effective_cost as parts_effective_cost
    from charges
    full outer join parts on charges.x_ChargeId = parts.charge_id
    where
        charges.x_ChargeId is null
        or parts.charge_id is null
        or parts.allocated_ratio != 1
        or charges.ListCost != parts.list_cost
        or charges.ContractedCost != parts.contracted_cost
        or charges.EffectiveCost != parts.effective_cost
        or charges.BilledCost != parts.billed_cost
        or charges.PricingQuantity != parts.pricing_quantity
        or coalesce(charges.ConsumedQuantity, -1) != coalesce(parts.consumed_quantity, -1)
        or coalesce(charges.CommitmentDiscountQuantity, -1) != coalesce(parts.commitment_quantity, -1)
)

select * from final
