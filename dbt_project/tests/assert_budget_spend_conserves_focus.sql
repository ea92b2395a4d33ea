{{ config(meta={'dagster': {'ref': {'name': 'genai_budget_spend_daily'}}}) }}

{%- set place = ['usage_date', 'x_org_slug', 'provider'] -%}

-- Spend is what FOCUS charges, to the last decimal, of every day, organisation and provider; where requests stand in for the
-- pay-as-you-go charges of an open day, the rest is. No request counts for an account of which the whole day was read.
with spend as (
    select * from {{ ref('genai_budget_spend_daily') }}
    where {{ in_window('x_ingestion_date') }}
),

requests as (
    select distinct
        {{ place | join(',\n        ') }},
        x_genai_account_id
    from spend
    where spend_source = 'requests'
),

open_places as (
    select distinct {{ place | join(', ') }}
    from requests
),

focus as (
    select
        x_IngestionDate as usage_date,
        x_OrgSlug as x_org_slug,
        lower(x_GenaiProvider) as provider,
        x_Flow as flow,
        BillingCurrency as currency,
        sum(ListCost) as list_cost,
        sum(EffectiveCost) as effective_cost,
        sum(BilledCost) as billed_cost
    from {{ ref('cost_data_standard_1_3') }}
    where {{ in_window('x_IngestionDate') }}
    group by x_IngestionDate, x_OrgSlug, x_GenaiProvider, x_Flow, BillingCurrency
),

spent as (
    select
        {{ place | join(',\n        ') }},
        flow,
        currency,
        sum(list_cost) as list_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from spend
    where spend_source = 'charges'
    group by {{ place | join(', ') }}, flow, currency
),

compared as (
    select
        coalesce(focus.usage_date, spent.usage_date) as usage_date,
        coalesce(focus.x_org_slug, spent.x_org_slug) as x_org_slug,
        coalesce(focus.provider, spent.provider) as provider,
        coalesce(focus.flow, spent.flow) as flow,
        coalesce(focus.list_cost, {{ zero_cost() }}) - coalesce(spent.list_cost, {{ zero_cost() }}) as list_difference,
        coalesce(focus.effective_cost, {{ zero_cost() }}) - coalesce(spent.effective_cost, {{ zero_cost() }}) as effective_difference,
        coalesce(focus.billed_cost, {{ zero_cost() }}) - coalesce(spent.billed_cost, {{ zero_cost() }}) as billed_difference
    from focus
    full outer join spent on {{ equal_columns('spent', 'focus', place + ['flow', 'currency']) }}
),

read_accounts as (
    select
        {{ place | join(',\n        ') }},
        x_genai_account_id,
        max(x_ingested_at) as last_read_at
    from {{ ref('genai_usage_daily_unified') }}
    where {{ in_window('x_ingestion_date') }} and flow != 'infrastructure'
    group by {{ place | join(', ') }}, x_genai_account_id
),

final as (
    select
        'differs from FOCUS' as finding,
        {{ prefixed('compared', place) }}
    from compared
    left join open_places on {{ equal_columns('open_places', 'compared', place) }}
    where
        (compared.list_difference != 0 or compared.effective_difference != 0 or compared.billed_difference != 0)
        and (open_places.provider is null or compared.flow != 'payg')
    union all
    select
        'requests of a closed day' as finding,
        {{ prefixed('requests', place) }}
    from requests
    inner join read_accounts
        on {{ equal_columns('read_accounts', 'requests', place + ['x_genai_account_id']) }}
        and read_accounts.last_read_at >= {{ utc_midnight(add_days('requests.usage_date', 1)) }}
)

select * from final
