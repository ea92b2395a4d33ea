{{ config(meta={'dagster': {'ref': {'name': 'genai_cost_attribution_daily'}}}) }}

{%- set tables = [
    'genai_cost_attribution_daily', 'genai_tenant_costs_daily', 'genai_user_costs_daily', 'genai_task_costs_daily',
    'genai_conversation_costs_daily'
] -%}

-- Of every day, organisation, provider and currency: what is attributed and what is not is what FOCUS charges, in each of the five
-- dimensions, to the last decimal.
with focus as (
    select
        x_OrgSlug as org_slug,
        x_GenaiProvider as provider_code,
        x_IngestionDate as usage_date,
        BillingCurrency as currency,
        sum(ListCost) as list_cost,
        sum(ContractedCost) as contracted_cost,
        sum(EffectiveCost) as effective_cost,
        sum(BilledCost) as billed_cost
    from {{ ref('cost_data_standard_1_3') }}
    where {{ in_window('x_IngestionDate') }}
    group by x_OrgSlug, x_GenaiProvider, x_IngestionDate, BillingCurrency
),

attributed as (
    {%- for table in tables %}
    select
        '{{ table }}' as table_name,
        x_org_slug as org_slug,
        x_genai_provider as provider_code,
        x_ingestion_date as usage_date,
        currency,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost,
        sum(input_cost + output_cost + other_cost) as cost_by_direction
    from {{ ref(table) }}
    where {{ in_window('x_ingestion_date') }}
    group by x_org_slug, x_genai_provider, x_ingestion_date, currency
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

tables as (
    {%- for table in tables %}
    select '{{ table }}' as table_name
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

expected as (
    select
        tables.table_name,
        focus.*
    from focus
    cross join tables
),

final as (
    select
        coalesce(expected.table_name, attributed.table_name) as table_name,
        coalesce(expected.org_slug, attributed.org_slug) as org_slug,
        coalesce(expected.provider_code, attributed.provider_code) as provider_code,
        coalesce(expected.usage_date, attributed.usage_date) as usage_date,
        coalesce(expected.currency, attributed.currency) as currency,
        expected.effective_cost as focus_effective_cost,
        attributed.effective_cost as attributed_effective_cost
    from expected
    full outer join attributed
        on
            expected.table_name = attributed.table_name
            and expected.org_slug = attributed.org_slug
            and expected.provider_code = attributed.provider_code
            and expected.usage_date = attributed.usage_date
            and expected.currency = attributed.currency
    where
        expected.org_slug is null
        or attributed.org_slug is null
        or expected.list_cost != attributed.list_cost
        or expected.contracted_cost != attributed.contracted_cost
        or expected.effective_cost != attributed.effective_cost
        or expected.billed_cost != attributed.billed_cost
        or expected.effective_cost != attributed.cost_by_direction
)

select * from final
