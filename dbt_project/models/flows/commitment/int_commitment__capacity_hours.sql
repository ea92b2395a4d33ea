{{ config(materialized='ephemeral', contract={'enforced': false}) }}

{# What an item of capacity is, beside its hour and quantity. #}
{% set item = [
    'x_org_slug', 'provider', 'x_genai_account_id', 'x_credential_id', 'x_pipeline_id', 'x_genai_provider', 'meter', 'sub_account_id',
    'sub_account_type', 'resource_id', 'resource_type', 'provider_model_id', 'region_id', 'geography', 'service_tier',
    'provider_service_tier', 'metering_source'
] %}
{% set required = [
    'x_org_slug', 'provider', 'x_genai_account_id', 'x_credential_id', 'x_pipeline_id', 'x_genai_provider', 'meter'
] %}
{%- set same_item = [] -%}
{%- for column in item + ['drawn_commitment_id'] -%}
{%- set comparison = '=' if column in required else 'is not distinct from' -%}
{%- do same_item.append('numbered_items.' ~ column ~ ' ' ~ comparison ~ ' items.' ~ column) -%}
{%- endfor %}

with commitments as (
    select * from {{ source('reference', 'genai_commitments') }}
),

capacity_usage as (
    select * from {{ ref('genai_commitment_usage_raw') }}
    where
        {{ in_window('x_ingestion_date') }}
        and meter in (
            select meter from {{ source('reference', 'genai_meters') }}
            where kind = 'capacity'
        )
),

-- Of the tiers that a contract pays for (Scale Tier, Priority Tier), which the providers name in their usage.
committed_tokens as (
    select * from {{ ref('genai_payg_usage_raw') }}
    where
        {{ in_window('x_ingestion_date') }}
        and service_tier = 'committed'
        and provider in (
            select provider from commitments
            where meter = 'throughput_unit_hour'
        )
),

{{ resolve_models(usages=['capacity_usage', 'committed_tokens'], filter='true', rules=ref('int_pricing__alias_rules')) }},

provisioned as (
    select
        {{ item | join(',\n        ') }},
        {{ hour_of('period_start') }} as hour_start,
        usage_date,
        sum(quantity) as quantity,
        max(sub_account_name) as sub_account_name,
        max(resource_name) as resource_name,
        max(x_run_id) as x_run_id,
        max(x_ingested_at) as x_ingested_at
    from capacity_usage
    group by
        {{ item | join(',\n        ') }},
        {{ hour_of('period_start') }},
        usage_date
),

-- Tokens of a tier that a contract pays for, as unit-hours of the commitment. A provider that reports days says nothing of their
-- hours: a day's tokens are spread evenly over it.
drawn_tokens as (
    select
        commitments.commitment_id,
        {% for column in item if column not in ['meter', 'service_tier', 'provider_service_tier'] -%}
        committed_tokens.{{ column }},
        {% endfor -%}
        committed_tokens.service_tier,
        committed_tokens.provider_service_tier,
        committed_tokens.sub_account_name,
        committed_tokens.resource_name,
        committed_tokens.usage_date,
        committed_tokens.x_run_id,
        committed_tokens.x_ingested_at,
        hour_start,
        throughput.tokens_per_minute,
        {{ seconds_between('committed_tokens.period_start', 'committed_tokens.period_end') }} as period_seconds,
        {{ seconds_between('committed_tokens.period_start', 'hour_start') }} as from_second,
        {{ quantity_to_integer('cast(committed_tokens.quantity * throughput.weight as ' ~ type_quantity() ~ ')') }} as weighted_number
    from committed_tokens
    inner join resolved_models
        on resolved_models.provider = committed_tokens.provider
        and resolved_models.provider_model_id = committed_tokens.provider_model_id
        and resolved_models.usage_date = committed_tokens.usage_date
    inner join {{ source('reference', 'genai_capacity_throughput') }} as throughput
        on throughput.provider = committed_tokens.provider
        and throughput.meter = 'throughput_unit_hour'
        and throughput.x_org_slug = committed_tokens.x_org_slug
        and throughput.model_id = resolved_models.model_id
        and throughput.token_meter = committed_tokens.meter
        and throughput.context_tokens_above <= coalesce(committed_tokens.context_tokens_above, 0)
        and coalesce(committed_tokens.context_tokens_above, 0) < coalesce(throughput.context_tokens_up_to, {{ no_token_limit() }})
        and throughput.valid_from <= committed_tokens.usage_date
        and committed_tokens.usage_date < coalesce(throughput.valid_to, {{ end_of_time() }})
    inner join commitments
        on commitments.x_org_slug = throughput.x_org_slug
        and commitments.provider = throughput.provider
        and commitments.commitment_id = throughput.commitment_id
        and commitments.account_id = committed_tokens.x_genai_account_id
    cross join {{ unnested(hours_touched('committed_tokens.period_start', 'committed_tokens.period_end'), 'hour_start') }}
),

drawn as (
    select
        {% for column in item if column != 'meter' -%}
        {{ column }},
        {% endfor -%}
        'throughput_unit_hour' as meter,
        commitment_id,
        hour_start,
        usage_date,
        max(sub_account_name) as sub_account_name,
        max(resource_name) as resource_name,
        max(x_run_id) as x_run_id,
        max(x_ingested_at) as x_ingested_at,
        {{ integer_to_quantity(whole_quotient(
            'sum(' ~ whole_quotient(
                'weighted_number * ' ~ wide_integer('least(from_second + 3600, period_seconds)'), wide_integer('period_seconds')
            ) ~ ' - ' ~ whole_quotient(
                'weighted_number * ' ~ wide_integer('least(from_second, period_seconds)'), wide_integer('period_seconds')
            ) ~ ') * ' ~ wide_integer(1000000),
            quantity_to_integer('max(tokens_per_minute)') ~ ' * ' ~ wide_integer(60)
        )) }} as quantity
    from drawn_tokens
    group by
        {% for column in item if column != 'meter' -%}
        {{ column }},
        {% endfor -%}
        commitment_id,
        hour_start,
        usage_date
),

items as (
    select
        {{ item | join(',\n        ') }},
        cast(null as {{ type_string() }}) as drawn_commitment_id,
        hour_start,
        usage_date,
        sub_account_name,
        resource_name,
        x_run_id,
        x_ingested_at,
        quantity
    from provisioned
    union all
    select
        {{ item | join(',\n        ') }},
        commitment_id,
        hour_start,
        usage_date,
        sub_account_name,
        resource_name,
        x_run_id,
        x_ingested_at,
        quantity
    from drawn
),

-- Numbered in the order in which capacity is covered, by resource first.
numbered_items as (
    select
        distinct_items.*,
        row_number() over (
            order by
                coalesce(lower(resource_id), ''),
                {{ item | join(',\n                ') }},
                drawn_commitment_id
        ) as item_number
    from (
        select distinct
            {{ item | join(',\n            ') }},
            drawn_commitment_id
        from items
    ) as distinct_items
),

final as (
    select
        items.*,
        numbered_items.item_number,
        resolved_models.model_id,
        resolved_models.model_name,
        resolved_models.model_developer,
        resolved_models.model_family,
        {{ scope_of('items.geography') }} as scope
    from items
    inner join numbered_items
        on {{ same_item | join('\n        and ') }}
    left join resolved_models
        on resolved_models.provider = items.provider
        and resolved_models.provider_model_id = items.provider_model_id
        and resolved_models.usage_date = items.usage_date
)

select * from final
