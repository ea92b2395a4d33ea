{# For genai_finops/pricing/sql: the prices of what is in a table named usage. #}
with
{{ resolve_prices(
    usage='usage',
    filter='true',
    history_filter='true',
    rates='genai_payg_pricing',
    meters='genai_meters',
    providers='genai_providers',
    accounts='genai_provider_accounts',
) }}

select * from resolved
