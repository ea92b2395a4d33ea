{{ config(meta={'dagster': {'ref': {'name': 'genai_usage_events'}}}) }}

-- Without a model that it belongs to, Dagster would not know the test: depends_on: {{ ref('genai_usage_events') }}
-- Two rules that name the same dimension of one scope id on one day would double its events.
with ordered as (
    select
        x_org_slug,
        provider,
        scope,
        scope_id,
        dimension,
        valid_from,
        valid_to,
        lead(valid_from) over (partition by x_org_slug, provider, scope, scope_id, dimension order by valid_from) as next_valid_from
    from {{ source('reference', 'genai_attribution_rules') }}
)

select *
from ordered
where next_valid_from < coalesce(valid_to, {{ end_of_time() }})
