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
#}
{% macro rate_usage(usage, filter, rates, meters, providers) %}
{%- set key = [
    'provider', 'model_id', 'meter', 'service_tier', 'geography', 'context_tokens_above', 'context_tokens_up_to', 'variant'
] %}
{%- set no_limit = 9223372036854775807 -%}
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

-- Periods between two changes of any rate of a model's meter, from the first day that can be written to the last.
rated_meters as (
    select distinct provider, model_id, meter
    from rating_keys
),

boundaries as (
    select provider, model_id, meter, {{ start_of_time() }} as valid_from
    from rated_meters
    union distinct
    select rated_meters.provider, rated_meters.model_id, rated_meters.meter, rates.valid_from
    from rated_meters
    inner join list_rates as rates
        on rates.provider = rated_meters.provider
        and rates.meter = rated_meters.meter
        and (rates.model_id = rated_meters.model_id or rates.model_id is null)
    union distinct
    select rated_meters.provider, rated_meters.model_id, rated_meters.meter, rates.valid_until as valid_from
    from rated_meters
    inner join list_rates as rates
        on rates.provider = rated_meters.provider
        and rates.meter = rated_meters.meter
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
    inner join list_rates as rates
        on rates.provider = keys.provider
        and rates.meter = keys.meter
        and rates.currency = keys.currency
        and rates.valid_from <= periods.valid_from
        and periods.valid_from < rates.valid_until
        and (rates.model_id = keys.model_id or rates.model_id is null)
),

-- What each rate's rivals are: the best model rank and, among those that fit but for the band, the best variant rank.
ranked as (
    select
        *,
        min(case when fits_tier and fits_geography and fits_variant then model_rank * 2 + variant_rank end)
            over (partition by {{ key | join(', ') }}, valid_from) as fitting_rank,
        min(model_rank) over (partition by {{ key | join(', ') }}, valid_from) as best_model_rank
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
        count(case when is_match then 1 end) as match_count,
        count(case when is_rival then 1 end) as rival_count,
        count(case when fits_tier then 1 end) as tier_count,
        count(case when fits_tier and fits_geography then 1 end) as geography_count,
        min(case when is_match then rate_tokens_above end) as lowest_band,
        min(case when is_match then unit_price end) as lowest_match,
        max(case when is_match then unit_price end) as highest_match,
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
    where is_match
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
    select distinct provider, meter, model_id
    from list_rates
),

resolved as (
    select
        {% for column in key %}keys.{{ column }}, {% endfor %}
        keys.currency,
        keys.pricing_unit,
        keys.per_block,
        periods.valid_from,
        periods.valid_until,
        applied.pricing_id,
        applied.pricing_type,
        applied.pricing_source,
        case
            when keys.service_tier = 'committed' then 'committed'
            when matches.match_count = 1 then 'priced'
            when matches.match_count > 1 then 'estimated'
            else 'unpriced'
        end as pricing_status,
        case
            when keys.service_tier = 'committed' then 'covered_by_commitment'
            when matches.match_count = 1 then null
            when matches.match_count > 1 then 'unknown_context_band'
            when matches.rival_count > 0 then 'unknown_context_band'
            when matches.geography_count > 0 then 'unknown_variant'
            when matches.tier_count > 0 then 'unknown_geography'
            when matches.valid_from is not null then 'unknown_tier'
            when model_meters.meter is not null or meters_of_any_model.meter is not null then 'no_rate_on_day'
            when keys.model_id is not null and known_models.model_id is null then 'unknown_model'
            else 'unknown_meter'
        end as pricing_reason,
        case when keys.service_tier = 'committed' then {{ zero_rate() }} else applied.unit_price end as unit_price,
        case
            when keys.service_tier = 'committed' then {{ zero_rate() }}
            when matches.match_count > 0 then matches.lowest_match
            else matches.lowest_bound
        end as lowest_unit_price,
        case
            when keys.service_tier = 'committed' then {{ zero_rate() }}
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
        -- The provider named a model that no alias rule knows, as opposed to usage that has no model.
        case
            when resolved.pricing_status = 'unpriced' and usage.model_id is null and usage.provider_model_id is not null then 'unknown_model'
            else resolved.pricing_reason
        end as pricing_reason,
        resolved.pricing_status in ('estimated', 'unpriced') as is_estimated,
        case when resolved.pricing_status != 'committed' then resolved.pricing_id end as pricing_id,
        case when resolved.pricing_status != 'committed' then resolved.pricing_type end as pricing_type,
        case when resolved.pricing_status != 'committed' then resolved.pricing_source end as pricing_source,
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
