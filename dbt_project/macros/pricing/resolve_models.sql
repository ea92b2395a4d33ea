{#
  The canonical model of each spelling and day that occurs: the alias rule with the lowest rank that matches and is valid.

  usages   relations with provider, provider_model_id and usage_date
  filter   condition on their rows
  rules    a relation of the shape of genai_model_alias_rules

  Returns the body of a with clause whose last step, resolved_models, has one row per provider, provider_model_id and
  usage_date. Expressions are matched once per spelling, not once per day.
#}
{% macro resolve_models(usages, filter, rules) -%}
spelled_days as (
    {%- for usage in usages %}
    select distinct provider, provider_model_id, usage_date
    from {{ usage }}
    where {{ filter }} and provider_model_id is not null
    {%- if not loop.last %}
    union distinct
    {%- endif %}
    {%- endfor %}
),

spellings as (
    select distinct provider, provider_model_id
    from spelled_days
),

matching_rules as (
    select
        spellings.provider,
        spellings.provider_model_id,
        rules.rank,
        rules.model_id,
        rules.model_name,
        rules.model_developer,
        rules.model_family,
        rules.valid_from,
        coalesce(rules.valid_to, {{ end_of_time() }}) as valid_until
    from spellings
    inner join {{ rules }} as rules on rules.provider = spellings.provider
    where
        {{ regexp_matches_re2('lower(spellings.provider_model_id)', 'rules.pattern') }}
        and (
            rules.excluded_pattern is null
            or not {{ regexp_matches_re2('lower(spellings.provider_model_id)', 'rules.excluded_pattern') }}
        )
),

resolved_models as (
    select
        spelled_days.provider,
        spelled_days.provider_model_id,
        spelled_days.usage_date,
        matching_rules.model_id,
        matching_rules.model_name,
        matching_rules.model_developer,
        matching_rules.model_family
    from spelled_days
    inner join matching_rules
        on matching_rules.provider = spelled_days.provider
        and matching_rules.provider_model_id = spelled_days.provider_model_id
        and matching_rules.valid_from <= spelled_days.usage_date
        and spelled_days.usage_date < matching_rules.valid_until
    where true
    qualify row_number() over (
        partition by spelled_days.provider, spelled_days.provider_model_id, spelled_days.usage_date
        order by matching_rules.rank, matching_rules.valid_from desc
    ) = 1
)
{%- endmacro %}
