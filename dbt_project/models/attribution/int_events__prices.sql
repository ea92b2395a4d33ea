{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{#- What decides the prices of a request's meters. -#}
{%- set key = [
    'usage_date', 'x_org_slug', 'x_genai_account_id', 'provider', 'provider_model_id', 'service_tier', 'logged_geography',
    'context_tokens_above', 'context_tokens_up_to'
] -%}

with
{{ locate_events(
    events=ref('int_events__counted'),
    filter='true',
    accounts=source('reference', 'genai_provider_accounts'),
    rates=ref('genai_payg_pricing'),
    usage=ref('genai_usage_daily_unified'),
) }},

event_keys as (
    select distinct
        usage_date,
        x_org_slug,
        account_id as x_genai_account_id,
        provider,
        named_model_id as provider_model_id,
        priced_tier as service_tier,
        geography as logged_geography,
        context_tokens_above,
        context_tokens_up_to
    from located_events
    where named_model_id is not null
),

{{ resolve_models(
    usages=['event_keys'],
    filter='true',
    rules=ref('int_pricing__alias_rules'),
) }},

-- Where a log does not say in which geography it was served, and the provider served the model in just one of them.
served_geographies as (
    select
        x_org_slug,
        provider,
        x_genai_account_id,
        model_id,
        max(geography) as served_geography
    from {{ ref('genai_usage_daily_unified') }}
    where geography is not null and model_id is not null and {{ near_window('x_ingestion_date') }}
    group by x_org_slug, provider, x_genai_account_id, model_id
    having min(geography) = max(geography)
),

priced_keys as (
    select
        event_keys.*,
        coalesce(event_keys.logged_geography, served_geographies.served_geography) as geography,
        resolved_models.model_id,
        resolved_models.model_name,
        resolved_models.model_developer,
        resolved_models.model_family
    from event_keys
    left join resolved_models
        on resolved_models.provider = event_keys.provider
        and resolved_models.provider_model_id = event_keys.provider_model_id
        and resolved_models.usage_date = event_keys.usage_date
    left join served_geographies
        on served_geographies.x_org_slug = event_keys.x_org_slug
        and served_geographies.provider = event_keys.provider
        and served_geographies.x_genai_account_id = event_keys.x_genai_account_id
        and served_geographies.model_id = resolved_models.model_id
),

metered_keys as (
    select
        priced_keys.*,
        meters.meter,
        cast(null as {{ type_string() }}) as variant
    from priced_keys
    inner join {{ source('reference', 'genai_meters') }} as meters
        on meters.meter in ('{{ event_meters() | join("', '") }}')
),

{{ resolve_prices(
    usage='metered_keys',
    filter='true',
    history_filter='true',
    rates=ref('genai_payg_pricing'),
    meters=source('reference', 'genai_meters'),
    providers=source('reference', 'genai_providers'),
    accounts=source('reference', 'genai_provider_accounts'),
) }},

-- A price of one unit: 12 decimals of a price and the block's power of ten have room in 18.
found_prices as (
    select
        keys.*,
        resolved.currency,
        resolved.pricing_status,
        resolved.pricing_reason,
        cast(resolved.list_unit_price * resolved.per_block as {{ type_cost() }}) as list_price,
        cast(resolved.contracted_unit_price * resolved.per_block as {{ type_cost() }}) as contracted_price
    from metered_keys as keys
    left join resolved
        on {{ same_key('resolved', 'keys', rating_key()) }}
        and resolved.valid_from <= keys.usage_date
        and resolved.valid_until > keys.usage_date
        and (
            resolved.price_org is null
            or (
                resolved.price_org = keys.x_org_slug
                and resolved.price_account is not distinct from keys.x_genai_account_id
            )
        )
    where true
    -- Prices of the organisation before everyone's, where both were resolved.
    qualify row_number() over (
        partition by
            keys.usage_date, keys.x_org_slug, keys.x_genai_account_id, keys.provider, keys.provider_model_id, keys.service_tier,
            keys.logged_geography, keys.context_tokens_above, keys.context_tokens_up_to, keys.meter
        order by case when resolved.price_org is null then 1 else 0 end
    ) = 1
),

final as (
    select
        {%- for meter in event_meters() %}
        max(case when meter = '{{ meter }}' then list_price end) as list_{{ meter }},
        max(case when meter = '{{ meter }}' then contracted_price end) as contracted_{{ meter }},
        max(case when meter = '{{ meter }}' and pricing_status != 'priced' then pricing_status end) as status_{{ meter }},
        max(case when meter = '{{ meter }}' then pricing_reason end) as reason_{{ meter }},
        {%- endfor %}
        max(geography) as geography,
        max(model_id) as model_id,
        max(model_name) as model_name,
        max(model_developer) as model_developer,
        max(model_family) as model_family,
        max(currency) as currency,
        {{ key | join(',\n        ') }}
    from found_prices
    group by {{ key | join(', ') }}
)

select * from final
