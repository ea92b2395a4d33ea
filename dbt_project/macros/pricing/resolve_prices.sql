{#
  The prices of everything that was used: what one row costs, whatever its quantity.

  usage           a relation of the shape of genai_usage_daily_unified
  filter          condition on the rows to be rated
  history_filter  condition on these rows and those before them that may have used up an allowance or passed a volume threshold
  rates           a relation of the shape of genai_payg_pricing
  meters, providers, accounts   the registers of these names

  Returns the body of a with clause whose last steps are:

  resolved        one row per rating key that occurs, owner (rating_key, price_owner) and period in which no rate of the key
                  changes: status and reason, list and contracted price with their origin, the lowest and highest price that could
                  apply, and the allowance. Owners are named for organisations with rates of their own only, so that usage of all
                  others is joined on the key alone.
  volume_tiers    the volume tiers of a row of resolved, from the first token of the month on.

  The matching is decided on the few distinct keys and periods, not on the rows of usage.

  A meter that adds up what the price list may keep apart (meters.priced_as_meter) is rated by the rates of two meters, for models
  that have no rate of the meter itself: the first gives the price, both give the bounds, and meters.estimate_reason says why.
  Tier, geography and variant have to fit in each of them. Where the two prices are the same, nothing is estimated.

  Two sides are matched alike: the list price, which is what is published for everyone, and the prices that stand beside it
  (negotiated, promotional, committed use). A discount is taken off the list price. Of all of these the best priority gives the
  contracted price.
#}
{% macro resolve_prices(usage, filter, history_filter, rates, meters, providers, accounts) %}
{%- set key = rating_key() -%}
{%- set owner = price_owner() -%}
{%- set case_of = key + owner -%}
{%- set uncharged = {'committed': 'covered_by_commitment', 'free': 'free_tier'} -%}
{%- set is_uncharged = "keys.service_tier in ('" ~ uncharged | join("', '") ~ "')" -%}
{#- Whether what was entered for an organisation or account, or for all, is meant for this owner. -#}
{%- set for_owner -%}
(rates.x_org_slug is null or rates.x_org_slug = keys.price_org)
        and (rates.x_genai_account_id is null or rates.x_genai_account_id = keys.price_account)
{%- endset -%}
{%- set open_key -%}
rates.provider = keys.provider
        and (rates.model_id is null or rates.model_id = keys.model_id)
        and (rates.service_tier is null or rates.service_tier = keys.service_tier)
        and (rates.geography is null or rates.geography = keys.rate_geography)
        and (rates.variant is null or rates.variant = keys.variant)
        and rates.context_tokens_above < keys.tokens_up_to
        and keys.tokens_above < rates.tokens_up_to
        and rates.currency = keys.currency
{%- endset -%}
all_rates as (
    select
        *,
        coalesce(valid_to, {{ end_of_time() }}) as valid_until,
        coalesce(context_tokens_up_to, {{ no_token_limit() }}) as tokens_up_to,
        case when x_org_slug is null and pricing_type = 'standard' then 'list' else 'contract' end as side,
        -- Within one priority a promotion comes before what was negotiated, and that before a commitment.
        priority * 10 + case pricing_type when 'promotional' then 0 when 'negotiated' then 1 when 'committed_use' then 2 else 3 end
            as precedence
    from {{ rates }}
),

-- The default allowances are those of the providers' free tiers.
all_allowances as (
    select
        all_rates.*,
        all_rates.source in ('default_prices', 'organisation_defaults') as is_of_free_tier,
        coalesce(meters.token_direction, meters.meter) as pool
    from all_rates
    inner join {{ meters }} as meters on meters.meter = all_rates.meter
    where all_rates.free_tier_quantity is not null
),

-- Organisations whose prices may differ from everyone's, or that use up allowances or pass thresholds.
scoped_orgs as (
    select x_org_slug
    from all_rates
    where x_org_slug is not null
    union distinct
    select accounts.x_org_slug
    from {{ accounts }} as accounts
    inner join all_rates
        on all_rates.provider = accounts.provider
        and all_rates.x_org_slug is null
        and (all_rates.free_tier_quantity is not null or all_rates.volume_threshold_tokens is not null)
    where
        accounts.is_free_tier
        or all_rates.source not in ('default_prices', 'organisation_defaults')
),

rating_keys as (
    select distinct
        {{ key | join(', ') }},
        cast(null as {{ type_string() }}) as price_org,
        cast(null as {{ type_string() }}) as price_account
    from {{ usage }}
    where {{ filter }} and x_org_slug not in (select scoped_orgs.x_org_slug from scoped_orgs)
    union all
    select distinct
        {{ key | join(', ') }},
        x_org_slug as price_org,
        x_genai_account_id as price_account
    from {{ usage }}
    where {{ history_filter }} and x_org_slug in (select scoped_orgs.x_org_slug from scoped_orgs)
),

-- The usage's side of each comparison. Unknown bounds of a prompt's length are no bounds.
keys as (
    select
        rating_keys.*,
        providers.currency,
        meters.pricing_unit,
        meters.per_block,
        meters.kind as meter_kind,
        meters.priced_as_meter,
        meters.estimate_reason,
        -- What shares an allowance: all input or all output of a model, else the meter alone.
        coalesce(meters.token_direction, meters.meter) as pool,
        coalesce(accounts.is_free_tier, false) as is_free_tier,
        coalesce(rating_keys.geography, 'global') as rate_geography,
        coalesce(rating_keys.context_tokens_above, 0) as tokens_above,
        coalesce(rating_keys.context_tokens_up_to, {{ no_token_limit() }}) as tokens_up_to
    from rating_keys
    left join {{ providers }} as providers on providers.provider = rating_keys.provider
    left join {{ meters }} as meters on meters.meter = rating_keys.meter
    left join {{ accounts }} as accounts
        on accounts.x_org_slug = rating_keys.price_org
        and accounts.provider = rating_keys.provider
        and accounts.account_id = rating_keys.price_account
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

priced_rates as (
    select * from all_rates
    where unit_price is not null and volume_threshold_tokens is null
),

-- Rates without a price of their own, or for a part of the usage: any change of them is a change of every meter that they may
-- concern.
other_rates as (
    select * from all_rates
    where unit_price is null or volume_threshold_tokens is not null
),

-- Periods between two changes of any rate of a model's meter, from the first day that can be written to the last.
rated_meters as (
    select distinct keys.provider, keys.model_id, keys.meter, keys.price_org, keys.price_account, meter_rates.rate_meter
    from keys
    left join meter_rates on meter_rates.meter = keys.meter
),

concerned_rates as (
    select keys.provider, keys.model_id, keys.meter, keys.price_org, keys.price_account, rates.valid_from, rates.valid_until
    from rated_meters as keys
    inner join priced_rates as rates
        on rates.provider = keys.provider
        and rates.meter = keys.rate_meter
        and (rates.model_id = keys.model_id or rates.model_id is null)
        and {{ for_owner }}
    union distinct
    select keys.provider, keys.model_id, keys.meter, keys.price_org, keys.price_account, rates.valid_from, rates.valid_until
    from rated_meters as keys
    inner join other_rates as rates
        on rates.provider = keys.provider
        and (rates.model_id = keys.model_id or rates.model_id is null)
        and {{ for_owner }}
),

boundaries as (
    select provider, model_id, meter, {{ owner | join(', ') }}, {{ start_of_time() }} as valid_from
    from rated_meters
    union distinct
    select provider, model_id, meter, {{ owner | join(', ') }}, valid_from
    from concerned_rates
    union distinct
    select provider, model_id, meter, {{ owner | join(', ') }}, valid_until as valid_from
    from concerned_rates
    where valid_until < {{ end_of_time() }}
),

periods as (
    select
        *,
        lead(valid_from, 1, {{ end_of_time() }})
            over (partition by provider, model_id, meter, {{ owner | join(', ') }} order by valid_from) as valid_until
    from boundaries
),

key_periods as (
    select
        keys.*,
        periods.valid_from,
        periods.valid_until
    from keys
    inner join periods
        on periods.provider = keys.provider
        and periods.model_id is not distinct from keys.model_id
        and periods.meter = keys.meter
        and periods.price_org is not distinct from keys.price_org
        and periods.price_account is not distinct from keys.price_account
),

-- Every price that could concern a key in a period, and in which respects it fits.
candidates as (
    select
        {% for column in case_of %}keys.{{ column }}, {% endfor %}
        keys.valid_from,
        rates.side,
        meter_rates.meter_rank,
        rates.pricing_id,
        rates.pricing_type,
        rates.source || ' ' || rates.source_version as pricing_source,
        rates.unit_price,
        rates.precedence,
        rates.context_tokens_above as rate_tokens_above,
        rates.service_tier = keys.service_tier as fits_tier,
        rates.geography = keys.rate_geography as fits_geography,
        -- A rate without a variant holds for every variant that has no rate of its own.
        rates.variant is null or coalesce(rates.variant = keys.variant, false) as fits_variant,
        -- Prompts of the usage are longer than tokens_above and at most tokens_up_to, those of the rate likewise.
        rates.context_tokens_above < keys.tokens_up_to and keys.tokens_above < rates.tokens_up_to as fits_band,
        -- A rate of the model wins over a rate that no model decides.
        case when rates.model_id is not null then 0 else 1 end as model_rank,
        -- What was agreed is weighed by its precedence first. List prices were weighed when the price table was made.
        case rates.side when 'list' then 0 else rates.precedence * 4 end
        + case when rates.model_id is not null then 0 else 2 end
        + case when rates.variant is not null then 0 else 1 end as rate_rank
    from key_periods as keys
    inner join meter_rates on meter_rates.meter = keys.meter
    inner join priced_rates as rates
        on rates.provider = keys.provider
        and rates.meter = meter_rates.rate_meter
        and rates.currency = keys.currency
        and rates.valid_from <= keys.valid_from
        and keys.valid_from < rates.valid_until
        and (rates.model_id = keys.model_id or rates.model_id is null)
        and {{ for_owner }}
    where true
    -- Rates of the meter itself win over those of its parts, whatever they fit.
    qualify meter_rates.part_rank = min(meter_rates.part_rank)
        over (partition by {% for column in case_of %}keys.{{ column }}, {% endfor %}keys.valid_from, rates.side)
),

-- What each rate's rivals are: the best model rank and, among those that fit but for the band, the best rank.
ranked as (
    select
        *,
        min(case when fits_tier and fits_geography and fits_variant then rate_rank end)
            over (partition by {{ case_of | join(', ') }}, valid_from, side, meter_rank) as fitting_rank,
        min(model_rank) over (partition by {{ case_of | join(', ') }}, valid_from, side, meter_rank) as best_model_rank
    from candidates
),

judged as (
    select
        *,
        fits_tier and fits_geography and fits_variant and rate_rank = fitting_rank as is_rival,
        fits_tier and fits_geography and fits_variant and rate_rank = fitting_rank and fits_band as is_match,
        model_rank = best_model_rank as is_bound
    from ranked
),

matches as (
    select
        {{ case_of | join(',\n        ') }},
        valid_from,
        side,
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
    group by {{ case_of | join(', ') }}, valid_from, side
),

applied as (
    select
        {{ case_of | join(',\n        ') }},
        valid_from,
        side,
        pricing_id,
        pricing_type,
        pricing_source,
        unit_price,
        precedence
    from judged
    where is_match and meter_rank = 0
    qualify row_number() over (
        partition by {{ case_of | join(', ') }}, valid_from, side
        order by rate_tokens_above, pricing_id
    ) = 1
),

-- The discount of a key in a period that comes first; of two with one precedence the one that names more.
discounts as (
    select
        {% for column in case_of %}keys.{{ column }}, {% endfor %}
        keys.valid_from,
        rates.pricing_id,
        rates.pricing_type,
        rates.source || ' ' || rates.source_version as pricing_source,
        rates.precedence,
        cast(1 - rates.discount_percentage * cast(0.01 as {{ type_ratio() }}) as {{ type_ratio() }}) as price_factor
    from key_periods as keys
    inner join other_rates as rates
        on {{ open_key }}
        and (rates.meter is null or rates.meter = keys.meter or rates.meter = keys.priced_as_meter)
        and rates.valid_from <= keys.valid_from
        and keys.valid_from < rates.valid_until
        and {{ for_owner }}
    where rates.discount_percentage is not null and rates.volume_threshold_tokens is null
    qualify row_number() over (
        partition by {% for column in case_of %}keys.{{ column }}, {% endfor %}keys.valid_from
        order by
            rates.precedence,
            case when rates.model_id is null then 1 else 0 end,
            case when rates.meter is null then 1 else 0 end,
            case when rates.service_tier is null then 1 else 0 end,
            case when rates.geography is null then 1 else 0 end,
            rates.pricing_id
    ) = 1
),

allowances as (
    select
        {% for column in case_of %}keys.{{ column }}, {% endfor %}
        keys.valid_from,
        rates.pricing_id as allowance_id,
        rates.free_tier_quantity as allowance_quantity,
        rates.free_tier_reset_frequency as allowance_reset
    from key_periods as keys
    inner join all_allowances as rates
        on {{ open_key }}
        and rates.pool = keys.pool
        and rates.valid_from <= keys.valid_from
        and keys.valid_from < rates.valid_until
        and {{ for_owner }}
        and (keys.is_free_tier or not rates.is_of_free_tier)
    where keys.price_org is not null
    qualify row_number() over (
        partition by {% for column in case_of %}keys.{{ column }}, {% endfor %}keys.valid_from
        order by rates.priority, case when rates.model_id is null then 1 else 0 end, rates.pricing_id
    ) = 1
),

-- All thresholds of a key come from one priority: those of two price lists are not mixed.
volume_rates as (
    select
        {% for column in case_of %}keys.{{ column }}, {% endfor %}
        keys.valid_from,
        cast(rates.volume_threshold_tokens as {{ type_quantity() }}) as tier_from,
        rates.unit_price,
        cast(1 - rates.discount_percentage * cast(0.01 as {{ type_ratio() }}) as {{ type_ratio() }}) as price_factor,
        rates.priority,
        case when rates.model_id is null then 1 else 0 end + case when rates.meter is null then 1 else 0 end as openness,
        rates.pricing_id
    from key_periods as keys
    inner join other_rates as rates
        on {{ open_key }}
        and (rates.meter is null or rates.meter = keys.meter or rates.meter = keys.priced_as_meter)
        and rates.valid_from <= keys.valid_from
        and keys.valid_from < rates.valid_until
        and {{ for_owner }}
    where rates.volume_threshold_tokens is not null and keys.price_org is not null
    qualify rates.priority = min(rates.priority) over (partition by {% for column in case_of %}keys.{{ column }}, {% endfor %}keys.valid_from)
),

volume_thresholds as (
    select *
    from volume_rates
    where true
    qualify row_number() over (
        partition by {{ case_of | join(', ') }}, valid_from, tier_from
        order by openness, pricing_id
    ) = 1
),

volume_keys as (
    select distinct {{ case_of | join(', ') }}, valid_from
    from volume_thresholds
),

-- Whether the price list knows the model and its meter on any day, to say why there is no rate.
known_models as (
    select distinct provider, model_id
    from priced_rates
    where side = 'list' and model_id is not null
),

known_meters as (
    select distinct rates.provider, meter_rates.meter, rates.model_id
    from priced_rates as rates
    inner join meter_rates
        on meter_rates.rate_meter = rates.meter
        and meter_rates.meter_rank = 0
    where rates.side = 'list'
),

-- What was found on either side, and which of them is the contracted price.
found as (
    select
        keys.*,
        list_match.rate_count,
        list_match.tier_count,
        list_match.geography_count,
        list_match.rival_count,
        coalesce(list_match.match_count, 0) as list_match_count,
        coalesce(list_match.is_bounded, false) as list_is_bounded,
        case when list_match.match_count > 0 then list_match.lowest_match else list_match.lowest_bound end as list_lowest,
        case when list_match.match_count > 0 then list_match.highest_match else list_match.highest_bound end as list_highest,
        list_price.pricing_id as list_pricing_id,
        list_price.pricing_type as list_pricing_type,
        list_price.pricing_source as list_pricing_source,
        list_price.unit_price as list_price,
        contract_match.match_count as contract_match_count,
        coalesce(contract_match.is_bounded, false) as contract_is_bounded,
        contract_match.lowest_match as contract_lowest,
        contract_match.highest_match as contract_highest,
        contract_price.pricing_id as contract_pricing_id,
        contract_price.pricing_type as contract_pricing_type,
        contract_price.pricing_source as contract_pricing_source,
        contract_price.unit_price as contract_price,
        discounts.pricing_id as discount_pricing_id,
        discounts.pricing_type as discount_pricing_type,
        discounts.pricing_source as discount_pricing_source,
        discounts.price_factor,
        contract_price.unit_price is not null
            and coalesce(contract_price.precedence <= discounts.precedence, true)
            -- A default comes after what is published.
            and coalesce(contract_price.precedence <= list_price.precedence, true) as is_fixed,
        discounts.price_factor is not null
            and coalesce(discounts.precedence < contract_price.precedence, true) as is_discounted,
        allowances.allowance_id,
        allowances.allowance_quantity,
        allowances.allowance_reset,
        volume_keys.valid_from is not null as has_volume_tiers
    from key_periods as keys
    {%- for side in ('list', 'contract') %}
    left join matches as {{ side }}_match
        on {{ same_key(side ~ '_match', 'keys', case_of) }}
        and {{ side }}_match.valid_from = keys.valid_from
        and {{ side }}_match.side = '{{ side }}'
    left join applied as {{ side }}_price
        on {{ same_key(side ~ '_price', 'keys', case_of) }}
        and {{ side }}_price.valid_from = keys.valid_from
        and {{ side }}_price.side = '{{ side }}'
    {%- endfor %}
    {%- for step in ('discounts', 'allowances', 'volume_keys') %}
    left join {{ step }}
        on {{ same_key(step, 'keys', case_of) }}
        and {{ step }}.valid_from = keys.valid_from
    {%- endfor %}
),

-- Where only the organisation has a price it stands for the list price too, which nobody publishes.
decided as (
    select
        *,
        case when is_fixed and list_price is null then contract_price else list_price end as decided_list_price,
        case when is_fixed then contract_match_count else list_match_count end as match_count,
        -- An agreed price of one part leaves open how much of the other there was.
        case when is_fixed then contract_is_bounded or list_is_bounded else list_is_bounded end as is_bounded,
        case
            when is_fixed then contract_price
            when is_discounted then cast(list_price * price_factor as {{ type_rate() }})
            else list_price
        end as decided_price,
        case
            when is_fixed and list_is_bounded then least(contract_lowest, list_lowest)
            when is_fixed then contract_lowest
            when is_discounted then cast(list_lowest * price_factor as {{ type_rate() }})
            else list_lowest
        end as decided_lowest,
        case
            when is_fixed then contract_highest
            when is_discounted then cast(list_highest * price_factor as {{ type_rate() }})
            else list_highest
        end as decided_highest
    from found
),

resolved as (
    select
        {% for column in case_of %}keys.{{ column }}, {% endfor %}
        keys.valid_from,
        keys.valid_until,
        keys.currency,
        keys.pricing_unit,
        keys.per_block,
        keys.meter_kind,
        keys.pool,
        {%- for column in ('id', 'type', 'source') %}
        case
            when {{ is_uncharged }} then null
            when keys.list_price is null and keys.is_fixed then keys.contract_pricing_{{ column }}
            else keys.list_pricing_{{ column }}
        end as pricing_{{ column }},
        {%- endfor %}
        {%- for column in ('id', 'type', 'source') %}
        case
            when {{ is_uncharged }} or keys.match_count = 0 then null
            when keys.is_fixed then keys.contract_pricing_{{ column }}
            when keys.is_discounted then keys.discount_pricing_{{ column }}
            else keys.list_pricing_{{ column }}
        end as contracted_pricing_{{ column }},
        {%- endfor %}
        case
            when {{ is_uncharged }} then keys.service_tier
            when keys.match_count = 1 and not keys.is_bounded then 'priced'
            when keys.match_count > 0 then 'estimated'
            else 'unpriced'
        end as pricing_status,
        case
            {%- for tier, reason in uncharged.items() %}
            when keys.service_tier = '{{ tier }}' then '{{ reason }}'
            {%- endfor %}
            when keys.match_count > 0 and keys.is_bounded then keys.estimate_reason
            when keys.match_count = 1 then null
            when keys.match_count > 1 then 'unknown_context_band'
            when keys.rival_count > 0 then 'unknown_context_band'
            when keys.geography_count > 0 then 'unknown_variant'
            when keys.tier_count > 0 then 'unknown_geography'
            when keys.rate_count > 0 then 'unknown_tier'
            when model_meters.meter is not null or meters_of_any_model.meter is not null then 'no_rate_on_day'
            when keys.meter_kind = 'unmapped' then 'unknown_meter'
            when keys.model_id is not null and known_models.model_id is null then 'unknown_model'
            else 'unknown_meter'
        end as pricing_reason,
        {%- for column, price in [
            ('list_unit_price', 'keys.decided_list_price'), ('contracted_unit_price', 'keys.decided_price'),
            ('lowest_unit_price', 'keys.decided_lowest'), ('highest_unit_price', 'keys.decided_highest')
        ] %}
        case when {{ is_uncharged }} then {{ zero_rate() }} else {{ price }} end as {{ column }},
        {%- endfor %}
        keys.allowance_id,
        keys.allowance_quantity,
        keys.allowance_reset,
        keys.has_volume_tiers,
        not {{ is_uncharged }}
            and keys.match_count > 0
            and (keys.allowance_id is not null or keys.has_volume_tiers) as is_pooled
    from decided as keys
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

-- What lies below the first threshold costs the contracted price.
volume_tiers as (
    select
        {{ case_of | join(',\n        ') }},
        valid_from,
        cast(0 as {{ type_quantity() }}) as tier_from,
        min(tier_from) as tier_until,
        cast(null as {{ type_rate() }}) as unit_price,
        cast(null as {{ type_ratio() }}) as price_factor
    from volume_thresholds
    group by {{ case_of | join(', ') }}, valid_from
    union all
    select
        {{ case_of | join(',\n        ') }},
        valid_from,
        tier_from,
        lead(tier_from) over (partition by {{ case_of | join(', ') }}, valid_from order by tier_from) as tier_until,
        unit_price,
        price_factor
    from volume_thresholds
)
{%- endmacro %}
