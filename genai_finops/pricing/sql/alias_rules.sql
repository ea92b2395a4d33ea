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
), catalogue_rules as (
    select * from genai_model_alias_rules
    where known_to is null
),

stated_models as (
    select * from __dbt__cte__int_pricing__stated_models
),

stated_rules as (
    select
        provider,
        1000000 + row_number() over (partition by provider order by spelling) as rank,
        '^' || chr(92) || 'Q' || spelling || chr(92) || 'E$' as pattern,
        cast(null as TEXT) as excluded_pattern,
        model_id,
        model_name,
        cast(null as TEXT) as model_developer,
        cast(null as TEXT) as model_family,
        date '0001-01-01' as valid_from,
        cast(null as date) as valid_to,
        'price_book' as source,
        'price_book' as source_version
    from stated_models
    where not is_recognised
),

final as (

    select
        provider,
        cast(rank as bigint) as rank,
        pattern,
        excluded_pattern,
        model_id,
        model_name,
        model_developer,
        model_family,
        valid_from,
        valid_to,
        source,
        source_version
    from catalogue_rules
    union all

    select
        provider,
        cast(rank as bigint) as rank,
        pattern,
        excluded_pattern,
        model_id,
        model_name,
        model_developer,
        model_family,
        valid_from,
        valid_to,
        source,
        source_version
    from stated_rules

)

select * from final
