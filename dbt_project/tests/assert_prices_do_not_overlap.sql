{{ config(meta={'dagster': {'ref': {'name': 'genai_payg_pricing'}}}) }}

-- Two rates of one key on one day would look like two context bands, and the cheaper one would be taken for an estimate.
with ordered as (
    select
        provider,
        model_id,
        meter,
        service_tier,
        geography,
        context_tokens_above,
        variant,
        valid_from,
        valid_to,
        lead(valid_from) over (
            partition by provider, model_id, meter, service_tier, geography, context_tokens_above, variant, x_org_slug, volume_threshold_tokens
            order by valid_from
        ) as next_valid_from
    from {{ ref('genai_payg_pricing') }}
)

select *
from ordered
where next_valid_from < coalesce(valid_to, {{ end_of_time() }})
