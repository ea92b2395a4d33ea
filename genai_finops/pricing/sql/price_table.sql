-- Rendered from dbt_project by `python -m genai_finops.transform.render_rating --write`. Change the macros and models there.
with  __dbt__cte__int_pricing__stated_models as (

-- The catalogue has the canonical ids itself; every other source and the factors spell models in their own way.
with named_models as (
    select provider, lower(model_id) as model_id, model_name
    from genai_price_book
    where known_to is null and model_id is not null and source != 'genai-prices'
    union all
    select provider, lower(model_id) as model_id, cast(null as TEXT) as model_name
    from genai_price_factors
    where known_to is null and model_id is not null
),

spellings as (
    select provider, model_id, max(model_name) as model_name
    from named_models
    group by provider, model_id
),

rules as (
    select * from genai_model_alias_rules
    where known_to is null and valid_to is null
),

matches as (
    select spellings.provider, spellings.model_id as spelling, rules.model_id, rules.model_name
    from spellings
    inner join rules on rules.provider = spellings.provider
    where
        regexp_matches(spellings.model_id, rules.pattern)
        and not coalesce(regexp_matches(spellings.model_id, rules.excluded_pattern), false)
    qualify row_number() over (partition by spellings.provider, spellings.model_id order by rules.rank) = 1
),

final as (
    select
        spellings.provider,
        spellings.model_id as spelling,
        coalesce(matches.model_id, spellings.model_id) as model_id,
        coalesce(matches.model_name, spellings.model_name) as model_name,
        matches.model_id is not null as is_recognised
    from spellings
    left join matches
        on matches.provider = spellings.provider
        and matches.spelling = spellings.model_id
)

select * from final
),  __dbt__cte__int_pricing__stated_rates as (

with book as (
    select * from genai_price_book
    where known_to is null
),

models as (
    select * from __dbt__cte__int_pricing__stated_models
),

named as (
    select

        book.provider,

        book.meter,

        book.service_tier,

        book.geography,

        book.context_tokens_above,

        book.context_tokens_up_to,

        book.variant,

        book.x_org_slug,

        book.x_genai_account_id,

        book.pricing_type,

        book.volume_threshold_tokens,

        book.currency,

        book.unit_price,

        book.discount_percentage,

        book.discount_reason,

        book.free_tier_quantity,

        book.free_tier_reset_frequency,

        book.valid_from,

        book.source,

        book.source_version,

        book.source_reference,

        book.retrieved_at,

        book.priority,

        book.is_custom,

        book.valid_to,

        coalesce(models.model_id, book.model_id) as model_id,
        coalesce(models.model_name, book.model_name) as model_name,
        lower(book.model_id) as spelling
    from book
    left join models
        on models.provider = book.provider
        and models.spelling = lower(book.model_id)
        and book.source != 'genai-prices'
),

-- A source that spells one model in two ways would charge it twice: the canonical spelling speaks for it.
spoken_for as (
    select *
    from named
    where true
    qualify dense_rank() over (
        partition by source, provider, model_id, meter, service_tier, geography, variant, x_org_slug, x_genai_account_id, pricing_type, volume_threshold_tokens
        order by case when spelling = model_id then 0 else 1 end, spelling
    ) = 1
),

final as (
    select
        book.provider,
        book.model_id,
        book.model_name,
        book.meter,
        book.service_tier,
        book.geography,
        book.context_tokens_above,
        book.context_tokens_up_to,
        book.variant,
        book.x_org_slug,
        book.x_genai_account_id,
        book.pricing_type,
        book.volume_threshold_tokens,
        book.currency,
        cast(book.unit_price as decimal(24,12)) as unit_price,
        cast(book.discount_percentage as decimal(18,9)) as discount_percentage,
        book.discount_reason,
        cast(book.free_tier_quantity as decimal(26,6)) as free_tier_quantity,
        book.free_tier_reset_frequency,
        book.valid_from,
        coalesce(book.valid_to, date '9999-12-31') as valid_until,
        book.source,
        book.source_version,
        book.source_reference,
        book.retrieved_at,
        book.priority,
        book.is_custom
    from spoken_for as book
)

select * from final
),  __dbt__cte__int_pricing__multiplied_rates as (

with stated_rates as (
    select provider, model_id, model_name, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant, x_org_slug, x_genai_account_id, pricing_type, volume_threshold_tokens, currency, unit_price, discount_percentage, discount_reason, free_tier_quantity, free_tier_reset_frequency, valid_from, valid_until, source, source_version, source_reference, retrieved_at, priority, is_custom
    from __dbt__cte__int_pricing__stated_rates
),

models as (
    select * from __dbt__cte__int_pricing__stated_models
),

factors as (
    select
        stated.provider,
        models.model_id,
        stated.meter_kind,
        stated.service_tier,
        stated.geography,
        stated.base_geography,
        cast(stated.factor as decimal(18,9)) as factor,
        stated.valid_from,
        coalesce(stated.valid_to, date '9999-12-31') as valid_until
    from genai_price_factors as stated
    left join models
        on models.provider = stated.provider
        and models.spelling = lower(stated.model_id)
    where known_to is null
),

meters as (
    select * from genai_meters
),

-- A factor makes prices of another geography out of those that are given. It multiplies every tier, so that the factors of a tier
-- and of a geography are taken as a product. What was agreed with an organisation is not multiplied: nobody said so.
multiplied_rates as (
    -- noqa: disable=LT02
    select

        stated_rates.provider,

        stated_rates.model_id,

        stated_rates.model_name,

        stated_rates.meter,

        stated_rates.service_tier,

        factors.geography,

        stated_rates.context_tokens_above,

        stated_rates.context_tokens_up_to,

        stated_rates.variant,

        stated_rates.x_org_slug,

        stated_rates.x_genai_account_id,

        stated_rates.pricing_type,

        stated_rates.volume_threshold_tokens,

        stated_rates.currency,

        cast(stated_rates.unit_price * factors.factor as decimal(24,12)) as unit_price,

        stated_rates.discount_percentage,

        stated_rates.discount_reason,

        stated_rates.free_tier_quantity,

        stated_rates.free_tier_reset_frequency,

        greatest(stated_rates.valid_from, factors.valid_from) as valid_from,

        least(stated_rates.valid_until, factors.valid_until) as valid_until,

        stated_rates.source || ' x price_factors' as source,

        stated_rates.source_version,

        stated_rates.source_reference,

        stated_rates.retrieved_at,

        stated_rates.priority,

        stated_rates.is_custom,

        true as is_multiplied
    -- noqa: enable=LT02
    from stated_rates
    inner join meters on meters.meter = stated_rates.meter
    inner join factors
        on factors.provider = stated_rates.provider
        and factors.base_geography = stated_rates.geography
        and factors.meter_kind = meters.kind
        and (factors.model_id is null or factors.model_id = stated_rates.model_id)
        and (factors.service_tier is null or factors.service_tier = stated_rates.service_tier)
        and factors.valid_from < stated_rates.valid_until
        and factors.valid_until > stated_rates.valid_from
    where
        stated_rates.x_org_slug is null
        and stated_rates.pricing_type = 'standard'
),

-- What an organisation was given as a default and never changed says nothing that the platform's default does not say.
platform_defaults as (
    select *
    from stated_rates
    where source = 'default_prices'
),

own_rates as (
    select stated_rates.*, false as is_multiplied
    from stated_rates
    left join platform_defaults
        on stated_rates.source = 'organisation_defaults'
        and platform_defaults.provider = stated_rates.provider
        and platform_defaults.model_id is not distinct from stated_rates.model_id
        and platform_defaults.meter is not distinct from stated_rates.meter
        and platform_defaults.service_tier is not distinct from stated_rates.service_tier
        and platform_defaults.geography is not distinct from stated_rates.geography
        and platform_defaults.variant is not distinct from stated_rates.variant
        and platform_defaults.context_tokens_above = stated_rates.context_tokens_above
        and platform_defaults.pricing_type = stated_rates.pricing_type
        and platform_defaults.unit_price is not distinct from stated_rates.unit_price
        and platform_defaults.free_tier_quantity is not distinct from stated_rates.free_tier_quantity
        and platform_defaults.free_tier_reset_frequency is not distinct from stated_rates.free_tier_reset_frequency
        and platform_defaults.valid_from = stated_rates.valid_from
        and platform_defaults.valid_until = stated_rates.valid_until
    where platform_defaults.source is null
),

final as (
    select * from own_rates
    union all
    select * from multiplied_rates
)

select * from final
), meters as (
    select * from genai_meters
),

rates as (
    select * from __dbt__cte__int_pricing__multiplied_rates
),

candidates as (
    select
        *,
        md5(concat(coalesce(cast(provider as varchar), '~'), '|', coalesce(cast(model_id as varchar), '~'), '|', coalesce(cast(meter as varchar), '~'), '|', coalesce(cast(service_tier as varchar), '~'), '|', coalesce(cast(geography as varchar), '~'), '|', coalesce(cast(variant as varchar), '~'), '|', coalesce(cast(x_org_slug as varchar), '~'), '|', coalesce(cast(x_genai_account_id as varchar), '~'), '|', coalesce(cast(pricing_type as varchar), '~'), '|', coalesce(cast(volume_threshold_tokens as varchar), '~'))) as key_id,
        md5(concat(coalesce(cast(provider as varchar), '~'), '|', coalesce(cast(model_id as varchar), '~'), '|', coalesce(cast(meter as varchar), '~'), '|', coalesce(cast(service_tier as varchar), '~'), '|', coalesce(cast(geography as varchar), '~'), '|', coalesce(cast(variant as varchar), '~'), '|', coalesce(cast(x_org_slug as varchar), '~'), '|', coalesce(cast(x_genai_account_id as varchar), '~'), '|', coalesce(cast(pricing_type as varchar), '~'), '|', coalesce(cast(volume_threshold_tokens as varchar), '~'), '|', coalesce(cast(context_tokens_above as varchar), '~'), '|', coalesce(cast(source as varchar), '~'), '|', coalesce(cast(valid_from as varchar), '~'))) as candidate_id
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
        nullif(merged.valid_until, date '9999-12-31') as decides_until
    from merged
    inner join candidates on candidates.candidate_id = merged.candidate_id
),

identified as (
    select *, md5(concat(coalesce(cast(provider as varchar), '~'), '|', coalesce(cast(model_id as varchar), '~'), '|', coalesce(cast(meter as varchar), '~'), '|', coalesce(cast(service_tier as varchar), '~'), '|', coalesce(cast(geography as varchar), '~'), '|', coalesce(cast(variant as varchar), '~'), '|', coalesce(cast(x_org_slug as varchar), '~'), '|', coalesce(cast(x_genai_account_id as varchar), '~'), '|', coalesce(cast(pricing_type as varchar), '~'), '|', coalesce(cast(volume_threshold_tokens as varchar), '~'), '|', coalesce(cast(context_tokens_above as varchar), '~'), '|', coalesce(cast(decides_from as varchar), '~'), '|', coalesce(cast(source as varchar), '~'))) as pricing_id
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
        cast(identified.priority as bigint) as priority,
        identified.is_custom
    from identified
    left join meters on meters.meter = identified.meter
)

select * from final
