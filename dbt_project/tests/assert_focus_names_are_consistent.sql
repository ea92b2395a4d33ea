-- Rules over rows that the official validator does not check: a SkuPriceId has one SKU and one set of details, a SKU one
-- meter, a service one category and one subcategory.
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

final as (
    select * from sku_prices
    union all
    select * from skus
    union all
    select * from services
)

select * from final
