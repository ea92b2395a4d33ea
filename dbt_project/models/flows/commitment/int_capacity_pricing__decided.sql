{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

{%- set key = capacity_price_key() %}

with book as (
    select * from {{ source('prices', 'genai_capacity_price_book') }}
    where {{ as_known() }}
),

rules as (
    select * from {{ ref('int_pricing__alias_rules') }}
    where valid_to is null
),

spellings as (
    select distinct provider, lower(model_id) as spelling
    from book
    where model_id is not null
),

recognised as (
    select spellings.provider, spellings.spelling, rules.model_id
    from spellings
    inner join rules on rules.provider = spellings.provider
    where
        {{ regexp_matches_re2('spellings.spelling', 'rules.pattern') }}
        and not coalesce({{ regexp_matches_re2('spellings.spelling', 'rules.excluded_pattern') }}, false)
    qualify row_number() over (partition by spellings.provider, spellings.spelling order by rules.rank) = 1
),

named as (
    select
        book.provider,
        book.meter,
        coalesce(recognised.model_id, lower(book.model_id)) as model_id,
        lower(book.model_id) as spelling,
        book.variant,
        book.workload,
        book.scope,
        book.region_id,
        book.purchase_option,
        book.term,
        book.payment,
        book.x_org_slug,
        book.x_genai_account_id,
        book.price_period,
        cast(book.unit_price as {{ type_rate() }}) as unit_price,
        book.currency,
        book.confidence,
        book.valid_from,
        coalesce(book.valid_to, {{ end_of_time() }}) as valid_until,
        book.source,
        book.source_version,
        book.source_reference,
        book.retrieved_at,
        book.priority,
        book.is_custom,
        book.note
    from book
    left join recognised
        on recognised.provider = book.provider
        and recognised.spelling = lower(book.model_id)
),

-- Of a model that a source spells in two ways one spelling speaks, as for the prices of tokens.
spoken_for as (
    select *
    from named
    where true
    qualify dense_rank() over (
        partition by source, {{ key | join(', ') }}
        order by case when spelling = model_id then 0 else 1 end, spelling
    ) = 1
),

candidates as (
    select
        *,
        {{ row_id(key) }} as key_id,
        {{ row_id(key + ['source', 'valid_from']) }} as candidate_id
    from spoken_for
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
    where true
    qualify row_number() over (
        partition by spans.key_id, spans.starts_on
        order by candidates.priority, candidates.source, candidates.valid_from
    ) = 1
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

placed as (
    select
        candidates.*,
        merged.valid_from as decides_from,
        nullif(merged.valid_until, {{ end_of_time() }}) as decides_until
    from merged
    inner join candidates on candidates.candidate_id = merged.candidate_id
),

final as (
    select *, {{ row_id(key + ['decides_from']) }} as pricing_id
    from placed
)

select * from final
