{{ config(**replaced_by_day('genai_attribution_coverage_daily')) }}

with parts as (
    select * from {{ ref('int_attribution__allocated_charges') }}
    where {{ in_window('x_ingestion_date') }}
),

charges as (
    select * from {{ ref('int_attribution__charges') }}
),

models as (
    select
        provider,
        model_id,
        max(model_name) as model_name,
        max(model_developer) as model_developer,
        max(model_family) as model_family
    from {{ ref('genai_costs_daily_unified') }}
    where model_id is not null and {{ in_window('x_ingestion_date') }}
    group by provider, model_id
),

attributed as (
    select
        charge_id,
        cast(sum(case when allocation_method != 'unattributed' then pricing_quantity else 0 end) as {{ type_quantity() }})
            as attributed_quantity,
        cast(sum(case when allocation_method != 'unattributed' then effective_cost else {{ zero_cost() }} end) as {{ type_cost() }})
            as attributed_cost,
        max(evidence_coverage) as evidence_coverage,
        cast(sum(evidence_events) as {{ type_of('int') }}) as evidence_events,
        max(unattributed_reason) as unattributed_reason
    from parts
    group by charge_id
),

final as (
    select
        charges.usage_date,
        charges.flow,
        charges.provider,
        charges.charge_id,
        charges.sub_account_id,
        charges.resource_id,
        charges.api_key_id,
        charges.model_id,
        models.model_name,
        models.model_developer,
        models.model_family,
        charges.meter,
        charges.pricing_quantity,
        attributed.attributed_quantity,
        attributed.evidence_coverage,
        attributed.evidence_events,
        charges.currency,
        charges.effective_cost,
        attributed.attributed_cost,
        attributed.unattributed_reason,
        charges.x_hierarchy_entity_id,
        charges.x_hierarchy_entity_name,
        charges.x_hierarchy_level_code,
        charges.x_hierarchy_path,
        charges.x_hierarchy_path_names,
        charges.x_org_slug,
        charges.x_genai_provider,
        charges.x_genai_account_id,
        charges.usage_date as x_ingestion_date
    from charges
    inner join attributed on attributed.charge_id = charges.charge_id
    left join models
        on models.provider = charges.provider
        and models.model_id = charges.model_id
)

select * from final
