{# For genai_finops/pricing/sql: what each row of a table named usage costs. #}
with
{{ apply_prices(
    usage='usage',
    filter='true',
    history_filter='true',
    resolved='resolved',
    volume_tiers='volume_tiers',
    columns=['usage_id'],
    grain=['usage_id'],
) }}

select * from rated_usage
