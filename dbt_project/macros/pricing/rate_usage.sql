{#
  Prices usage as of its day: one output row for each row of usage, always.

  usage    a relation of the shape of genai_usage_daily_unified
  filter   condition on its rows
  rates    a relation of the shape of genai_payg_pricing

  Returns the body of a with clause whose last step, rated_usage, has all columns of usage, and pricing_status,
  pricing_reason, is_estimated, pricing_id, pricing_type, pricing_source, currency, pricing_unit, pricing_quantity,
  list_unit_price, list_cost, cost_lower_bound, cost_upper_bound.

  The matching is decided on the few distinct rating keys of the usage and the few periods in which no rate of a key changes,
  not on the rows: the rows are read twice and joined once, on the key and the period. usage is named in two steps on
  purpose, because an engine that keeps a step which is used twice would keep a copy of all rows.

  A meter that adds up what the price list may keep apart (meters.priced_as_meter) is rated by the rates of two meters, for models
  that have no rate of the meter itself: the first gives the price, both give the bounds, and meters.estimate_reason says why.
  Tier, geography and variant have to fit in each of them. Where the two prices are the same, nothing is estimated.
#}
{% macro rate_usage(usage, filter, rates, meters, providers) %}
{%- set key = [
    'provider', 'model_id', 'meter', 'service_tier', 'geography', 'context_tokens_above', 'context_tokens_up_to', 'variant'
] %}
{%- set no_limit = 9223372036854775807 -%}
{%- set uncharged = {'committed': 'covered_by_commitment', 'free': 'free_tier'} -%}
{%- set is_uncharged = "keys.service_tier in ('" ~ uncharged | join("', '") ~ "')" -%}
rating_keys as (
    select distinct {{ key | join(', ') }}
    from {{ usage }}
    where {{ filter }}
),

-- The usage's side of each comparison. Unknown bounds of a prompt's length are no bounds.
keys as (
    select
        rating_keys.*,
        providers.currency,
        meters.pricing_unit,
        meters.per_block,
        meters.kind as meter_kind,
        meters.estimate_reason,
        coalesce(rating_keys.geography, 'global') as rate_geography,
        coalesce(rating_keys.context_tokens_above, 0) as tokens_above,
        coalesce(rating_keys.context_tokens_up_to, {{ no_limit }}) as tokens_up_to
    from rating_keys
    left join {{ providers }} as providers on providers.provider = rating_keys.provider
    left join {{ meters }} as meters on meters.meter = rating_keys.meter
),

-- List prices only: negotiated prices change the contracted price, not the list price.
list_rates as (
    select
        *,
        coalesce(valid_to, {{ end_of_time() }}) as valid_until,
        coalesce(context_tokens_up_to, {{ no_limit }}) as tokens_up_to
    from {{ rates }}
    where x_org_slug is null and volume_threshold_tokens is null
),

-- The meters whose rates price a meter: itself, or the two that it adds up. Those with rank 0 give the price.
meter_rates as (
    select meter, meter as rate_meter, 0 as meter_rank, 0 as part_rank
    from {{ meters }}
    union all
    select meter, priced_as_meter as rate_meter, 0 as meter_rank, 1 as part_rank
    from {{ meters }}
    where priced_as_meter is not null
    union all
    select meter, bounding_meter as rate_meter, 1 as meter_rank, 1 as part_rank
    from {{ meters }}
    where bounding_meter is not null
),

-- Periods between two changes of any rate of a model's meter, from the first day that can be written to the last.
rated_meters as (
    select distinct rating_keys.provider, rating_keys.model_id, rating_keys.meter, meter_rates.rate_meter
    from rating_keys
    left join meter_rates on meter_rates.meter = rating_keys.meter
),

boundaries as (
    select provider, model_id, meter, {{ start_of_time() }} as valid_from
    from rated_meters
    union distinct
    select rated_meters.provider, rated_meters.model_id, rated_meters.meter, rates.valid_from
    from rated_meters
    inner join list_rates as rates
        on rates.provider = rated_meters.provider
        and rates.meter = rated_meters.rate_meter
        and (rates.model_id = rated_meters.model_id or rates.model_id is null)
    union distinct
    select rated_meters.provider, rated_meters.model_id, rated_meters.meter, rates.valid_until as valid_from
    from rated_meters
    inner join list_rates as rates
        on rates.provider = rated_meters.provider
        and rates.meter = rated_meters.rate_meter
        and (rates.model_id = rated_meters.model_id or rates.model_id is null)
    where rates.valid_until < {{ end_of_time() }}
),

periods as (
    select
        provider,
        model_id,
        meter,
        valid_from,
        lead(valid_from, 1, {{ end_of_time() }}) over (partition by provider, model_id, meter order by valid_from) as valid_until
    from boundaries
),

-- Every rate that could concern a key in a period, and in which respects it fits.
candidates as (
    select
        {% for column in key %}keys.{{ column }}, {% endfor %}
        periods.valid_from,
        meter_rates.meter_rank,
        rates.pricing_id,
        rates.pricing_type,
        rates.source || ' ' || rates.source_version as pricing_source,
        rates.unit_price,
        rates.context_tokens_above as rate_tokens_above,
        rates.service_tier = keys.service_tier as fits_tier,
        rates.geography = keys.rate_geography as fits_geography,
        -- A rate without a variant holds for every variant that has no rate of its own.
        rates.variant is null or coalesce(rates.variant = keys.variant, false) as fits_variant,
        case when rates.variant is not null then 0 else 1 end as variant_rank,
        -- Prompts of the usage are longer than tokens_above and at most tokens_up_to, those of the rate likewise.
        rates.context_tokens_above < keys.tokens_up_to and keys.tokens_above < rates.tokens_up_to as fits_band,
        -- A rate of the model wins over a rate that no model decides.
        case when rates.model_id is not null then 0 else 1 end as model_rank
    from keys
    inner join periods
        on periods.provider = keys.provider
        and periods.model_id is not distinct from keys.model_id
        and periods.meter = keys.meter
    inner join meter_rates on meter_rates.meter = keys.meter
    inner join list_rates as rates
        on rates.provider = keys.provider
        and rates.meter = meter_rates.rate_meter
        and rates.currency = keys.currency
        and rates.valid_from <= periods.valid_from
        and periods.valid_from < rates.valid_until
        and (rates.model_id = keys.model_id or rates.model_id is null)
    where true
    -- Rates of the meter itself win over those of its parts, whatever they fit.
    qualify meter_rates.part_rank = min(meter_rates.part_rank)
        over (partition by {% for column in key %}keys.{{ column }}, {% endfor %}periods.valid_from)
),

-- What each rate's rivals are: the best model rank and, among those that fit but for the band, the best variant rank.
ranked as (
    select
        *,
        min(case when fits_tier and fits_geography and fits_variant then model_rank * 2 + variant_rank end)
            over (partition by {{ key | join(', ') }}, valid_from, meter_rank) as fitting_rank,
        min(model_rank) over (partition by {{ key | join(', ') }}, valid_from, meter_rank) as best_model_rank
    from candidates
),

judged as (
    select
        *,
        fits_tier and fits_geography and fits_variant and model_rank * 2 + variant_rank = fitting_rank as is_rival,
        fits_tier and fits_geography and fits_variant and model_rank * 2 + variant_rank = fitting_rank and fits_band as is_match,
        model_rank = best_model_rank as is_bound
    from ranked
),

matches as (
    select
        {{ key | join(',\n        ') }},
        valid_from,
        -- Only rates of the meter that gives the price are counted as such: one that merely bounds it prices nothing.
        count(case when meter_rank = 0 then 1 end) as rate_count,
        count(case when meter_rank = 0 and is_match then 1 end) as match_count,
        count(case when meter_rank = 0 and is_rival then 1 end) as rival_count,
        count(case when meter_rank = 0 and fits_tier then 1 end) as tier_count,
        count(case when meter_rank = 0 and fits_tier and fits_geography then 1 end) as geography_count,
        min(case when is_match then unit_price end) as lowest_match,
        max(case when is_match then unit_price end) as highest_match,
        -- Whether the other bound lies outside of the prices that can be given.
        min(case when is_match then unit_price end) < min(case when meter_rank = 0 and is_match then unit_price end)
            or max(case when is_match then unit_price end) > max(case when meter_rank = 0 and is_match then unit_price end)
            as is_bounded,
        min(case when is_bound then unit_price end) as lowest_bound,
        max(case when is_bound then unit_price end) as highest_bound
    from judged
    group by {{ key | join(', ') }}, valid_from
),

applied as (
    select
        {{ key | join(',\n        ') }},
        valid_from,
        pricing_id,
        pricing_type,
        pricing_source,
        unit_price
    from judged
    where is_match and meter_rank = 0
    qualify row_number() over (
        partition by {{ key | join(', ') }}, valid_from
        order by rate_tokens_above, pricing_id
    ) = 1
),

-- Whether the price list knows the model and its meter on any day, to say why there is no rate.
known_models as (
    select distinct provider, model_id
    from list_rates
    where model_id is not null
),

known_meters as (
    select distinct rates.provider, meter_rates.meter, rates.model_id
    from list_rates as rates
    inner join meter_rates
        on meter_rates.rate_meter = rates.meter
        and meter_rates.meter_rank = 0
),

resolved as (
    select
        {% for column in key %}keys.{{ column }}, {% endfor %}
        keys.currency,
        keys.pricing_unit,
        keys.per_block,
        keys.meter_kind,
        periods.valid_from,
        periods.valid_until,
        {%- for column in ('pricing_id', 'pricing_type', 'pricing_source') %}
        case when not {{ is_uncharged }} then applied.{{ column }} end as {{ column }},
        {%- endfor %}
        case
            when {{ is_uncharged }} then keys.service_tier
            when matches.match_count = 1 and not matches.is_bounded then 'priced'
            when matches.match_count > 0 then 'estimated'
            else 'unpriced'
        end as pricing_status,
        case
            {%- for tier, reason in uncharged.items() %}
            when keys.service_tier = '{{ tier }}' then '{{ reason }}'
            {%- endfor %}
            when matches.match_count > 0 and matches.is_bounded then keys.estimate_reason
            when matches.match_count = 1 then null
            when matches.match_count > 1 then 'unknown_context_band'
            when matches.rival_count > 0 then 'unknown_context_band'
            when matches.geography_count > 0 then 'unknown_variant'
            when matches.tier_count > 0 then 'unknown_geography'
            when matches.rate_count > 0 then 'unknown_tier'
            when model_meters.meter is not null or meters_of_any_model.meter is not null then 'no_rate_on_day'
            when keys.meter_kind = 'unmapped' then 'unknown_meter'
            when keys.model_id is not null and known_models.model_id is null then 'unknown_model'
            else 'unknown_meter'
        end as pricing_reason,
        case when {{ is_uncharged }} then {{ zero_rate() }} else applied.unit_price end as unit_price,
        case
            when {{ is_uncharged }} then {{ zero_rate() }}
            when matches.match_count > 0 then matches.lowest_match
            else matches.lowest_bound
        end as lowest_unit_price,
        case
            when {{ is_uncharged }} then {{ zero_rate() }}
            when matches.match_count > 0 then matches.highest_match
            else matches.highest_bound
        end as highest_unit_price
    from keys
    inner join periods
        on periods.provider = keys.provider
        and periods.model_id is not distinct from keys.model_id
        and periods.meter = keys.meter
    left join matches on {{ same_key('matches', 'keys', key) }} and matches.valid_from = periods.valid_from
    left join applied on {{ same_key('applied', 'keys', key) }} and applied.valid_from = periods.valid_from
    left join known_models
        on known_models.provider = keys.provider
        and known_models.model_id = keys.model_id
    left join known_meters as model_meters
        on model_meters.provider = keys.provider
        and model_meters.meter = keys.meter
        and model_meters.model_id = keys.model_id
    left join known_meters as meters_of_any_model
        on meters_of_any_model.provider = keys.provider
        and meters_of_any_model.meter = keys.meter
        and meters_of_any_model.model_id is null
),

quantified_usage as (
    select
        usage.*,
        resolved.pricing_status,
        -- As opposed to usage that has no model: the provider named a model that no alias rule knows, or tokens were used through
        -- a resource whose model is not known.
        case
            when resolved.pricing_status != 'unpriced' or usage.model_id is not null or resolved.meter_kind = 'unmapped'
                then resolved.pricing_reason
            when usage.provider_model_id is not null then 'unknown_model'
            when resolved.pricing_reason = 'unknown_meter' and resolved.meter_kind = 'tokens' and usage.resource_id is not null
                then 'unknown_model'
            else resolved.pricing_reason
        end as pricing_reason,
        resolved.pricing_status in ('estimated', 'unpriced') as is_estimated,
        resolved.pricing_id,
        resolved.pricing_type,
        resolved.pricing_source,
        resolved.currency,
        resolved.pricing_unit,
        cast(usage.quantity * resolved.per_block as {{ type_quantity() }}) as pricing_quantity,
        resolved.unit_price as list_unit_price,
        resolved.lowest_unit_price,
        resolved.highest_unit_price
    from {{ usage }} as usage
    left join {{ few_rows('resolved') }} as resolved
        on {{ same_key('resolved', 'usage', key) }}
        and usage.usage_date >= resolved.valid_from
        and usage.usage_date < resolved.valid_until
    where {{ filter }}
),

costed_usage as (
    select
        *,
        {{ exact_cost('pricing_quantity', 'list_unit_price') }} as list_cost
    from quantified_usage
),

-- Bounds that equal the cost are not multiplied again: a product of wide decimals is the dearest thing that is done per row.
rated_usage as (
    select
        *,
        case
            when is_estimated then {{ exact_cost('pricing_quantity', 'lowest_unit_price') }}
            else list_cost
        end as cost_lower_bound,
        case
            when is_estimated then {{ exact_cost('pricing_quantity', 'highest_unit_price') }}
            else list_cost
        end as cost_upper_bound
    from costed_usage
)
{%- endmacro %}

{# Joins on all columns of a rating key. Provider, meter and tier are never null; on BigQuery an outer join needs such an equality. #}
{% macro same_key(left_side, right_side, key) -%}
    {%- for column in key -%}
        {%- if column in ('provider', 'meter', 'service_tier') -%}
            {{ left_side }}.{{ column }} = {{ right_side }}.{{ column }}
        {%- else -%}
            {{ left_side }}.{{ column }} is not distinct from {{ right_side }}.{{ column }}
        {%- endif -%}
        {%- if not loop.last %} and {% endif -%}
    {%- endfor -%}
{%- endmacro %}

{# A quantity has 6 decimals and a price 12, so the product has 18 and nothing is rounded. #}
{% macro exact_cost(quantity, unit_price) -%} cast({{ quantity }} * {{ unit_price }} as {{ type_cost() }}) {%- endmacro %}

{% macro zero_rate() -%} cast(0 as {{ type_rate() }}) {%- endmacro %}
