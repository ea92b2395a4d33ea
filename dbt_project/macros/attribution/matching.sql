{#
  Matches charges of pay-as-you-go with the evidence of one scope: what the logs say of one deployment, API key, sub-account or
  account. Narrower scopes have been matched before, and what they took is gone.

  scope     resource, api_key, sub_account or account
  earlier   relations of the shape of this one, of the scopes that came before

  An event belongs to the narrowest scope that both sides name: a log that names a key is no evidence for other keys, and one without
  a key is evidence for all keys of the account whose own logs leave something. Within the scope its quantity is matched with charges of the
  same meter and of all that tells charges of the model apart (tier, geography, region, band of prompt lengths); where there are none, of all but the
  band; where there are none or the log does not say, of the same meter; then of the same family (all input of a modality, for providers and
  logs that do not say how much was cached) with what tells charges apart, with and without the band; then of the same direction (input or output).

  Returns a query with one row per charge and pool of evidence that it was matched with, and one per kind of evidence and pool:
    part          charge or evidence
    id            charge_id or evidence_key
    pool_key      what both have in common
    level         1 meter and all that is told apart, 2 but for the band, 3 meter, 4 family and all that is told apart, 5 but for the band,
                  6 direction
    units         of a charge: what the pool takes of it; of evidence: what the logs count
    pool_units    what the logs count in the pool
    logged_units  what they count for this charge; more than units where they count more than was billed
#}
{% macro matched_with_evidence(scope, earlier=[]) %}
{%- set column = {'resource': 'resource_id', 'api_key': 'api_key_id', 'sub_account': 'sub_account_id', 'account': 'x_genai_account_id'}[scope] -%}
{%- set narrower = {
    'resource': [], 'api_key': ['resource_id'], 'sub_account': ['resource_id', 'api_key_id'],
    'account': ['resource_id', 'api_key_id', 'sub_account_id']
}[scope] -%}
{%- set place = ['usage_date', 'x_org_slug', 'provider', 'x_genai_account_id'] -%}
{%- set told_apart = ['service_tier', 'geography', 'region_id', 'context_tokens_above'] -%}
{%- set levels = [
    (1, told_apart, 'meter'), (2, told_apart[:3], 'meter'), (3, [], 'meter'), (4, told_apart, 'family'), (5, told_apart[:3], 'family'),
    (6, [], 'direction')
] -%}
with charges as (
    select * from {{ ref('int_attribution__charges') }}
    where kind = 'usage' and units > 0
),

-- The kinds of identity that charges of an account and day have: what they lack cannot tell evidence apart.
named as (
    select
        {{ place | join(', ') }},
        count(resource_id) > 0 as has_resource_id,
        count(api_key_id) > 0 as has_api_key_id,
        count(sub_account_id) > 0 as has_sub_account_id
    from charges
    group by {{ place | join(', ') }}
),

taken as (
    {%- if earlier %}
    {%- for relation in earlier %}
    select
        id as charge_id,
        units
    from {{ relation }}
    where part = 'charge'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- else %}
    select
        charge_id,
        units
    from charges
    where false
    {%- endif %}
),

taken_units as (
    select
        charge_id,
        {{ wide_integer('sum(units)') }} as units
    from taken
    group by charge_id
),

open_charges as (
    select
        charges.charge_id,
        charges.model_id,
        {{ prefixed('charges', told_apart) }},
        charges.context_tokens_up_to,
        charges.meter,
        charges.family,
        charges.direction,
        charges.usage_date,
        charges.x_org_slug,
        charges.provider,
        charges.x_genai_account_id,
        charges.{{ column }} as scope_id,
        charges.units - coalesce(taken_units.units, 0) as units
    from charges
    left join taken_units on taken_units.charge_id = charges.charge_id
    where charges.{{ column }} is not null and charges.model_id is not null
),

-- What was served on reserved capacity is no evidence for what was billed by the token.
capacity_resources as (
    select distinct usage_date, x_org_slug, provider, resource_id
    from {{ ref('int_attribution__charges') }}
    where kind = 'capacity' and resource_id is not null
),

evidence as (
    select
        evidence.evidence_key,
        evidence.usage_date,
        evidence.x_org_slug,
        evidence.provider,
        evidence.x_genai_account_id,
        evidence.{{ column }} as scope_id,
        evidence.model_id,
        {{ prefixed('evidence', told_apart) }},
        evidence.meter,
        evidence.family,
        evidence.direction,
        {{ wide_integer('sum(evidence.units)') }} as units
    from {{ ref('int_attribution__evidence') }} as evidence
    inner join named
        on named.usage_date = evidence.usage_date
        and named.x_org_slug = evidence.x_org_slug
        and named.provider = evidence.provider
        and named.x_genai_account_id = evidence.x_genai_account_id
    {%- if scope != 'resource' %}
    left join capacity_resources
        on capacity_resources.usage_date = evidence.usage_date
        and capacity_resources.x_org_slug = evidence.x_org_slug
        and capacity_resources.provider = evidence.provider
        and capacity_resources.resource_id = evidence.resource_id
    {%- endif %}
    where
        evidence.model_id is not null
        and coalesce(evidence.service_tier, 'standard') != 'committed'
        and evidence.{{ column }} is not null
        {%- if scope != 'resource' %}
        and capacity_resources.resource_id is null
        {%- endif %}
        {%- if scope != 'account' %}
        and named.has_{{ column }}
        {%- endif %}
        {%- for other in narrower %}
        and (evidence.{{ other }} is null or not named.has_{{ other }})
        {%- endfor %}
    group by
        evidence.evidence_key, evidence.usage_date, evidence.x_org_slug, evidence.provider, evidence.x_genai_account_id,
        {% if scope != 'account' %}evidence.{{ column }}, {% endif -%}
        evidence.model_id, {{ prefixed('evidence', told_apart) }}, evidence.meter, evidence.family, evidence.direction
),

-- What all charges of a model have in common tells none of them apart, whatever the log says of it.
apart as (
    select
        {{ place | join(', ') }},
        scope_id,
        model_id
        {%- for column in told_apart %},
        {%- if column == 'geography' %}
        -- A region says the geography too.
        count(distinct concat(coalesce(region_id, '~'), ' ', coalesce(geography, '~'))) > count(distinct coalesce(region_id, '~'))
            as has_several_geography
        {%- else %}
        count(distinct coalesce(cast({{ column }} as {{ type_string() }}), '~')) > 1 as has_several_{{ column }}
        {%- endif %}
        {%- endfor %}
    from open_charges
    group by {{ place | join(', ') }}, scope_id, model_id
),

charge_bands as (
    select distinct {{ place | join(', ') }}, scope_id, model_id, context_tokens_above, context_tokens_up_to
    from open_charges
    where context_tokens_above is not null
),

charge_keys as (
    select
        open_charges.charge_id as id,
        open_charges.units,
        {{ prefixed('open_charges', place) }},
        open_charges.scope_id,
        open_charges.model_id,
        open_charges.meter,
        open_charges.family,
        open_charges.direction,
        {%- for column in told_apart %}
        case when apart.has_several_{{ column }} then coalesce(cast(open_charges.{{ column }} as {{ type_string() }}), '~') else '' end
            as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from open_charges
    inner join apart
        on {{ equal_columns('apart', 'open_charges', place + ['scope_id', 'model_id']) }}
),

-- The band of the charges that the request's own band lies in: prices of other models may divide prompt lengths more finely.
evidence_keys as (
    select
        evidence.evidence_key as id,
        evidence.units,
        {{ prefixed('evidence', place) }},
        evidence.scope_id,
        evidence.model_id,
        evidence.meter,
        evidence.family,
        evidence.direction,
        {%- for column in told_apart %}
        {%- set value = 'charge_bands.context_tokens_above' if column == 'context_tokens_above' else 'evidence.' ~ column %}
        case when apart.has_several_{{ column }} then cast({{ value }} as {{ type_string() }}) else '' end as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from evidence
    inner join apart
        on {{ equal_columns('apart', 'evidence', place + ['scope_id', 'model_id']) }}
    left join charge_bands
        on {{ equal_columns('charge_bands', 'evidence', place + ['scope_id', 'model_id']) }}
        and charge_bands.context_tokens_above <= evidence.context_tokens_above
        and evidence.context_tokens_above < coalesce(charge_bands.context_tokens_up_to, {{ no_token_limit() }})
),

charge_pools as (
    {%- for level, columns, counted in levels %}
    select
        id as charge_id,
        units,
        {{ level }} as level,
        {{ pool_key(scope, level, columns, counted) }} as pool_key
    from charge_keys
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

evidence_pools as (
    {%- for level, columns, counted in levels %}
    select
        id as evidence_key,
        units,
        {{ level }} as level,
        {{ pool_key(scope, level, columns, counted) }} as pool_key
    from evidence_keys
    {%- if columns %}
    where {% for column in columns %}{{ column }} is not null{{ ' and ' if not loop.last }}{% endfor %}
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

known_pools as (
    select distinct pool_key
    from charge_pools
),

matched_evidence as (
    select evidence_pools.*
    from evidence_pools
    inner join known_pools on known_pools.pool_key = evidence_pools.pool_key
    where true
    qualify row_number() over (partition by evidence_pools.evidence_key order by evidence_pools.level) = 1
),

pools as (
    select
        pool_key,
        level,
        {{ wide_integer('sum(units)') }} as pool_units
    from matched_evidence
    group by pool_key, level
),

{% for level, _, _ in levels -%}
left_{{ level }} as (
    select
        charge_pools.charge_id,
        charge_pools.pool_key,
        pools.pool_units,
        charge_pools.units
        {%- for before in range(1, level) %} - coalesce(taken_{{ before }}.units, 0){% endfor %} as units
    from charge_pools
    inner join pools on pools.pool_key = charge_pools.pool_key
    {%- for before in range(1, level) %}
    left join taken_{{ before }} on taken_{{ before }}.charge_id = charge_pools.charge_id
    {%- endfor %}
    where charge_pools.level = {{ level }}
),

placed_{{ level }} as (
    select
        *,
        {{ wide_integer('sum(units) over (partition by pool_key)') }} as open_units,
        {{ wide_integer('sum(units) over (partition by pool_key order by charge_id rows between unbounded preceding and current row)') }} as units_up_to
    from left_{{ level }}
),

-- What the logs count is laid over the charges in proportion to what is open of each, in whole units that add up.
taken_{{ level }} as (
    select
        charge_id,
        pool_key,
        {{ level }} as level,
        case
            when pool_units >= open_units then units
            else
                {{ whole_quotient('pool_units * units_up_to', 'open_units') }}
                - {{ whole_quotient('pool_units * (units_up_to - units)', 'open_units') }}
        end as units,
        pool_units,
        case when open_units > 0 then {{ whole_quotient('pool_units * units', 'open_units') }} else {{ wide_integer('0') }} end as logged_units
    from placed_{{ level }}
),

{% endfor -%}
final as (
    {%- for level, _, _ in levels %}
    select
        'charge' as part,
        charge_id as id,
        pool_key,
        level,
        units,
        pool_units,
        logged_units
    from taken_{{ level }}
    where units > 0 or logged_units > 0
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    union all
    select
        'evidence' as part,
        matched_evidence.evidence_key as id,
        matched_evidence.pool_key,
        matched_evidence.level,
        matched_evidence.units,
        pools.pool_units,
        matched_evidence.units as logged_units
    from matched_evidence
    inner join pools on pools.pool_key = matched_evidence.pool_key
)

select * from final
{% endmacro %}

{# What charges and evidence have in common that are matched with each other. #}
{% macro pool_key(scope, level, columns, counted) -%}
{{ row_id(["'" ~ scope ~ ' ' ~ level ~ "'", 'usage_date', 'x_org_slug', 'provider', 'x_genai_account_id', 'scope_id', 'model_id']
    + columns + [counted]) }}
{%- endmacro %}
