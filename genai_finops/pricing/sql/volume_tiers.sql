-- Rendered from dbt_project by `python -m genai_finops.transform.render_rating --write`. Change the macros and models there.
with
all_rates as (
    select
        *,
        coalesce(valid_to, date '9999-12-31') as valid_until,
        coalesce(context_tokens_up_to, 9223372036854775807) as tokens_up_to,
        case when x_org_slug is null and pricing_type = 'standard' then 'list' else 'contract' end as side,
        -- Within one priority a promotion comes before what was negotiated, and that before a commitment.
        priority * 10 + case pricing_type when 'promotional' then 0 when 'negotiated' then 1 when 'committed_use' then 2 else 3 end
            as precedence
    from genai_payg_pricing
),

-- The default allowances are those of the providers' free tiers.
all_allowances as (
    select
        all_rates.*,
        all_rates.source in ('default_prices', 'organisation_defaults') as is_of_free_tier,
        coalesce(meters.token_direction, meters.meter) as pool
    from all_rates
    inner join genai_meters as meters on meters.meter = all_rates.meter
    where all_rates.free_tier_quantity is not null
),

-- Organisations whose prices may differ from everyone's, or that use up allowances or pass thresholds.
scoped_orgs as (
    select x_org_slug
    from all_rates
    where x_org_slug is not null
    union distinct
    select accounts.x_org_slug
    from genai_provider_accounts as accounts
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
        provider, model_id, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant,
        cast(null as TEXT) as price_org,
        cast(null as TEXT) as price_account
    from usage
    where true and x_org_slug not in (select scoped_orgs.x_org_slug from scoped_orgs)
    union all
    select distinct
        provider, model_id, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant,
        x_org_slug as price_org,
        x_genai_account_id as price_account
    from usage
    where true and x_org_slug in (select scoped_orgs.x_org_slug from scoped_orgs)
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
        coalesce(rating_keys.context_tokens_up_to, 9223372036854775807) as tokens_up_to
    from rating_keys
    left join genai_providers as providers on providers.provider = rating_keys.provider
    left join genai_meters as meters on meters.meter = rating_keys.meter
    left join genai_provider_accounts as accounts
        on accounts.x_org_slug = rating_keys.price_org
        and accounts.provider = rating_keys.provider
        and accounts.account_id = rating_keys.price_account
),

-- The meters whose rates price a meter: itself, or the two that it adds up. Those with rank 0 give the price.
meter_rates as (
    select meter, meter as rate_meter, 0 as meter_rank, 0 as part_rank
    from genai_meters
    union all
    select meter, priced_as_meter as rate_meter, 0 as meter_rank, 1 as part_rank
    from genai_meters
    where priced_as_meter is not null
    union all
    select meter, bounding_meter as rate_meter, 1 as meter_rank, 1 as part_rank
    from genai_meters
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
        and (rates.x_org_slug is null or rates.x_org_slug = keys.price_org)
        and (rates.x_genai_account_id is null or rates.x_genai_account_id = keys.price_account)
    union distinct
    select keys.provider, keys.model_id, keys.meter, keys.price_org, keys.price_account, rates.valid_from, rates.valid_until
    from rated_meters as keys
    inner join other_rates as rates
        on rates.provider = keys.provider
        and (rates.model_id = keys.model_id or rates.model_id is null)
        and (rates.x_org_slug is null or rates.x_org_slug = keys.price_org)
        and (rates.x_genai_account_id is null or rates.x_genai_account_id = keys.price_account)
),

boundaries as (
    select provider, model_id, meter, price_org, price_account, date '0001-01-01' as valid_from
    from rated_meters
    union distinct
    select provider, model_id, meter, price_org, price_account, valid_from
    from concerned_rates
    union distinct
    select provider, model_id, meter, price_org, price_account, valid_until as valid_from
    from concerned_rates
    where valid_until < date '9999-12-31'
),

periods as (
    select
        *,
        lead(valid_from, 1, date '9999-12-31')
            over (partition by provider, model_id, meter, price_org, price_account order by valid_from) as valid_until
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
        keys.provider, keys.model_id, keys.meter, keys.service_tier, keys.geography, keys.context_tokens_above, keys.context_tokens_up_to, keys.variant, keys.price_org, keys.price_account,
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
        and (rates.x_org_slug is null or rates.x_org_slug = keys.price_org)
        and (rates.x_genai_account_id is null or rates.x_genai_account_id = keys.price_account)
    where true
    -- Rates of the meter itself win over those of its parts, whatever they fit.
    qualify meter_rates.part_rank = min(meter_rates.part_rank)
        over (partition by keys.provider, keys.model_id, keys.meter, keys.service_tier, keys.geography, keys.context_tokens_above, keys.context_tokens_up_to, keys.variant, keys.price_org, keys.price_account, keys.valid_from, rates.side)
),

-- What each rate's rivals are: the best model rank and, among those that fit but for the band, the best rank.
ranked as (
    select
        *,
        min(case when fits_tier and fits_geography and fits_variant then rate_rank end)
            over (partition by provider, model_id, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant, price_org, price_account, valid_from, side, meter_rank) as fitting_rank,
        min(model_rank) over (partition by provider, model_id, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant, price_org, price_account, valid_from, side, meter_rank) as best_model_rank
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
        provider,
        model_id,
        meter,
        service_tier,
        geography,
        context_tokens_above,
        context_tokens_up_to,
        variant,
        price_org,
        price_account,
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
    group by provider, model_id, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant, price_org, price_account, valid_from, side
),

applied as (
    select
        provider,
        model_id,
        meter,
        service_tier,
        geography,
        context_tokens_above,
        context_tokens_up_to,
        variant,
        price_org,
        price_account,
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
        partition by provider, model_id, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant, price_org, price_account, valid_from, side
        order by rate_tokens_above, pricing_id
    ) = 1
),

-- The discount of a key in a period that comes first; of two with one precedence the one that names more.
discounts as (
    select
        keys.provider, keys.model_id, keys.meter, keys.service_tier, keys.geography, keys.context_tokens_above, keys.context_tokens_up_to, keys.variant, keys.price_org, keys.price_account,
        keys.valid_from,
        rates.pricing_id,
        rates.pricing_type,
        rates.source || ' ' || rates.source_version as pricing_source,
        rates.precedence,
        cast(1 - rates.discount_percentage * cast(0.01 as decimal(18,9)) as decimal(18,9)) as price_factor
    from key_periods as keys
    inner join other_rates as rates
        on rates.provider = keys.provider
        and (rates.model_id is null or rates.model_id = keys.model_id)
        and (rates.service_tier is null or rates.service_tier = keys.service_tier)
        and (rates.geography is null or rates.geography = keys.rate_geography)
        and (rates.variant is null or rates.variant = keys.variant)
        and rates.context_tokens_above < keys.tokens_up_to
        and keys.tokens_above < rates.tokens_up_to
        and rates.currency = keys.currency
        and (rates.meter is null or rates.meter = keys.meter or rates.meter = keys.priced_as_meter)
        and rates.valid_from <= keys.valid_from
        and keys.valid_from < rates.valid_until
        and (rates.x_org_slug is null or rates.x_org_slug = keys.price_org)
        and (rates.x_genai_account_id is null or rates.x_genai_account_id = keys.price_account)
    where rates.discount_percentage is not null and rates.volume_threshold_tokens is null
    qualify row_number() over (
        partition by keys.provider, keys.model_id, keys.meter, keys.service_tier, keys.geography, keys.context_tokens_above, keys.context_tokens_up_to, keys.variant, keys.price_org, keys.price_account, keys.valid_from
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
        keys.provider, keys.model_id, keys.meter, keys.service_tier, keys.geography, keys.context_tokens_above, keys.context_tokens_up_to, keys.variant, keys.price_org, keys.price_account,
        keys.valid_from,
        rates.pricing_id as allowance_id,
        rates.free_tier_quantity as allowance_quantity,
        rates.free_tier_reset_frequency as allowance_reset
    from key_periods as keys
    inner join all_allowances as rates
        on rates.provider = keys.provider
        and (rates.model_id is null or rates.model_id = keys.model_id)
        and (rates.service_tier is null or rates.service_tier = keys.service_tier)
        and (rates.geography is null or rates.geography = keys.rate_geography)
        and (rates.variant is null or rates.variant = keys.variant)
        and rates.context_tokens_above < keys.tokens_up_to
        and keys.tokens_above < rates.tokens_up_to
        and rates.currency = keys.currency
        and rates.pool = keys.pool
        and rates.valid_from <= keys.valid_from
        and keys.valid_from < rates.valid_until
        and (rates.x_org_slug is null or rates.x_org_slug = keys.price_org)
        and (rates.x_genai_account_id is null or rates.x_genai_account_id = keys.price_account)
        and (keys.is_free_tier or not rates.is_of_free_tier)
    where keys.price_org is not null
    qualify row_number() over (
        partition by keys.provider, keys.model_id, keys.meter, keys.service_tier, keys.geography, keys.context_tokens_above, keys.context_tokens_up_to, keys.variant, keys.price_org, keys.price_account, keys.valid_from
        order by rates.priority, case when rates.model_id is null then 1 else 0 end, rates.pricing_id
    ) = 1
),

-- All thresholds of a key come from one priority: those of two price lists are not mixed.
volume_rates as (
    select
        keys.provider, keys.model_id, keys.meter, keys.service_tier, keys.geography, keys.context_tokens_above, keys.context_tokens_up_to, keys.variant, keys.price_org, keys.price_account,
        keys.valid_from,
        cast(rates.volume_threshold_tokens as decimal(26,6)) as tier_from,
        rates.unit_price,
        cast(1 - rates.discount_percentage * cast(0.01 as decimal(18,9)) as decimal(18,9)) as price_factor,
        rates.priority,
        case when rates.model_id is null then 1 else 0 end + case when rates.meter is null then 1 else 0 end as openness,
        rates.pricing_id
    from key_periods as keys
    inner join other_rates as rates
        on rates.provider = keys.provider
        and (rates.model_id is null or rates.model_id = keys.model_id)
        and (rates.service_tier is null or rates.service_tier = keys.service_tier)
        and (rates.geography is null or rates.geography = keys.rate_geography)
        and (rates.variant is null or rates.variant = keys.variant)
        and rates.context_tokens_above < keys.tokens_up_to
        and keys.tokens_above < rates.tokens_up_to
        and rates.currency = keys.currency
        and (rates.meter is null or rates.meter = keys.meter or rates.meter = keys.priced_as_meter)
        and rates.valid_from <= keys.valid_from
        and keys.valid_from < rates.valid_until
        and (rates.x_org_slug is null or rates.x_org_slug = keys.price_org)
        and (rates.x_genai_account_id is null or rates.x_genai_account_id = keys.price_account)
    where rates.volume_threshold_tokens is not null and keys.price_org is not null
    qualify rates.priority = min(rates.priority) over (partition by keys.provider, keys.model_id, keys.meter, keys.service_tier, keys.geography, keys.context_tokens_above, keys.context_tokens_up_to, keys.variant, keys.price_org, keys.price_account, keys.valid_from)
),

volume_thresholds as (
    select *
    from volume_rates
    where true
    qualify row_number() over (
        partition by provider, model_id, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant, price_org, price_account, valid_from, tier_from
        order by openness, pricing_id
    ) = 1
),

volume_keys as (
    select distinct provider, model_id, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant, price_org, price_account, valid_from
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
    left join matches as list_match
        on list_match.provider = keys.provider and list_match.model_id is not distinct from keys.model_id and list_match.meter = keys.meter and list_match.service_tier = keys.service_tier and list_match.geography is not distinct from keys.geography and list_match.context_tokens_above is not distinct from keys.context_tokens_above and list_match.context_tokens_up_to is not distinct from keys.context_tokens_up_to and list_match.variant is not distinct from keys.variant and list_match.price_org is not distinct from keys.price_org and list_match.price_account is not distinct from keys.price_account
        and list_match.valid_from = keys.valid_from
        and list_match.side = 'list'
    left join applied as list_price
        on list_price.provider = keys.provider and list_price.model_id is not distinct from keys.model_id and list_price.meter = keys.meter and list_price.service_tier = keys.service_tier and list_price.geography is not distinct from keys.geography and list_price.context_tokens_above is not distinct from keys.context_tokens_above and list_price.context_tokens_up_to is not distinct from keys.context_tokens_up_to and list_price.variant is not distinct from keys.variant and list_price.price_org is not distinct from keys.price_org and list_price.price_account is not distinct from keys.price_account
        and list_price.valid_from = keys.valid_from
        and list_price.side = 'list'
    left join matches as contract_match
        on contract_match.provider = keys.provider and contract_match.model_id is not distinct from keys.model_id and contract_match.meter = keys.meter and contract_match.service_tier = keys.service_tier and contract_match.geography is not distinct from keys.geography and contract_match.context_tokens_above is not distinct from keys.context_tokens_above and contract_match.context_tokens_up_to is not distinct from keys.context_tokens_up_to and contract_match.variant is not distinct from keys.variant and contract_match.price_org is not distinct from keys.price_org and contract_match.price_account is not distinct from keys.price_account
        and contract_match.valid_from = keys.valid_from
        and contract_match.side = 'contract'
    left join applied as contract_price
        on contract_price.provider = keys.provider and contract_price.model_id is not distinct from keys.model_id and contract_price.meter = keys.meter and contract_price.service_tier = keys.service_tier and contract_price.geography is not distinct from keys.geography and contract_price.context_tokens_above is not distinct from keys.context_tokens_above and contract_price.context_tokens_up_to is not distinct from keys.context_tokens_up_to and contract_price.variant is not distinct from keys.variant and contract_price.price_org is not distinct from keys.price_org and contract_price.price_account is not distinct from keys.price_account
        and contract_price.valid_from = keys.valid_from
        and contract_price.side = 'contract'
    left join discounts
        on discounts.provider = keys.provider and discounts.model_id is not distinct from keys.model_id and discounts.meter = keys.meter and discounts.service_tier = keys.service_tier and discounts.geography is not distinct from keys.geography and discounts.context_tokens_above is not distinct from keys.context_tokens_above and discounts.context_tokens_up_to is not distinct from keys.context_tokens_up_to and discounts.variant is not distinct from keys.variant and discounts.price_org is not distinct from keys.price_org and discounts.price_account is not distinct from keys.price_account
        and discounts.valid_from = keys.valid_from
    left join allowances
        on allowances.provider = keys.provider and allowances.model_id is not distinct from keys.model_id and allowances.meter = keys.meter and allowances.service_tier = keys.service_tier and allowances.geography is not distinct from keys.geography and allowances.context_tokens_above is not distinct from keys.context_tokens_above and allowances.context_tokens_up_to is not distinct from keys.context_tokens_up_to and allowances.variant is not distinct from keys.variant and allowances.price_org is not distinct from keys.price_org and allowances.price_account is not distinct from keys.price_account
        and allowances.valid_from = keys.valid_from
    left join volume_keys
        on volume_keys.provider = keys.provider and volume_keys.model_id is not distinct from keys.model_id and volume_keys.meter = keys.meter and volume_keys.service_tier = keys.service_tier and volume_keys.geography is not distinct from keys.geography and volume_keys.context_tokens_above is not distinct from keys.context_tokens_above and volume_keys.context_tokens_up_to is not distinct from keys.context_tokens_up_to and volume_keys.variant is not distinct from keys.variant and volume_keys.price_org is not distinct from keys.price_org and volume_keys.price_account is not distinct from keys.price_account
        and volume_keys.valid_from = keys.valid_from
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
            when is_discounted then cast(list_price * price_factor as decimal(24,12))
            else list_price
        end as decided_price,
        case
            when is_fixed and list_is_bounded then least(contract_lowest, list_lowest)
            when is_fixed then contract_lowest
            when is_discounted then cast(list_lowest * price_factor as decimal(24,12))
            else list_lowest
        end as decided_lowest,
        case
            when is_fixed then contract_highest
            when is_discounted then cast(list_highest * price_factor as decimal(24,12))
            else list_highest
        end as decided_highest
    from found
),

resolved as (
    select
        keys.provider, keys.model_id, keys.meter, keys.service_tier, keys.geography, keys.context_tokens_above, keys.context_tokens_up_to, keys.variant, keys.price_org, keys.price_account,
        keys.valid_from,
        keys.valid_until,
        keys.currency,
        keys.pricing_unit,
        keys.per_block,
        keys.meter_kind,
        keys.pool,
        case
            when keys.service_tier in ('committed', 'free') then null
            when keys.list_price is null and keys.is_fixed then keys.contract_pricing_id
            else keys.list_pricing_id
        end as pricing_id,
        case
            when keys.service_tier in ('committed', 'free') then null
            when keys.list_price is null and keys.is_fixed then keys.contract_pricing_type
            else keys.list_pricing_type
        end as pricing_type,
        case
            when keys.service_tier in ('committed', 'free') then null
            when keys.list_price is null and keys.is_fixed then keys.contract_pricing_source
            else keys.list_pricing_source
        end as pricing_source,
        case
            when keys.service_tier in ('committed', 'free') or keys.match_count = 0 then null
            when keys.is_fixed then keys.contract_pricing_id
            when keys.is_discounted then keys.discount_pricing_id
            else keys.list_pricing_id
        end as contracted_pricing_id,
        case
            when keys.service_tier in ('committed', 'free') or keys.match_count = 0 then null
            when keys.is_fixed then keys.contract_pricing_type
            when keys.is_discounted then keys.discount_pricing_type
            else keys.list_pricing_type
        end as contracted_pricing_type,
        case
            when keys.service_tier in ('committed', 'free') or keys.match_count = 0 then null
            when keys.is_fixed then keys.contract_pricing_source
            when keys.is_discounted then keys.discount_pricing_source
            else keys.list_pricing_source
        end as contracted_pricing_source,
        case
            when keys.service_tier in ('committed', 'free') then keys.service_tier
            when keys.match_count = 1 and not keys.is_bounded then 'priced'
            when keys.match_count > 0 then 'estimated'
            else 'unpriced'
        end as pricing_status,
        case
            when keys.service_tier = 'committed' then 'covered_by_commitment'
            when keys.service_tier = 'free' then 'free_tier'
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
        case when keys.service_tier in ('committed', 'free') then cast(0 as decimal(24,12)) else keys.decided_list_price end as list_unit_price,
        case when keys.service_tier in ('committed', 'free') then cast(0 as decimal(24,12)) else keys.decided_price end as contracted_unit_price,
        case when keys.service_tier in ('committed', 'free') then cast(0 as decimal(24,12)) else keys.decided_lowest end as lowest_unit_price,
        case when keys.service_tier in ('committed', 'free') then cast(0 as decimal(24,12)) else keys.decided_highest end as highest_unit_price,
        keys.allowance_id,
        keys.allowance_quantity,
        keys.allowance_reset,
        keys.has_volume_tiers,
        not keys.service_tier in ('committed', 'free')
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
        provider,
        model_id,
        meter,
        service_tier,
        geography,
        context_tokens_above,
        context_tokens_up_to,
        variant,
        price_org,
        price_account,
        valid_from,
        cast(0 as decimal(26,6)) as tier_from,
        min(tier_from) as tier_until,
        cast(null as decimal(24,12)) as unit_price,
        cast(null as decimal(18,9)) as price_factor
    from volume_thresholds
    group by provider, model_id, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant, price_org, price_account, valid_from
    union all
    select
        provider,
        model_id,
        meter,
        service_tier,
        geography,
        context_tokens_above,
        context_tokens_up_to,
        variant,
        price_org,
        price_account,
        valid_from,
        tier_from,
        lead(tier_from) over (partition by provider, model_id, meter, service_tier, geography, context_tokens_above, context_tokens_up_to, variant, price_org, price_account, valid_from order by tier_from) as tier_until,
        unit_price,
        price_factor
    from volume_thresholds
)

select * from volume_tiers
