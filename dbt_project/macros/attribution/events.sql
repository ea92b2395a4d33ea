{# Meters that one request can name, the columns of an event; as EVENT_METERS of the schemas, which a test compares. #}
{% macro event_meters() %}
    {{ return([
        'uncached_input', 'uncached_input_audio', 'uncached_input_image', 'uncached_input_video', 'cache_read', 'cache_read_audio',
        'cache_write', 'cache_write_5m', 'cache_write_1h', 'output', 'output_audio', 'output_image', 'output_reasoning',
        'embedding_input', 'image', 'character', 'web_search'
    ]) }}
{% endmacro %}

{# All input tokens of a request, cached ones included: what decides the price band. #}
{% macro event_input_tokens() -%}
uncached_input + uncached_input_audio + uncached_input_image + uncached_input_video + cache_read + cache_read_audio
        + cache_write + cache_write_5m + cache_write_1h
{%- endmacro %}

{#
  Condition that a day lies in the window or beside it; true without a window. A request that is told twice around midnight has its
  tellings on two days.
#}
{% macro near_window(column) -%}
    {%- if has_window() -%}
        {{ column }} >= {{ add_days(date_literal(var('min_date')), -1) }} and {{ column }} < {{ add_days(date_literal(var('max_date')), 1) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#
  Events with what a log leaves out: the account, where the organisation has just one at the provider, the model, where the deployment or
  profile that is named served just one (named_model_id), the tier, and the band of prompt lengths between two prices of the provider.

  Returns the body of a with clause whose last step is located_events.
#}
{% macro locate_events(events, filter, accounts, rates, usage) -%}
sole_accounts as (
    select
        x_org_slug,
        provider,
        max(account_id) as account_id
    from {{ accounts }}
    group by x_org_slug, provider
    having count(*) = 1
),

resource_models as (
    select
        x_org_slug,
        provider,
        resource_id,
        max(provider_model_id) as only_model_id
    from {{ usage }}
    where resource_id is not null and provider_model_id is not null and {{ near_window('x_ingestion_date') }}
    group by x_org_slug, provider, resource_id
    having min(provider_model_id) = max(provider_model_id)
),

band_ends as (
    select
        provider,
        context_tokens_above as tokens
    from {{ rates }}
    where context_tokens_above > 0
    union distinct
    select
        provider,
        context_tokens_up_to as tokens
    from {{ rates }}
    where context_tokens_up_to is not null
    union distinct
    select
        provider,
        0 as tokens
    from {{ rates }}
),

bands as (
    select
        provider,
        tokens as context_tokens_above,
        lead(tokens) over (partition by provider order by tokens) as context_tokens_up_to
    from band_ends
),

located_events as (
    select
        events.*,
        coalesce(events.x_genai_account_id, sole_accounts.account_id) as account_id,
        coalesce(events.provider_model_id, resource_models.only_model_id) as named_model_id,
        coalesce(events.service_tier, 'standard') as priced_tier,
        bands.context_tokens_above,
        bands.context_tokens_up_to
    from (
        select
            *,
            greatest(1, {{ event_input_tokens() }}) as prompt_tokens
        from {{ events }}
        where {{ filter }}
    ) as events
    left join {{ few_rows('sole_accounts') }} as sole_accounts
        on sole_accounts.x_org_slug = events.x_org_slug
        and sole_accounts.provider = events.provider
    left join {{ few_rows('resource_models') }} as resource_models
        on resource_models.x_org_slug = events.x_org_slug
        and resource_models.provider = events.provider
        and resource_models.resource_id = events.resource_id
    left join {{ few_rows('bands') }} as bands
        on bands.provider = events.provider
        and events.prompt_tokens > bands.context_tokens_above
        and events.prompt_tokens <= coalesce(bands.context_tokens_up_to, {{ no_token_limit() }})
)
{%- endmacro %}

{# Whether any meter of a request is counted. #}
{% macro counts_anything(events) -%}
    ({% for meter in event_meters() %}{{ events }}.{{ meter }} > 0{{ '\n                or ' if not loop.last }}{% endfor %})
{%- endmacro %}

{# Whether a meter that a request counts has no price, or one that is not certain. #}
{% macro counts_unpriced(events, prices) -%}
    ({% for meter in event_meters() -%}
        ({{ events }}.{{ meter }} > 0 and {{ prices }}.list_{{ meter }} is null){{ '\n                or ' if not loop.last }}
    {%- endfor %})
{%- endmacro %}

{% macro counts_estimated(events, prices) -%}
    ({% for meter in event_meters() -%}
        ({{ events }}.{{ meter }} > 0 and {{ prices }}.status_{{ meter }} = 'estimated'){{ '\n                or ' if not loop.last }}
    {%- endfor %})
{%- endmacro %}

{# Why the first of its meters that is not simply priced is not; null where all are. #}
{% macro event_reason(events, prices) -%}
    coalesce(
            {% for meter in event_meters() -%}
            case when {{ events }}.{{ meter }} > 0 then {{ prices }}.reason_{{ meter }} end,
            {% endfor -%}
            case when {{ prices }}.provider is null or {{ prices }}.model_id is null then 'unknown_model' end
        )
{%- endmacro %}

{# What a request costs at the prices of one side, list or contracted; null where a meter that it counts has no price. #}
{% macro event_amount(events, prices, side) -%}
    cast(
            {% for meter in event_meters() -%}
            case
                when {{ events }}.{{ meter }} > 0 then {{ units_at_price(events ~ '.' ~ meter, prices ~ '.' ~ side ~ '_' ~ meter) }}
                else {{ zero_cost() }}
            end {{- '\n            + ' if not loop.last }}
            {%- endfor %}
            as {{ type_cost() }}
        )
{%- endmacro %}

{#
  Joins that find what mapping rules say of a row on its day, one for each scope and dimension, and the value of the finest scope.

  Validities of one rule do not overlap (the control database refuses it, and a test looks), so no join multiplies rows.
#}
{% macro rule_scopes() %}
    {{ return({'api_key': 'api_key_id', 'resource': 'resource_id', 'sub_account': 'sub_account_id', 'account': 'account_id'}) }}
{% endmacro %}

{% macro rule_joins(rows, rules, condition='true') -%}
    {%- for scope, column in rule_scopes().items() -%}
    {%- for dimension in ('tenant', 'user', 'task') %}
    left join {{ few_rows(rules) }} as {{ scope }}_{{ dimension }}
        on {{ scope }}_{{ dimension }}.x_org_slug = {{ rows }}.x_org_slug
        and {{ scope }}_{{ dimension }}.scope_id = {{ rows }}.{{ column }}
        and {{ scope }}_{{ dimension }}.scope = '{{ scope }}'
        and {{ scope }}_{{ dimension }}.dimension = '{{ dimension }}'
        and {{ scope }}_{{ dimension }}.provider = {{ rows }}.provider
        and {{ scope }}_{{ dimension }}.valid_from <= {{ rows }}.usage_date
        and {{ rows }}.usage_date < coalesce({{ scope }}_{{ dimension }}.valid_to, {{ end_of_time() }})
        and {{ condition }}
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}

{% macro ruled_value(dimension) -%}
    coalesce({% for scope in rule_scopes() %}{{ scope }}_{{ dimension }}.value{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
