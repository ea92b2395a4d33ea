-- Rules over rows that the official validator does not check: a SkuPriceId has one SKU and one set of details, a SKU one
-- meter, a service one category and one subcategory, a commitment one kind, name and unit.
with focus as (
    select * from {{ ref('cost_data_standard_1_3') }}
    where {{ in_window('x_IngestionDate') }}
),

sku_prices as (
    select
        'SkuPriceId' as subject,
        SkuPriceId as name
    from focus
    group by SkuPriceId
    having min(SkuId) != max(SkuId) or min(SkuPriceDetails) != max(SkuPriceDetails) or min(PricingUnit) != max(PricingUnit)
),

skus as (
    select
        'SkuId' as subject,
        SkuId as name
    from focus
    group by SkuId
    having min(SkuMeter) != max(SkuMeter)
),

services as (
    select
        'ServiceName' as subject,
        ServiceName as name
    from focus
    group by ServiceName
    having min(ServiceCategory) != max(ServiceCategory) or min(ServiceSubcategory) != max(ServiceSubcategory)
),

commitments as (
    select
        'CommitmentDiscountId' as subject,
        CommitmentDiscountId as name
    from focus
    where CommitmentDiscountId is not null
    group by x_OrgSlug, x_GenaiProvider, CommitmentDiscountId
    having
        min(CommitmentDiscountUnit) != max(CommitmentDiscountUnit)
        or min(CommitmentDiscountType) != max(CommitmentDiscountType)
        or min(CommitmentDiscountCategory) != max(CommitmentDiscountCategory)
        or min(CommitmentDiscountName) != max(CommitmentDiscountName)
),

final as (
    select * from sku_prices
    union all
    select * from skus
    union all
    select * from services
    union all
    select * from commitments
)

select * from final
