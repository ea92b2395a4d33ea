{{ config(**replaced_by_day('genai_commitment_costs_daily')) }}

{%- set dimensions = [
    'x_org_slug', 'provider', 'x_genai_account_id', 'x_credential_id', 'x_pipeline_id', 'x_genai_provider', 'meter', 'charge_category',
    'commitment_id', 'commitment_status', 'sub_account_id', 'sub_account_type', 'resource_id', 'resource_type', 'provider_model_id',
    'model_id', 'model_name', 'model_developer', 'model_family', 'region_id', 'geography', 'scope', 'provider_service_tier',
    'metering_source', 'x_ingestion_date'
] -%}
{%- set null_string = 'cast(null as ' ~ type_string() ~ ')' -%}

with hourly as (
    select * from {{ ref('int_commitment__hourly_coverage') }}
    where {{ in_window('x_ingestion_date') }}
),

commitments as (
    select * from {{ ref('int_commitment__priced_commitments') }}
),

periods as (
    select * from {{ ref('int_commitment__payment_periods') }}
    where component != 'hourly'
),

prices as (
    select * from {{ ref('genai_commitment_pricing') }}
    where purchase_option = 'on_demand' and price_period = 'hour'
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

last_day as (
    select max(usage_date) as last_day from {{ ref('genai_usage_daily_unified') }}
),

-- A commitment that is unpriced in one hour is unpriced on the day: a sum would leave the hour out.
daily as (
    select
        {{ dimensions | join(',\n        ') }},
        max(sub_account_name) as sub_account_name,
        max(resource_name) as resource_name,
        cast(sum(quantity) as {{ type_quantity() }}) as quantity,
        case when count(*) = count(effective_cost) then cast(sum(effective_cost) as {{ type_cost() }}) end as effective_cost,
        case when count(*) = count(billed_cost) then cast(sum(billed_cost) as {{ type_cost() }}) end as billed_cost,
        max(x_run_id) as x_run_id,
        max(x_ingested_at) as x_ingested_at,
        max({{ price_model('model_id', 'provider_model_id') }}) as price_model_id
    from hourly
    group by {{ dimensions | join(', ') }}
),

price_keys as (
    select distinct x_org_slug, x_genai_account_id, provider, meter, price_model_id, scope, region_id, x_ingestion_date
    from daily
    where resource_id is not null or commitment_status is null
),

-- The closest price counts: of the account, the region, the model, the scope.
fitting as (
    select
        price_keys.*,
        prices.pricing_id,
        prices.unit_price,
        prices.currency,
        prices.source || ' ' || prices.source_version as pricing_source,
        prices.x_org_slug is null as is_list
    from price_keys
    inner join prices
        on prices.provider = price_keys.provider
        and prices.meter = price_keys.meter
        and (prices.scope is null or prices.scope = price_keys.scope)
        and (prices.region_id is null or prices.region_id = price_keys.region_id)
        and (prices.model_id is null or prices.model_id = price_keys.price_model_id)
        and (prices.x_org_slug is null or prices.x_org_slug = price_keys.x_org_slug)
        and (prices.x_genai_account_id is null or prices.x_genai_account_id = price_keys.x_genai_account_id)
        and prices.valid_from <= price_keys.x_ingestion_date
        and price_keys.x_ingestion_date < coalesce(prices.valid_to, {{ end_of_time() }})
    where true
    qualify row_number() over (
        partition by
            price_keys.x_org_slug, price_keys.x_genai_account_id, price_keys.provider, price_keys.meter, price_keys.price_model_id,
            price_keys.scope, price_keys.region_id, price_keys.x_ingestion_date, prices.x_org_slug is null
        order by
            case when prices.x_genai_account_id is null then 1 else 0 end,
            case when prices.region_id is null then 1 else 0 end,
            case when prices.model_id is null then 1 else 0 end,
            case when prices.scope is null then 1 else 0 end,
            prices.pricing_id
    ) = 1
),

hour_prices as (
    select
        price_keys.*,
        list_price.pricing_id as list_pricing_id,
        list_price.pricing_source as list_pricing_source,
        coalesce(own_price.pricing_id, list_price.pricing_id) as contracted_pricing_id,
        coalesce(own_price.pricing_source, list_price.pricing_source) as contracted_pricing_source,
        case when own_price.pricing_id is null then 'standard' else 'negotiated' end as contracted_pricing_type,
        coalesce(list_price.unit_price, own_price.unit_price) as list_unit_price,
        coalesce(own_price.unit_price, list_price.unit_price) as contracted_unit_price,
        coalesce(own_price.currency, list_price.currency) as currency,
        coalesce(own_price.unit_price, list_price.unit_price) is not null as uses_hour_price
    from price_keys
    {% for side, condition in [('list_price', 'list_price.is_list'), ('own_price', 'not own_price.is_list')] -%}
    left join fitting as {{ side }}
        on {{ condition }}
        and {{ side }}.x_org_slug = price_keys.x_org_slug
        and {{ side }}.x_genai_account_id = price_keys.x_genai_account_id
        and {{ side }}.provider = price_keys.provider
        and {{ side }}.meter = price_keys.meter
        and {{ side }}.x_ingestion_date = price_keys.x_ingestion_date
        and {{ side }}.price_model_id is not distinct from price_keys.price_model_id
        and {{ side }}.scope is not distinct from price_keys.scope
        and {{ side }}.region_id is not distinct from price_keys.region_id
    {% endfor %}
),

-- Used capacity shows the hourly price, so that what the commitment saves can be seen; without one, and for what lay idle, the
-- commitment's own price of an hour.
of_hours as (
    select
        daily.*,
        {{ utc_midnight('daily.x_ingestion_date') }} as charge_period_start,
        {{ utc_midnight(add_days('daily.x_ingestion_date', 1)) }} as charge_period_end,
        case daily.charge_category when 'Purchase' then 'Recurring' else 'Usage-Based' end as charge_frequency,
        case when daily.commitment_status is null then 'Standard' else 'Committed' end as pricing_category,
        meters.consumed_unit as pricing_unit,
        daily.quantity as pricing_quantity,
        case when daily.commitment_id is not null then daily.quantity end as commitment_quantity,
        case when hour_prices.uses_hour_price then hour_prices.list_pricing_id else commitments.list_pricing_id end as pricing_id,
        case when hour_prices.uses_hour_price then hour_prices.list_pricing_source else commitments.list_pricing_source end as pricing_source,
        case when hour_prices.uses_hour_price then hour_prices.contracted_pricing_id else commitments.contracted_pricing_id end
            as contracted_pricing_id,
        case when hour_prices.uses_hour_price then hour_prices.contracted_pricing_source else commitments.contracted_pricing_source end
            as contracted_pricing_source,
        case when hour_prices.uses_hour_price then hour_prices.contracted_pricing_type else commitments.contracted_pricing_type end
            as contracted_pricing_type,
        case when hour_prices.uses_hour_price then hour_prices.list_unit_price else commitments.list_hour_price end as list_unit_price,
        case when hour_prices.uses_hour_price then hour_prices.contracted_unit_price else commitments.contracted_hour_price end
            as contracted_unit_price,
        coalesce(commitments.currency, hour_prices.currency) as currency
    from daily
    left join meters on meters.meter = daily.meter
    left join commitments
        on commitments.x_org_slug = daily.x_org_slug
        and commitments.provider = daily.provider
        and commitments.commitment_id = daily.commitment_id
    left join hour_prices
        on daily.charge_category = 'Usage'
        and coalesce(daily.commitment_status, 'none') != 'Unused'
        and hour_prices.x_org_slug = daily.x_org_slug
        and hour_prices.x_genai_account_id = daily.x_genai_account_id
        and hour_prices.provider = daily.provider
        and hour_prices.meter = daily.meter
        and hour_prices.x_ingestion_date = daily.x_ingestion_date
        and hour_prices.price_model_id is not distinct from daily.price_model_id
        and hour_prices.scope is not distinct from daily.scope
        and hour_prices.region_id is not distinct from daily.region_id
),

payments as (
    select
        commitments.*,
        periods.period_start,
        periods.period_end,
        periods.component,
        periods.unit_hours,
        periods.pricing_unit,
        periods.pricing_quantity,
        periods.list_unit_price as period_list_unit_price,
        periods.contracted_unit_price as period_contracted_unit_price,
        periods.contracted_cost,
        {{ utc_date('periods.period_start') }} as paid_on
    from periods
    inner join commitments
        on commitments.x_org_slug = periods.x_org_slug
        and commitments.provider = periods.provider
        and commitments.commitment_id = periods.commitment_id
),

rows_of_both as (
    select
        {{ dimensions | join(',\n        ') }},
        sub_account_name,
        resource_name,
        quantity,
        x_run_id,
        x_ingested_at,
        charge_period_start,
        charge_period_end,
        charge_frequency,
        pricing_category,
        pricing_unit,
        pricing_quantity,
        commitment_quantity,
        pricing_id,
        pricing_source,
        contracted_pricing_id,
        contracted_pricing_source,
        contracted_pricing_type,
        list_unit_price,
        contracted_unit_price,
        currency,
        effective_cost,
        billed_cost,
        -- Capacity that no commitment covers is charged at its own price; everything else follows the commitment.
        case
            when commitment_id is null then case when contracted_unit_price is null then 'no_capacity_price' end
            when effective_cost is null or contracted_unit_price is null then 'no_commitment_price'
        end as pricing_reason
    from of_hours
    union all
    select
        x_org_slug,
        provider,
        account_id as x_genai_account_id,
        x_credential_id,
        provider || '.commitment_usage' as x_pipeline_id,
        upper(provider) as x_genai_provider,
        meter,
        'Purchase' as charge_category,
        commitment_id,
        {{ null_string }} as commitment_status,
        {{ null_string }} as sub_account_id,
        {{ null_string }} as sub_account_type,
        {{ null_string }} as resource_id,
        {{ null_string }} as resource_type,
        provider_model_id,
        model_id,
        model_name,
        model_developer,
        model_family,
        region_id,
        {{ null_string }} as geography,
        scope,
        {{ null_string }} as provider_service_tier,
        {{ null_string }} as metering_source,
        paid_on as x_ingestion_date,
        {{ null_string }} as sub_account_name,
        {{ null_string }} as resource_name,
        unit_hours as quantity,
        'genai_commitments' as x_run_id,
        last_observed_at as x_ingested_at,
        period_start as charge_period_start,
        period_end as charge_period_end,
        case component when 'one_time' then 'One-Time' else 'Recurring' end as charge_frequency,
        'Standard' as pricing_category,
        pricing_unit,
        pricing_quantity,
        unit_hours as commitment_quantity,
        list_pricing_id as pricing_id,
        list_pricing_source as pricing_source,
        contracted_pricing_id,
        contracted_pricing_source,
        contracted_pricing_type,
        period_list_unit_price as list_unit_price,
        period_contracted_unit_price as contracted_unit_price,
        currency,
        cast(0 as {{ type_cost() }}) as effective_cost,
        contracted_cost as billed_cost,
        case when contracted_cost is null then 'no_commitment_price' end as pricing_reason
    from payments
    cross join last_day
    where {{ in_window('paid_on') }} {% if not has_window() %}and paid_on <= last_day.last_day{% endif %}
),

charged as (
    select
        rows_of_both.*,
        x_ingestion_date as usage_date,
        {{ null_string }} as api_key_id,
        case when pricing_reason is null then 'priced' else 'unpriced' end as pricing_status,
        case when pricing_reason is null then list_unit_price end as charged_list_unit_price,
        case when pricing_reason is null then contracted_unit_price end as charged_contracted_unit_price,
        case when pricing_reason is null then cast(list_unit_price * pricing_quantity as {{ type_cost() }}) end as list_cost,
        case when pricing_reason is null then cast(contracted_unit_price * pricing_quantity as {{ type_cost() }}) end as contracted_cost
    from rows_of_both
),

accrued as (
    select
        charged.*,
        case
            when pricing_reason is not null then null
            when commitment_id is null then contracted_cost
            else effective_cost
        end as charged_effective_cost,
        case
            when pricing_reason is not null then null
            when commitment_id is null then contracted_cost
            else billed_cost
        end as charged_billed_cost
    from charged
),

final as (
    select
        'commitment' as flow,
        accrued.provider,
        accrued.usage_date,
        accrued.sub_account_id,
        accrued.sub_account_name,
        accrued.sub_account_type,
        accrued.resource_id,
        accrued.resource_name,
        accrued.resource_type,
        accrued.api_key_id,
        accrued.provider_model_id,
        accrued.region_id,
        coalesce(accrued.geography, accrued.scope) as geography,
        'committed' as service_tier,
        accrued.provider_service_tier,
        {{ null_string }} as context_band,
        cast(null as {{ type_of('int') }}) as context_tokens_above,
        cast(null as {{ type_of('int') }}) as context_tokens_up_to,
        {{ null_string }} as variant,
        accrued.metering_source,
        accrued.model_id,
        accrued.model_name,
        accrued.model_developer,
        accrued.model_family,
        accrued.meter,
        accrued.quantity,
        meters.consumed_unit,
        accrued.pricing_status,
        accrued.pricing_reason,
        accrued.pricing_status = 'unpriced' as is_estimated,
        case when accrued.pricing_reason is null then accrued.pricing_id end as pricing_id,
        case when accrued.pricing_reason is null then 'standard' end as pricing_type,
        case when accrued.pricing_reason is null then accrued.pricing_source end as pricing_source,
        case when accrued.pricing_reason is null then accrued.contracted_pricing_id end as contracted_pricing_id,
        case when accrued.pricing_reason is null then accrued.contracted_pricing_type end as contracted_pricing_type,
        case when accrued.pricing_reason is null then accrued.contracted_pricing_source end as contracted_pricing_source,
        coalesce(accrued.currency, providers.currency) as currency,
        coalesce(accrued.pricing_unit, meters.consumed_unit) as pricing_unit,
        cast(accrued.pricing_quantity as {{ type_quantity() }}) as pricing_quantity,
        case when accrued.pricing_reason is null then cast(0 as {{ type_quantity() }}) end as free_quantity,
        accrued.charged_list_unit_price as list_unit_price,
        accrued.charged_contracted_unit_price as contracted_unit_price,
        accrued.list_cost,
        accrued.contracted_cost,
        accrued.charged_effective_cost as effective_cost,
        accrued.charged_billed_cost as billed_cost,
        accrued.charged_effective_cost as cost_lower_bound,
        accrued.charged_effective_cost as cost_upper_bound,
        accrued.charge_category,
        accrued.charge_frequency,
        accrued.pricing_category,
        accrued.charge_period_start,
        accrued.charge_period_end,
        accrued.commitment_id,
        accrued.commitment_status,
        accrued.commitment_quantity,
        {{ owner_columns() }},
        accrued.x_org_slug,
        accrued.x_pipeline_id,
        accrued.x_credential_id,
        accrued.x_ingestion_date as x_pipeline_run_date,
        accrued.x_run_id,
        accrued.x_ingested_at,
        accrued.x_ingestion_date,
        accrued.x_genai_provider,
        accrued.x_genai_account_id
    from accrued
    left join meters on meters.meter = accrued.meter
    left join {{ source('reference', 'genai_providers') }} as providers on providers.provider = accrued.provider
    {{ owner_joins('accrued', source('reference', 'genai_hierarchy_assignments'), source('reference', 'genai_hierarchy_entities')) }}
)

select * from final
