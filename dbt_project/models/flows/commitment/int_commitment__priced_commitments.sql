{{ config(materialized='table', contract={'enforced': false}) }}

with commitments as (
    select * from {{ source('reference', 'genai_commitments') }}
),

prices as (
    select * from {{ ref('genai_commitment_pricing') }}
    where purchase_option = 'commitment'
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

dated_commitments as (
    select
        provider,
        provider_model_id,
        {{ utc_date('starts_at') }} as usage_date
    from commitments
),

{{ resolve_models(usages=['dated_commitments'], filter='true', rules=ref('int_pricing__alias_rules')) }},

described as (
    select
        commitments.*,
        resolved_models.model_id,
        resolved_models.model_name,
        resolved_models.model_developer,
        resolved_models.model_family,
        {{ price_model('resolved_models.model_id', 'commitments.provider_model_id') }} as price_model_id,
        meters.consumed_unit,
        {{ utc_date('commitments.starts_at') }} as start_date,
        {{ seconds_between('commitments.starts_at', 'commitments.ends_at') }} as term_seconds,
        {{ term_months('commitments.term') }} as months
    from commitments
    left join resolved_models
        on resolved_models.provider = commitments.provider
        and resolved_models.provider_model_id = commitments.provider_model_id
        and resolved_models.usage_date = {{ utc_date('commitments.starts_at') }}
    left join meters on meters.meter = commitments.meter
),

-- The price of the day on which the term begins holds for all of it. The closest price counts: of the account, the region, the
-- model, the scope, the way of paying.
fitting as (
    select
        described.x_org_slug,
        described.provider,
        described.commitment_id,
        prices.pricing_id,
        prices.unit_price,
        prices.price_period,
        prices.currency,
        prices.source,
        prices.source_version,
        prices.x_org_slug is null as is_list
    from described
    inner join prices
        on prices.provider = described.provider
        and prices.meter = described.meter
        and prices.term = described.term
        and (prices.payment is null or prices.payment = described.payment)
        and (prices.scope is null or prices.scope = described.scope)
        and (prices.region_id is null or prices.region_id = described.region_id)
        and (prices.model_id is null or prices.model_id = described.price_model_id)
        and (prices.x_org_slug is null or prices.x_org_slug = described.x_org_slug)
        and (prices.x_genai_account_id is null or prices.x_genai_account_id = described.account_id)
        and prices.valid_from <= described.start_date
        and described.start_date < coalesce(prices.valid_to, {{ end_of_time() }})
        and prices.currency = described.currency
    where true
    qualify row_number() over (
        partition by described.x_org_slug, described.provider, described.commitment_id, prices.x_org_slug is null
        order by
            case when prices.x_genai_account_id is null then 1 else 0 end,
            case when prices.region_id is null then 1 else 0 end,
            case when prices.model_id is null then 1 else 0 end,
            case when prices.scope is null then 1 else 0 end,
            case when prices.payment is null then 1 else 0 end,
            prices.pricing_id
    ) = 1
),

-- What was agreed for this commitment comes before the organisation's price, and that before the list. Without a list price the
-- price that is paid stands in for it.
weighed as (
    select
        described.*,
        list_price.pricing_id as list_pricing_id,
        list_price.source || ' ' || list_price.source_version as list_pricing_source,
        case when described.agreed_unit_price is not null then null else coalesce(own_price.pricing_id, list_price.pricing_id) end
            as contracted_pricing_id,
        case
            when described.agreed_unit_price is not null then 'commitment'
            when own_price.pricing_id is not null then own_price.source || ' ' || own_price.source_version
            else list_price.source || ' ' || list_price.source_version
        end as contracted_pricing_source,
        case
            when described.agreed_unit_price is not null or own_price.pricing_id is not null then 'negotiated'
            else 'standard'
        end as contracted_pricing_type,
        coalesce(described.agreed_unit_price, own_price.unit_price, list_price.unit_price) as contracted_unit_price,
        case
            when described.agreed_unit_price is not null then described.agreed_price_period
            else coalesce(own_price.price_period, list_price.price_period)
        end as contracted_price_period,
        coalesce(list_price.unit_price, described.agreed_unit_price, own_price.unit_price) as list_unit_price,
        case
            when list_price.unit_price is not null then list_price.price_period
            when described.agreed_unit_price is not null then described.agreed_price_period
            else own_price.price_period
        end as list_price_period
    from described
    left join fitting as list_price
        on list_price.x_org_slug = described.x_org_slug
        and list_price.provider = described.provider
        and list_price.commitment_id = described.commitment_id
        and list_price.is_list
    left join fitting as own_price
        on own_price.x_org_slug = described.x_org_slug
        and own_price.provider = described.provider
        and own_price.commitment_id = described.commitment_id
        and not own_price.is_list
),

-- A commitment that stopped early is paid upfront for its whole term all the same; by the month until the month that had begun.
lasting as (
    select
        *,
        least(coalesce(ended_at, ends_at), ends_at) as active_until,
        case
            when payment in ('upfront', 'partial_upfront') then ends_at
            when payment = 'hourly' or ended_at is null or ended_at >= ends_at then least(coalesce(ended_at, ends_at), ends_at)
            else ends_at
        end as paid_until_at_most
    from weighed
),

final as (
    select
        x_org_slug,
        provider,
        commitment_id,
        account_id,
        x_credential_id,
        contract_id,
        commitment_name,
        commitment_type,
        meter,
        consumed_unit,
        scope,
        applies_to,
        resource_id,
        provider_model_id,
        model_id,
        model_name,
        model_developer,
        model_family,
        price_model_id,
        region_id,
        quantity,
        term,
        months,
        term_seconds,
        starts_at,
        ends_at,
        active_until,
        paid_until_at_most,
        payment,
        upfront_share,
        currency,
        list_pricing_id,
        list_pricing_source,
        list_unit_price,
        list_price_period,
        contracted_pricing_id,
        contracted_pricing_source,
        contracted_pricing_type,
        contracted_unit_price,
        contracted_price_period,
        {{ converted_price('list_unit_price', 'list_price_period', "'hour'", 'term_seconds', 'months') }} as list_hour_price,
        {{ converted_price('contracted_unit_price', 'contracted_price_period', "'hour'", 'term_seconds', 'months') }}
            as contracted_hour_price,
        last_observed_at
    from lasting
)

select * from final
