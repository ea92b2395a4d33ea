{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

with commitment_prices as (
    select * from {{ ref('genai_commitment_pricing') }}
),

infrastructure_prices as (
    select * from {{ ref('genai_infrastructure_pricing') }}
),

commitments as (
    select * from {{ ref('int_commitment__priced_commitments') }}
),

alias_rules as (
    select * from {{ source('prices', 'genai_model_alias_rules') }}
    where {{ as_known() }}
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

providers as (
    select * from {{ source('reference', 'genai_providers') }}
),

-- One developer and one family of all rules that lead to a model, as of tokens.
models as (
    select
        provider,
        model_id,
        max(model_developer) as model_developer,
        max(model_family) as model_family
    from alias_rules
    group by provider, model_id
),

-- A price that only a contract names is a line of no price list: the commitment is its own line.
lines as (
    {% for prices in ['commitment_prices', 'infrastructure_prices'] -%}
    select
        pricing_id as line_id,
        provider,
        meter,
        model_id,
        variant,
        workload,
        scope,
        region_id,
        purchase_option,
        term,
        payment,
        x_org_slug,
        cast(null as {{ type_of('string') }}) as commitment_id
    from {{ prices }}
    union all
    {% endfor -%}
    select
        {{ focus_commitment_line('x_org_slug', 'provider', 'commitment_id') }} as line_id,
        provider,
        meter,
        case when provider_model_id is not null then coalesce(model_id, provider_model_id) end as model_id,
        cast(null as {{ type_of('string') }}) as variant,
        cast(null as {{ type_of('string') }}) as workload,
        scope,
        region_id,
        'commitment' as purchase_option,
        term,
        payment,
        x_org_slug,
        commitment_id
    from commitments
),

described as (
    select
        lines.*,
        models.model_developer,
        models.model_family,
        meters.kind,
        {{ focus_capacity_meter('lines.meter', 'lines.purchase_option', 'meters.sku_meter') }} as sku_meter,
        providers.service_name as normal_service_name,
        providers.infrastructure_service_name,
        case lines.scope when 'global' then 'Global' when 'data_zone' then 'DataZone' when 'regional' then 'Regional' end
            as deployment_scope,
        case lines.purchase_option when 'on_demand' then 'On-Demand' when 'spot' then 'Spot' else 'Commitment' end as purchase_mode,
        case when lines.meter = 'node_hour' then lines.variant end as instance_type,
        case when lines.meter = 'node_hour' then {{ focus_gpu_count('lines.variant') }} end as gpu_count,
        case when lines.meter = 'tpu_chip_hour' then lines.variant end as instance_series,
        case when lines.meter = 'gpu_hour' then lines.variant end as gpu_model
    from lines
    inner join meters
        on meters.meter = lines.meter
    inner join providers
        on providers.provider = lines.provider
    left join models
        on models.provider = lines.provider
        and models.model_id = lines.model_id
),

-- A reservation is an article of its own, with its term; of accelerators the term and spot are prices of the same article.
skus as (
    select
        *,
        case
            when kind = 'accelerator'
                then concat(
                    {{ focus_capacity_slug('meter') }},
                    coalesce('-' || replace(variant, '_', '-'), ''),
                    coalesce('-' || workload, '')
                )
            else
                concat(
                    coalesce(model_id || '-', ''),
                    {{ focus_capacity_slug('meter') }},
                    coalesce('-' || replace(scope, '_', '-'), ''),
                    case when meter = 'ptu_hour' and term is not null then '-reservation' else '' end,
                    coalesce('-' || lower(substr(term, 2)), '')
                )
        end as sku_id,
        case
            when kind = 'accelerator' then coalesce(infrastructure_service_name, normal_service_name)
            else normal_service_name
        end as service_name,
        case
            when gpu_count is not null or meter = 'gpu_hour' then 'GPU'
            when meter = 'tpu_chip_hour' then 'TPU'
        end as accelerator_type
    from described
),

final as (
    select
        line_id,
        sku_id,
        sku_meter,
        -- Without the unit: a line is quoted for an hour, a month or a term, and the row says for which it was applied.
        provider || '/' || sku_id || '/' || lower(purchase_mode)
        || case when kind = 'accelerator' then coalesce('/term=' || term, '') else '' end
        || coalesce('/payment=' || payment, '')
        || coalesce('/region=' || region_id, '')
        || coalesce('/organisation=' || x_org_slug, '')
        || coalesce('/commitment=' || commitment_id, '') as sku_price_line,
        {{ json_object_text([
            ('GpuCount', 'gpu_count', 'number'),
            ('InstanceSeries', 'instance_series', 'string'),
            ('InstanceType', 'instance_type', 'string'),
            ('x_AcceleratorType', 'accelerator_type', 'string'),
            ('x_GpuModel', 'gpu_model', 'string'),
            ('x_ModelDeveloper', 'model_developer', 'string'),
            ('x_ModelFamily', 'model_family', 'string'),
            ('x_ModelId', 'model_id', 'string'),
            ('x_DeploymentScope', 'deployment_scope', 'string'),
            ('x_PurchaseOption', 'purchase_mode', 'string'),
            ('x_Term', 'term', 'string'),
            ('x_Payment', 'payment', 'string'),
            ('x_Workload', 'workload', 'string'),
        ]) }} as sku_price_details,
        service_name || ': ' || sku_meter || coalesce(' of ' || model_id, '') || coalesce(' of ' || variant, '')
        || coalesce(' for ' || workload, '')
        || case scope when 'global' then ', global' when 'data_zone' then ', data zone' when 'regional' then ', regional' else '' end
        || coalesce(', term ' || term, '')
        || case when purchase_option = 'spot' then ', spot' else '' end as charge_subject
    from skus
)

select * from final
