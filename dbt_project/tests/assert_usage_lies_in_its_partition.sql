{{ config(meta={'dagster': {'ref': {'name': 'genai_payg_usage_raw'}}}) }}

-- A row in the wrong partition is replaced with the wrong day, or never.
{% for flow in ['payg', 'commitment', 'infrastructure'] %}
select
    provider,
    usage_date,
    x_ingestion_date,
    period_start,
    period_end
from {{ ref('genai_' ~ flow ~ '_usage_raw') }}
where
    {{ in_window('x_ingestion_date') }}
    and (
        usage_date != x_ingestion_date
        or period_start < {{ utc_midnight('usage_date') }}
        or period_end > {{ utc_midnight(add_days('usage_date', 1)) }}
        or period_start >= period_end
    )
{% if not loop.last %}union all{% endif %}
{% endfor %}
