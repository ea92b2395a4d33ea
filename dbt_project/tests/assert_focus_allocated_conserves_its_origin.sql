{{ config(meta={'dagster': {'ref': {'name': 'cost_data_standard_1_3_allocated'}}}) }}

{%- set metrics = [
    'BilledCost', 'CommitmentDiscountQuantity', 'ConsumedQuantity', 'ContractedCost', 'EffectiveCost', 'ListCost',
    'PricingCurrencyEffectiveCost', 'PricingQuantity', 'x_FreeQuantity',
] -%}
{%- set applied = ['ContractCommitmentAppliedCost', 'ContractCommitmentAppliedQuantity'] -%}

-- The rows that stand for a charge add up to it, metric by metric, to the last decimal, also in what they count towards a commitment. No
-- charge is missing and none is new. A null is a metric that the charge does not have, and then no part has it.
with origins as (
    select
        x_ChargeId as charge_id,
        {%- for metric in metrics %}
        {{ metric }},
        {%- endfor %}
        cast({{ focus_json_number('ContractApplied', applied[0]) }} as {{ type_cost() }}) as {{ applied[0] }},
        cast({{ focus_json_number('ContractApplied', applied[1]) }} as {{ type_quantity() }}) as {{ applied[1] }}
    from {{ ref('cost_data_standard_1_3') }}
    where {{ in_window('x_IngestionDate') }}
),

parts as (
    select
        x_OriginChargeId as charge_id,
        count(*) as part_count,
        {%- for metric in metrics %}
        sum({{ metric }}) as {{ metric }},
        count({{ metric }}) as {{ metric }}_count,
        {%- endfor %}
        sum(cast({{ focus_json_number('ContractApplied', applied[0]) }} as {{ type_cost() }})) as {{ applied[0] }},
        sum(cast({{ focus_json_number('ContractApplied', applied[1]) }} as {{ type_quantity() }})) as {{ applied[1] }}
    from {{ ref('cost_data_standard_1_3_allocated') }}
    where {{ in_window('x_IngestionDate') }}
    group by x_OriginChargeId
),

judged as (
    select
        coalesce(origins.charge_id, parts.charge_id) as x_OriginChargeId,
        parts.part_count,
        case
            when parts.charge_id is null then 'the charge is missing'
            when origins.charge_id is null then 'the charge is not in cost_data_standard_1_3'
            {%- for metric in metrics %}
            when parts.{{ metric }} != origins.{{ metric }} then '{{ metric }}'
            when parts.{{ metric }}_count != case when origins.{{ metric }} is null then 0 else parts.part_count end
                then '{{ metric }} is null in some parts only, or in all'
            {%- endfor %}
            {%- for key in applied %}
            when parts.{{ key }} != origins.{{ key }} or (parts.{{ key }} is null) != (origins.{{ key }} is null) then '{{ key }}'
            {%- endfor %}
        end as finding
    from origins
    full outer join parts on parts.charge_id = origins.charge_id
)

select *
from judged
where finding is not null
