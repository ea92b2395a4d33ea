{{ config(materialized='table', access='protected', contract={'enforced': false}) }}

{#- Below every rule of the catalogue: a model that only another source knows is recognised by exactly its own name. -#}
{%- set first_other_rank = 1000000 -%}

with catalogue_rules as (
    select * from {{ source('prices', 'genai_model_alias_rules') }}
    where {{ as_known() }}
),

stated_models as (
    select * from {{ ref('int_pricing__stated_models') }}
),

stated_rules as (
    select
        provider,
        {{ first_other_rank }} + row_number() over (partition by provider order by spelling) as rank,
        {{ exact_match_re2('spelling') }} as pattern,
        cast(null as {{ type_string() }}) as excluded_pattern,
        model_id,
        model_name,
        cast(null as {{ type_string() }}) as model_developer,
        cast(null as {{ type_string() }}) as model_family,
        {{ start_of_time() }} as valid_from,
        cast(null as date) as valid_to,
        'price_book' as source,
        'price_book' as source_version
    from stated_models
    where not is_recognised
),

final as (
    {% for rules in ('catalogue_rules', 'stated_rules') %}
    select
        provider,
        cast(rank as {{ type_of('int') }}) as rank,
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
    from {{ rules }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
