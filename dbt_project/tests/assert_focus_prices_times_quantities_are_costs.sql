-- Exact, in decimals. The official validator compares floating point numbers with a tolerance.
select
    x_ChargeId,
    PricingQuantity,
    ListUnitPrice,
    ListCost,
    ContractedUnitPrice,
    ContractedCost
from {{ ref('cost_data_standard_1_3') }}
where
    (
        cast(ListUnitPrice * PricingQuantity as {{ type_cost() }}) != ListCost
        or cast(ContractedUnitPrice * PricingQuantity as {{ type_cost() }}) != ContractedCost
        or PricingCurrencyListUnitPrice != ListUnitPrice
        or PricingCurrencyContractedUnitPrice != ContractedUnitPrice
        or PricingCurrencyEffectiveCost != EffectiveCost
    )
    and {{ in_window('x_IngestionDate') }}
