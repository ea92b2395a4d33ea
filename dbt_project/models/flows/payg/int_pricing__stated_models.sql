{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

-- The catalogue has the canonical ids itself; every other source and the factors spell models in their own way.
with named_models as (
    select provider, lower(model_id) as model_id, model_name
    from {{ source('prices', 'genai_price_book') }}
    where {{ as_known() }} and model_id is not null and source != 'genai-prices'
    union all
    select provider, lower(model_id) as model_id, cast(null as {{ type_string() }}) as model_name
    from {{ source('prices', 'genai_price_factors') }}
    where {{ as_known() }} and model_id is not null
),

spellings as (
    select provider, model_id, max(model_name) as model_name
    from named_models
    group by provider, model_id
),

rules as (
    select * from {{ source('prices', 'genai_model_alias_rules') }}
    where {{ as_known() }} and valid_to is null
),

matches as (
    select spellings.provider, spellings.model_id as spelling, rules.model_id, rules.model_name
    from spellings
    inner join rules on rules.provider = spellings.provider
    where
        {{ regexp_matches_re2('spellings.model_id', 'rules.pattern') }}
        and not coalesce({{ regexp_matches_re2('spellings.model_id', 'rules.excluded_pattern') }}, false)
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
