-- A charge has a SKU and a price-list line, and one that counts towards a commitment its contract. A row here was priced by a rate that
-- the price table no longer has, or by a commitment that is gone: build the flow's costs and what follows again for its day.
select
    x_ChargeId,
    x_PricingId,
    ChargePeriodStart
from {{ ref('cost_data_standard_1_3') }}
where
    (
        SkuId is null or SkuPriceId is null or SkuMeter is null or SkuPriceDetails is null
        or (CommitmentDiscountId is not null and (CommitmentDiscountType is null or CommitmentDiscountUnit is null))
        -- The metadata of an export promises the length.
        or ChargeDescription is null or length(ChargeDescription) > 1024
    )
    and {{ in_window('x_IngestionDate') }}
