{{ config(**replaced_by_day('genai_budget_spend_daily')) }}

{%- set place = ['usage_date', 'x_org_slug', 'provider'] -%}
{%- set account = place + ['x_genai_account_id'] -%}
{%- set consumer = ['tenant_id', 'user_id', 'task', 'conversation_id'] -%}
{%- set owner = [
    'x_hierarchy_entity_id', 'x_hierarchy_entity_name', 'x_hierarchy_level_code', 'x_hierarchy_path', 'x_hierarchy_path_names'
] -%}
{%- set key = account + ['x_genai_provider', 'flow', 'sub_account_id', 'model_id'] + consumer + ['currency', 'x_hierarchy_entity_id'] -%}
{%- set reserved_join -%}
left join {{ few_rows('reserved_resources') }} as reserved_resources
        on {{ equal_columns('reserved_resources', 'events', place + ['resource_id']) }}
{%- endset -%}
{%- set is_counted -%}
{{ in_window('events.x_ingestion_date') }}
        and events.pricing_status not in ('cache_hit', 'empty', 'committed')
        and (reserved_resources.provider is null or events.service_tier is not null)
{%- endset %}

-- The large tables are named in each step on purpose: an engine that keeps a step which is used twice would keep a copy of them.
with accounts as (
    select * from {{ source('reference', 'genai_provider_accounts') }}
),

-- What reserved capacity serves is charged by the hour and not by the request.
reserved_resources as (
    select distinct
        {{ place | join(',\n        ') }},
        resource_id
    from {{ ref('genai_usage_daily_unified') }}
    where {{ in_window('x_ingestion_date') }} and flow = 'commitment' and resource_id is not null
),

-- What is read of machines says nothing of the requests that were made.
read_accounts as (
    select
        {{ account | join(',\n        ') }},
        max(x_ingested_at) as last_read_at
    from {{ ref('genai_usage_daily_unified') }}
    where {{ in_window('x_ingestion_date') }} and flow != 'infrastructure'
    group by {{ account | join(', ') }}
),

closed_accounts as (
    select * from read_accounts
    where last_read_at >= {{ utc_midnight(add_days('usage_date', 1)) }}
),

closed_places as (
    select distinct {{ place | join(', ') }}
    from closed_accounts
),

logged as (
    select
        {{ prefixed('events', account) }},
        events.currency,
        sum(events.contracted_cost) as requests_cost
    from {{ ref('genai_usage_events') }} as events
    {{ reserved_join }}
    where {{ is_counted }}
    group by {{ prefixed('events', account) }}, events.currency
),

-- Requests of an account that nobody registered are of one of the others as soon as the provider tells of any.
open_logged as (
    select
        logged.*,
        accounts.account_id is null as is_unknown
    from logged
    left join accounts
        on accounts.x_org_slug = logged.x_org_slug
        and accounts.provider = logged.provider
        and accounts.account_id = logged.x_genai_account_id
    left join closed_accounts on {{ equal_columns('closed_accounts', 'logged', account) }}
    left join closed_places on {{ equal_columns('closed_places', 'logged', place) }}
    where
        (accounts.account_id is not null and closed_accounts.provider is null)
        or (accounts.account_id is null and closed_places.provider is null)
),

-- Where the account of any request is unknown, all accounts of the provider are compared as one.
open_places as (
    select
        {{ place | join(',\n        ') }},
        max(case when is_unknown then 1 else 0 end) as is_pooled
    from open_logged
    group by {{ place | join(', ') }}
),

payg_charges as (
    select
        {{ account | join(',\n        ') }},
        currency,
        sum(effective_cost) as charges_cost
    from {{ ref('genai_cost_attribution_daily') }}
    where {{ in_window('x_ingestion_date') }} and flow = 'payg'
    group by {{ account | join(', ') }}, currency
),

-- The two counts of what is compared: an account, or a pool without one.
counts as (
    select
        {{ prefixed('open_logged', place) }},
        case when open_places.is_pooled = 0 then open_logged.x_genai_account_id end as compared_account,
        open_logged.currency,
        coalesce(open_logged.requests_cost, {{ zero_cost() }}) as requests_cost,
        {{ zero_cost() }} as charges_cost,
        1 as logged_rows,
        0 as charged_rows
    from open_logged
    inner join open_places on {{ equal_columns('open_places', 'open_logged', place) }}
    union all
    select
        {{ prefixed('payg_charges', place) }},
        case when open_places.is_pooled = 0 then payg_charges.x_genai_account_id end as compared_account,
        payg_charges.currency,
        {{ zero_cost() }} as requests_cost,
        payg_charges.charges_cost,
        0 as logged_rows,
        1 as charged_rows
    from payg_charges
    inner join open_places on {{ equal_columns('open_places', 'payg_charges', place) }}
),

compared as (
    select
        {{ place | join(',\n        ') }},
        compared_account,
        sum(requests_cost) as all_requests_cost,
        sum(charges_cost) as all_charges_cost,
        sum(logged_rows) as all_logged_rows,
        sum(charged_rows) as all_charged_rows,
        count(distinct currency) as currencies
    from counts
    group by {{ place | join(', ') }}, compared_account
),

-- Amounts of two currencies cannot be compared: then the provider's word counts.
standing_in as (
    select
        {{ place | join(',\n        ') }},
        compared_account
    from compared
    where
        all_logged_rows > 0
        and (all_charged_rows = 0 or (currencies <= 1 and all_requests_cost > all_charges_cost))
),

counted_accounts as (
    select distinct {{ prefixed('open_logged', account) }}
    from open_logged
    inner join standing_in
        on {{ equal_columns('standing_in', 'open_logged', place) }}
        and (standing_in.compared_account is null or standing_in.compared_account = open_logged.x_genai_account_id)
),

replaced_accounts as (
    select distinct {{ prefixed('payg_charges', account) }}
    from payg_charges
    inner join standing_in
        on {{ equal_columns('standing_in', 'payg_charges', place) }}
        and (standing_in.compared_account is null or standing_in.compared_account = payg_charges.x_genai_account_id)
),

charges as (
    select
        attribution.*,
        attribution.input_tokens + attribution.output_tokens as tokens
    from {{ ref('genai_cost_attribution_daily') }} as attribution
    left join {{ few_rows('replaced_accounts') }} as replaced_accounts
        on {{ equal_columns('replaced_accounts', 'attribution', account) }}
    where
        {{ in_window('attribution.x_ingestion_date') }}
        and (replaced_accounts.provider is null or attribution.flow != 'payg')
),

-- With the API key, which may have an owner of its own.
requests as (
    select
        {{ prefixed('events', account) }},
        events.x_genai_provider,
        events.sub_account_id,
        events.api_key_id,
        events.model_id,
        {{ prefixed('events', consumer) }},
        events.currency,
        sum(events.list_cost) as list_cost,
        sum(events.contracted_cost) as contracted_cost,
        -- Not as integers, whose sum DuckDB would bring together with decimals as a float.
        sum(cast(
            {{ event_input_tokens() }} + output + output_audio + output_image + output_reasoning + embedding_input
            as {{ type_quantity() }}
        )) as tokens
    from {{ ref('genai_usage_events') }} as events
    inner join {{ few_rows('counted_accounts') }} as counted_accounts
        on {{ equal_columns('counted_accounts', 'events', account, nullable=['x_genai_account_id']) }}
    {{ reserved_join }}
    where {{ is_counted }}
    group by
        {{ prefixed('events', account) }}, events.x_genai_provider, events.sub_account_id, events.api_key_id, events.model_id,
        {{ prefixed('events', consumer) }}, events.currency
),

owned_requests as (
    select
        requests.*,
        'payg' as flow,
        {{ owner_columns() }}
    from requests
    {{ owner_joins('requests', source('reference', 'genai_hierarchy_assignments'), source('reference', 'genai_hierarchy_entities')) }}
),

spend as (
    {%- for source_name, relation, effective, billed in [
        ('charges', 'charges', 'effective_cost', 'billed_cost'),
        ('requests', 'owned_requests', 'contracted_cost', 'contracted_cost'),
    ] %}
    select
        '{{ source_name }}' as spend_source,
        {{ key | join(',\n        ') }},
        {%- for column in owner if column not in key %}
        max({{ column }}) as {{ column }},
        {%- endfor %}
        sum(list_cost) as all_list_cost,
        sum({{ effective }}) as all_effective_cost,
        sum({{ billed }}) as all_billed_cost,
        sum(tokens) as all_tokens
    from {{ relation }}
    group by {{ key | join(', ') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        usage_date,
        spend_source,
        flow,
        provider,
        sub_account_id,
        model_id,
        {{ consumer | join(',\n        ') }},
        currency,
        cast(all_list_cost as {{ type_cost() }}) as list_cost,
        cast(all_effective_cost as {{ type_cost() }}) as effective_cost,
        cast(all_billed_cost as {{ type_cost() }}) as billed_cost,
        cast(all_tokens as {{ type_quantity() }}) as tokens,
        {{ owner | join(',\n        ') }},
        x_org_slug,
        x_genai_provider,
        x_genai_account_id,
        usage_date as x_ingestion_date
    from spend
)

select * from final
