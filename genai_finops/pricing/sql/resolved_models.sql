-- Rendered from dbt_project by `python -m genai_finops.transform.render_rating --write`. Change the macros and models there.
with
spelled_days as (
    select distinct provider, provider_model_id, usage_date
    from usage
    where true and provider_model_id is not null
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
        coalesce(rules.valid_to, date '9999-12-31') as valid_until
    from spellings
    inner join int_pricing__alias_rules as rules on rules.provider = spellings.provider
    where
        regexp_matches(lower(spellings.provider_model_id), rules.pattern)
        and (
            rules.excluded_pattern is null
            or not regexp_matches(lower(spellings.provider_model_id), rules.excluded_pattern)
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

select * from resolved_models
