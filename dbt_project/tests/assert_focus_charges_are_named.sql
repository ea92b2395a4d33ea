-- A usage charge has a SKU and a price-list line. A row here was priced by a rate that the price table no longer has:
-- build genai_payg_costs_daily and what follows again for its day.
select
    x_ChargeId,
    x_PricingId,
    ChargePeriodStart
from {{ ref('cost_data_standard_1_3') }}
where
    (
        SkuId is null or SkuPriceId is null or SkuMeter is null or SkuPriceDetails is null
        -- The metadata of an export promises the length.
        or ChargeDescription is null or length(ChargeDescription) > 1024
    )
    and {{ in_window('x_IngestionDate') }}
