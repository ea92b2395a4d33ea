{{ config(meta={'dagster': {'ref': {'name': 'genai_costs_daily_unified'}}}) }}

-- Amounts in two currencies under one key would be added up by whoever sums over the key.
select
    x_org_slug,
    provider,
    x_genai_account_id,
    count(distinct currency) as currency_count
from {{ ref('genai_costs_daily_unified') }}
where {{ in_window('x_ingestion_date') }}
group by x_org_slug, provider, x_genai_account_id
having count(distinct currency) > 1
