{{ config(meta={'dagster': {'ref': {'name': 'cost_data_standard_1_3'}}}) }}

-- Every amount of the unified costs is in FOCUS, by organisation, provider, day and currency, and no other.
with unified as (
    select
        x_org_slug as org_slug,
        x_genai_provider as provider_code,
        usage_date,
        currency,
        count(*) as charges,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost,
        sum(quantity) as quantity
    from {{ ref('genai_costs_daily_unified') }}
    where
        pricing_status in ('priced', 'estimated')
        and {{ in_window('x_ingestion_date') }}
    group by org_slug, provider_code, usage_date, currency
),

focus as (
    select
        x_OrgSlug as org_slug,
        x_GenaiProvider as provider_code,
        {{ utc_date('ChargePeriodStart') }} as usage_date,
        BillingCurrency as currency,
        count(*) as charges,
        sum(ListCost) as list_cost,
        sum(ContractedCost) as contracted_cost,
        sum(EffectiveCost) as effective_cost,
        sum(BilledCost) as billed_cost,
        sum(ConsumedQuantity) as quantity
    from {{ ref('cost_data_standard_1_3') }}
    where {{ in_window('x_IngestionDate') }}
    group by org_slug, provider_code, usage_date, currency
),

final as (
    select
        coalesce(unified.org_slug, focus.org_slug) as org_slug,
        coalesce(unified.provider_code, focus.provider_code) as provider_code,
        coalesce(unified.usage_date, focus.usage_date) as usage_date,
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
            and unified.usage_date = focus.usage_date
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
)

select * from final
