-- A charge is in the billing period and the partition of the moment at which what it covers begins: so files by billing month hold every
-- charge once. Usage covers one UTC day at most; ends are exclusive.
select
    x_ChargeId,
    ChargePeriodStart,
    ChargePeriodEnd,
    BillingPeriodStart,
    BillingPeriodEnd,
    x_IngestionDate
from {{ ref('cost_data_standard_1_3') }}
where
    (
        ChargePeriodEnd <= ChargePeriodStart
        or {{ utc_date('ChargePeriodStart') }} != x_IngestionDate
        or BillingPeriodStart != {{ utc_midnight(month_start('x_IngestionDate')) }}
        or BillingPeriodEnd != {{ utc_midnight(next_month_start('x_IngestionDate')) }}
        or (ChargeCategory = 'Usage' and ChargePeriodEnd > {{ utc_midnight(add_days('x_IngestionDate', 1)) }})
    )
    and {{ in_window('x_IngestionDate') }}
