{{ config(**replaced_by_day('genai_infrastructure_costs_daily')) }}

{#- What decides the price of a row of usage. -#}
{%- set asked_for = [
    'provider', 'meter', 'variant', 'workload', 'purchase_option', 'region_id', 'currency', 'usage_date', 'x_org_slug',
    'x_genai_account_id'
] -%}
{%- set uncharged = {'committed': 'covered_by_commitment', 'free': 'free_tier'} -%}
{%- set is_uncharged = "service_tier in ('" ~ uncharged | join("', '") ~ "')" -%}

with prices as (
    select
        *,
        coalesce(valid_to, {{ end_of_time() }}) as valid_until,
        {{ capacity_price_source('prices') }} as pricing_source
    from {{ ref('genai_infrastructure_pricing') }} as prices
    where purchase_option in ('on_demand', 'spot')
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

providers as (
    select * from {{ source('reference', 'genai_providers') }}
),

metered as (
    select
        daily.*,
        daily.provider_service_tier as workload,
        -- Null fits no price: what is paid otherwise has none.
        case when daily.{{ is_uncharged }} then null when daily.service_tier = 'spot' then 'spot' else 'on_demand' end
            as purchase_option,
        providers.currency,
        meters.pricing_unit,
        {{ in_pricing_units('daily.quantity', 'meters.per_block') }} as pricing_quantity
    from {{ ref('genai_usage_daily_unified') }} as daily
    inner join meters on meters.meter = daily.meter
    inner join providers on providers.provider = daily.provider
    where daily.flow = 'infrastructure' and daily.is_billable and {{ in_window('daily.x_ingestion_date') }}
),

identified as (
    select *, {{ row_id(asked_for) }} as asked_id
    from metered
),

asked as (
    select distinct asked_id, {{ asked_for | join(', ') }}
    from identified
),

-- The closest price on each side: of the account before that of the organisation, of the region and of the kind of work before
-- those for all. A price of another region never stands in.
fitting as (
    select
        asked.asked_id,
        prices.x_org_slug is null as is_list,
        prices.pricing_id,
        prices.unit_price,
        prices.pricing_source
    from asked
    inner join prices
        on prices.provider = asked.provider
        and prices.meter = asked.meter
        and prices.variant = asked.variant
        and prices.purchase_option = asked.purchase_option
        and prices.currency = asked.currency
        and prices.valid_from <= asked.usage_date
        and prices.valid_until > asked.usage_date
        and (prices.workload is null or prices.workload = asked.workload)
        and (prices.region_id is null or prices.region_id = asked.region_id)
        and (prices.x_org_slug is null or prices.x_org_slug = asked.x_org_slug)
        and (prices.x_genai_account_id is null or prices.x_genai_account_id = asked.x_genai_account_id)
    where true
    qualify row_number() over (
        partition by asked.asked_id, prices.x_org_slug is null
        order by
            case when prices.x_genai_account_id is null then 1 else 0 end,
            case when prices.region_id is null then 1 else 0 end,
            case when prices.workload is null then 1 else 0 end,
            prices.pricing_id
    ) = 1
),

-- Where only the organisation has a price it stands for the list price too, which nobody publishes.
priced as (
    select
        usage.*,
        coalesce(list_price.pricing_id, own_price.pricing_id) as pricing_id,
        case when list_price.pricing_id is not null then 'standard' when own_price.pricing_id is not null then 'negotiated' end
            as pricing_type,
        coalesce(list_price.pricing_source, own_price.pricing_source) as pricing_source,
        coalesce(own_price.pricing_id, list_price.pricing_id) as contracted_pricing_id,
        case when own_price.pricing_id is not null then 'negotiated' when list_price.pricing_id is not null then 'standard' end
            as contracted_pricing_type,
        coalesce(own_price.pricing_source, list_price.pricing_source) as contracted_pricing_source,
        case when usage.{{ is_uncharged }} then {{ zero_rate() }} else coalesce(list_price.unit_price, own_price.unit_price) end
            as list_unit_price,
        case when usage.{{ is_uncharged }} then {{ zero_rate() }} else coalesce(own_price.unit_price, list_price.unit_price) end
            as contracted_unit_price
    from identified as usage
    left join fitting as list_price
        on list_price.asked_id = usage.asked_id
        and list_price.is_list
    left join fitting as own_price
        on own_price.asked_id = usage.asked_id
        and not own_price.is_list
),

rated as (
    select
        *,
        case
            when {{ is_uncharged }} then service_tier
            when list_unit_price is null then 'unpriced'
            else 'priced'
        end as pricing_status,
        case
            {%- for tier, reason in uncharged.items() %}
            when service_tier = '{{ tier }}' then '{{ reason }}'
            {%- endfor %}
            when list_unit_price is null then 'no_capacity_price'
        end as pricing_reason,
        {{ exact_cost('pricing_quantity', 'list_unit_price') }} as list_cost,
        {{ exact_cost('pricing_quantity', 'contracted_unit_price') }} as contracted_cost
    from priced
),

-- An hour of an accelerator is billed as it is used: it accrues and is billed on its day.
final as (
    select
        rated.flow,
        rated.provider,
        rated.usage_date,
        rated.sub_account_id,
        rated.sub_account_name,
        rated.sub_account_type,
        rated.resource_id,
        rated.resource_name,
        rated.resource_type,
        rated.api_key_id,
        rated.provider_model_id,
        rated.region_id,
        rated.geography,
        rated.service_tier,
        rated.provider_service_tier,
        rated.context_band,
        rated.context_tokens_above,
        rated.context_tokens_up_to,
        rated.variant,
        rated.metering_source,
        rated.model_id,
        rated.model_name,
        rated.model_developer,
        rated.model_family,
        rated.meter,
        rated.quantity,
        rated.consumed_unit,
        rated.pricing_status,
        rated.pricing_reason,
        rated.pricing_status = 'unpriced' as is_estimated,
        rated.pricing_id,
        rated.pricing_type,
        rated.pricing_source,
        rated.contracted_pricing_id,
        rated.contracted_pricing_type,
        rated.contracted_pricing_source,
        rated.currency,
        rated.pricing_unit,
        rated.pricing_quantity,
        case when rated.pricing_status != 'unpriced' then cast(0 as {{ type_quantity() }}) end as free_quantity,
        rated.list_unit_price,
        rated.contracted_unit_price,
        rated.list_cost,
        rated.contracted_cost,
        rated.contracted_cost as effective_cost,
        rated.contracted_cost as billed_cost,
        rated.contracted_cost as cost_lower_bound,
        rated.contracted_cost as cost_upper_bound,
        {{ owner_columns() }},
        rated.x_org_slug,
        rated.x_pipeline_id,
        rated.x_credential_id,
        rated.x_pipeline_run_date,
        rated.x_run_id,
        rated.x_ingested_at,
        rated.x_ingestion_date,
        rated.x_genai_provider,
        rated.x_genai_account_id
    from rated
    {{ owner_joins(
        'rated', source('reference', 'genai_hierarchy_assignments'), source('reference', 'genai_hierarchy_entities')
    ) }}
)

select * from final
