{{ config(materialized='table', access='protected', contract={'enforced': false}) }}

{#- Below every rule of the catalogue: a model that only a seed knows is recognised by exactly its own name. -#}
{%- set first_seed_rank = 1000000 -%}

with catalogue_rules as (
    select * from {{ source('reference', 'genai_model_alias_rules') }}
),

seed_models as (
    select * from {{ ref('int_pricing__seed_models') }}
),

seed_rules as (
    select
        provider,
        {{ first_seed_rank }} + row_number() over (partition by provider order by spelling) as rank,
        {{ exact_match_re2('spelling') }} as pattern,
        cast(null as {{ type_string() }}) as excluded_pattern,
        model_id,
        model_name,
        cast(null as {{ type_string() }}) as model_developer,
        cast(null as {{ type_string() }}) as model_family,
        {{ start_of_time() }} as valid_from,
        cast(null as date) as valid_to,
        'seeds' as source,
        'seeds' as source_version
    from seed_models
    where not is_recognised
),

final as (
    {% for rules in ('catalogue_rules', 'seed_rules') %}
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
