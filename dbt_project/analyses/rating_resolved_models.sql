{# For genai_finops/pricing/sql: the canonical model of each spelling in a table named usage. #}
with
{{ resolve_models(usages=['usage'], filter='true', rules='int_pricing__alias_rules') }}

select * from resolved_models
