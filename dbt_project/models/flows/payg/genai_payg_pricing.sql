{{ config(materialized='table') }}

with meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

rates as (
    select * from {{ ref('int_pricing__multiplied_rates') }}
),

candidates as (
    select
        *,
        {{ row_id(price_key()) }} as key_id,
        {{ row_id(price_key() + ['context_tokens_above', 'source', 'valid_from']) }} as candidate_id
    from rates
),

boundaries as (
    select key_id, valid_from as starts_on from candidates
    union distinct
    select key_id, valid_until as starts_on from candidates
),

-- Days between two changes of any source's prices of a key.
spans as (
    select
        key_id,
        starts_on,
        lead(starts_on) over (partition by key_id order by starts_on) as ends_before
    from boundaries
),

-- In each span one source decides the key as a whole, with the bands that it has: a price without bands of a worse source
-- never stands beside the bands of a better one.
deciding as (
    select
        candidates.candidate_id,
        spans.starts_on,
        spans.ends_before
    from spans
    inner join candidates
        on candidates.key_id = spans.key_id
        and candidates.valid_from <= spans.starts_on
        and candidates.valid_until >= spans.ends_before
    -- What a source states itself comes before what a factor makes of its other prices.
    qualify
        candidates.priority * 2 + case when candidates.is_multiplied then 1 else 0 end
        = min(candidates.priority * 2 + case when candidates.is_multiplied then 1 else 0 end)
            over (partition by spans.key_id, spans.starts_on)
),

-- Spans that follow each other are one validity again.
numbered as (
    select
        *,
        case
            when lag(ends_before) over (partition by candidate_id order by starts_on) = starts_on then 0
            else 1
        end as opens_validity
    from deciding
),

validities as (
    select
        *,
        sum(opens_validity) over (
            partition by candidate_id order by starts_on rows between unbounded preceding and current row
        ) as validity_number
    from numbered
),

merged as (
    select
        candidate_id,
        min(starts_on) as valid_from,
        max(ends_before) as valid_until
    from validities
    group by candidate_id, validity_number
),

priced as (
    select
        candidates.*,
        merged.valid_from as decides_from,
        nullif(merged.valid_until, {{ end_of_time() }}) as decides_until
    from merged
    inner join candidates on candidates.candidate_id = merged.candidate_id
),

identified as (
    select *, {{ row_id(price_key() + ['context_tokens_above', 'decides_from', 'source']) }} as pricing_id
    from priced
),

final as (
    select
        identified.pricing_id,
        identified.provider,
        identified.model_id,
        identified.meter,
        identified.service_tier,
        identified.geography,
        identified.context_tokens_above,
        identified.context_tokens_up_to,
        identified.variant,
        identified.x_org_slug,
        identified.x_genai_account_id,
        identified.pricing_type,
        identified.volume_threshold_tokens,
        identified.model_name,
        meters.pricing_unit,
        meters.pricing_block,
        identified.currency,
        identified.unit_price,
        identified.discount_percentage,
        identified.discount_reason,
        identified.free_tier_quantity,
        identified.free_tier_reset_frequency,
        identified.decides_from as valid_from,
        identified.decides_until as valid_to,
        identified.source,
        identified.source_version,
        identified.source_reference,
        identified.retrieved_at,
        cast(identified.priority as {{ type_of('int') }}) as priority,
        identified.is_custom
    from identified
    left join meters on meters.meter = identified.meter
)

select * from final
