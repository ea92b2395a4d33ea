{{ config(meta={'dagster': {'ref': {'name': 'cost_data_standard_1_3'}}}) }}

-- Every amount of the unified costs is in FOCUS, by organisation, provider, flow, day and currency, and no other. Nothing is consumed by
-- a payment or by what lies idle.
with unified as (
    select
        x_org_slug as org_slug,
        x_genai_provider as provider_code,
        flow,
        x_ingestion_date,
        currency,
        count(*) as charges,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost,
        sum(case when charge_category = 'Usage' and coalesce(commitment_status, 'Used') = 'Used' then quantity else 0 end) as quantity,
        sum(coalesce(commitment_quantity, 0)) as commitment_quantity
    from {{ ref('genai_costs_daily_unified') }}
    where
        pricing_status in ('priced', 'estimated')
        and {{ in_window('x_ingestion_date') }}
    group by org_slug, provider_code, flow, x_ingestion_date, currency
),

focus as (
    select
        x_OrgSlug as org_slug,
        x_GenaiProvider as provider_code,
        x_Flow as flow,
        x_IngestionDate as x_ingestion_date,
        BillingCurrency as currency,
        count(*) as charges,
        sum(ListCost) as list_cost,
        sum(ContractedCost) as contracted_cost,
        sum(EffectiveCost) as effective_cost,
        sum(BilledCost) as billed_cost,
        sum(coalesce(ConsumedQuantity, 0)) as quantity,
        sum(coalesce(CommitmentDiscountQuantity, 0)) as commitment_quantity
    from {{ ref('cost_data_standard_1_3') }}
    where {{ in_window('x_IngestionDate') }}
    group by org_slug, provider_code, flow, x_ingestion_date, currency
),

final as (
    select
        coalesce(unified.org_slug, focus.org_slug) as org_slug,
        coalesce(unified.provider_code, focus.provider_code) as provider_code,
        coalesce(unified.flow, focus.flow) as flow,
        coalesce(unified.x_ingestion_date, focus.x_ingestion_date) as x_ingestion_date,
        coalesce(unified.currency, focus.currency) as currency,
        unified.charges as unified_charges,
        focus.charges as focus_charges,
        unified.list_cost as unified_list_cost,
        focus.list_cost as focus_list_cost
    from unified
    full outer join focus
        on
            unified.org_slug = focus.org_slug
            and unified.provider_code = focus.provider_code
            and unified.flow = focus.flow
            and unified.x_ingestion_date = focus.x_ingestion_date
            and unified.currency = focus.currency
    where
        unified.charges is null
        or focus.charges is null
        or unified.charges != focus.charges
        or unified.list_cost != focus.list_cost
        or unified.contracted_cost != focus.contracted_cost
        or unified.effective_cost != focus.effective_cost
        or unified.billed_cost != focus.billed_cost
        or unified.quantity != focus.quantity
        or unified.commitment_quantity != focus.commitment_quantity
)

select * from final
