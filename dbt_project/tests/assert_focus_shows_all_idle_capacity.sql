{{ config(meta={'dagster': {'ref': {'name': 'cost_data_standard_1_3'}}}) }}

-- FOCUS asks for an unused row for every period in which a commitment is not fully used. What has no price is no charge.
with utilization as (
    select
        x_org_slug,
        provider,
        commitment_id,
        usage_date,
        sum(used_quantity) as used_quantity,
        sum(unused_quantity) as unused_quantity
    from {{ ref('genai_commitment_utilization_daily') }}
    where commitment_id is not null and {{ in_window('x_ingestion_date') }}
    group by x_org_slug, provider, commitment_id, usage_date
),

-- Which provider a charge is of, it says only in capitals.
providers as (
    select
        provider,
        provider_code
    from {{ source('reference', 'genai_providers') }}
),

unpriced as (
    select distinct
        x_org_slug,
        provider,
        commitment_id,
        usage_date
    from {{ ref('genai_costs_daily_unified') }}
    where
        commitment_id is not null
        and charge_category = 'Usage'
        and pricing_status = 'unpriced'
        and {{ in_window('x_ingestion_date') }}
),

charged as (
    select
        focus.x_OrgSlug as x_org_slug,
        providers.provider,
        focus.CommitmentDiscountId as commitment_id,
        focus.x_IngestionDate as usage_date,
        sum(case when focus.CommitmentDiscountStatus = 'Used' then focus.CommitmentDiscountQuantity else 0 end) as used_quantity,
        sum(case when focus.CommitmentDiscountStatus = 'Unused' then focus.CommitmentDiscountQuantity else 0 end) as unused_quantity
    from {{ ref('cost_data_standard_1_3') }} as focus
    inner join providers
        on providers.provider_code = focus.x_GenaiProvider
    where focus.CommitmentDiscountStatus is not null and {{ in_window('focus.x_IngestionDate') }}
    group by focus.x_OrgSlug, providers.provider, focus.CommitmentDiscountId, focus.x_IngestionDate
)

select
    utilization.*,
    charged.used_quantity as charged_used_quantity,
    charged.unused_quantity as charged_unused_quantity
from utilization
left join charged
    on charged.x_org_slug = utilization.x_org_slug
    and charged.provider = utilization.provider
    and charged.commitment_id = utilization.commitment_id
    and charged.usage_date = utilization.usage_date
left join unpriced
    on unpriced.x_org_slug = utilization.x_org_slug
    and unpriced.provider = utilization.provider
    and unpriced.commitment_id = utilization.commitment_id
    and unpriced.usage_date = utilization.usage_date
where
    unpriced.commitment_id is null
    and (
        coalesce(charged.used_quantity, 0) != utilization.used_quantity
        or coalesce(charged.unused_quantity, 0) != utilization.unused_quantity
    )
