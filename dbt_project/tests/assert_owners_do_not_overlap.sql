{{ config(meta={'dagster': {'ref': {'name': 'genai_payg_costs_daily'}}}) }}

-- Two owners of one scope id on one day would double its cost rows.
with ordered as (
    select
        x_org_slug,
        provider,
        scope,
        scope_id,
        valid_from,
        valid_to,
        lead(valid_from) over (partition by x_org_slug, provider, scope, scope_id order by valid_from) as next_valid_from
    from {{ source('reference', 'genai_hierarchy_assignments') }}
)

select *
from ordered
where next_valid_from < coalesce(valid_to, {{ end_of_time() }})
