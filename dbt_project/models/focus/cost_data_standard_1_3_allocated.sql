{{ config(**replaced_by_day('cost_data_standard_1_3_allocated')) }}

{%- set consumer = [('tenant', 'parts.tenant_id'), ('user', 'parts.user_id'), ('task', 'parts.task'), ('conversation', 'parts.conversation_id')] -%}

{#- Of a charge that is not split the whole, of another the part. -#}
{%- set metrics = {
    'BilledCost': 'billed_cost',
    'CommitmentDiscountQuantity': 'commitment_quantity',
    'ConsumedQuantity': 'consumed_quantity',
    'ContractedCost': 'contracted_cost',
    'EffectiveCost': 'effective_cost',
    'ListCost': 'list_cost',
    'PricingCurrencyEffectiveCost': 'effective_cost',
    'PricingQuantity': 'pricing_quantity',
} -%}

with charges as (
    select * from {{ ref('cost_data_standard_1_3') }}
    where {{ in_window('x_IngestionDate') }}
),

allocated_charges as (
    select * from {{ ref('int_attribution__allocated_charges') }}
    where {{ in_window('x_ingestion_date') }}
),

-- A charge is split where anybody is named. What logs or rules leave without a name is no reason to split it.
claims as (
    select
        charge_id,
        min(allocation_method) as allocation_method,
        max(unattributed_reason) as unattributed_reason,
        max(evidence_coverage) as evidence_coverage,
        count(coalesce(tenant_id, user_id, task, conversation_id)) > 0 as is_split
    from allocated_charges
    group by charge_id
),

split_parts as (
    select
        parts.*,
        {{ focus_consumer_id('parts.x_org_slug', consumer) }} as consumer_id,
        {{ focus_consumer_name(consumer) }} as consumer_name,
        {{ json_object_text([
            ('tenant', 'parts.tenant_id', 'string'),
            ('user', 'parts.user_id', 'string'),
            ('task', 'parts.task', 'string'),
            ('conversation', 'parts.conversation_id', 'string'),
        ]) }} as consumer_tags
    from allocated_charges as parts
    inner join claims on claims.charge_id = parts.charge_id
    where claims.is_split
),

-- Names can hold whatever separates the columns of a row_id. The id of the consumer comes last, so that it cannot be mistaken.
named_parts as (
    select
        *,
        {{ row_id(['charge_id', 'allocation_method', 'consumer_id']) }} as part_id
    from split_parts
),

-- What an allowance covers of a charge, by the ratios of its parts in whole millionths.
free_positions as (
    select
        parts.part_id,
        charges.x_FreeQuantity as free_quantity,
        cast(parts.allocated_ratio * 1000000000 as {{ type_of('int') }}) as ratio,
        sum(cast(parts.allocated_ratio * 1000000000 as {{ type_of('int') }})) over (
            partition by parts.charge_id
            order by parts.part_id
            rows between unbounded preceding and current row
        ) as ratio_up_to
    from named_parts as parts
    inner join charges on charges.x_ChargeId = parts.charge_id
    where charges.x_FreeQuantity > 0
),

free_parts as (
    select
        part_id,
        {{ integer_to_quantity(
            whole_quotient(quantity_to_integer('free_quantity') ~ ' * ' ~ wide_integer('ratio_up_to'), '1000000000')
            ~ ' - '
            ~ whole_quotient(quantity_to_integer('free_quantity') ~ ' * ' ~ wide_integer('ratio_up_to - ratio'), '1000000000')
        ) }} as free_quantity
    from free_positions
),

parts as (
    select
        parts.charge_id,
        parts.part_id,
        true as is_split,
        parts.tenant_id,
        parts.user_id,
        parts.task,
        parts.conversation_id,
        parts.allocation_method,
        parts.unattributed_reason,
        parts.evidence_coverage,
        parts.evidence_events,
        parts.allocated_ratio,
        parts.consumer_id,
        coalesce(parts.consumer_name, parts.consumer_id) as consumer_name,
        case when parts.consumer_id is not null then parts.consumer_tags end as consumer_tags,
        parts.pricing_quantity,
        parts.consumed_quantity,
        parts.commitment_quantity,
        parts.list_cost,
        parts.contracted_cost,
        parts.effective_cost,
        parts.billed_cost,
        free_parts.free_quantity
    from named_parts as parts
    left join free_parts on free_parts.part_id = parts.part_id
    union all
    select
        charge_id,
        charge_id as part_id,
        false as is_split,
        {% for column in ['tenant_id', 'user_id', 'task', 'conversation_id'] -%}
        cast(null as {{ type_of('string') }}) as {{ column }},
        {% endfor -%}
        case when unattributed_reason is null then allocation_method else 'unattributed' end as allocation_method,
        unattributed_reason,
        evidence_coverage,
        {%- for column, kind in [
            ('evidence_events', 'int'), ('allocated_ratio', 'ratio'), ('consumer_id', 'string'), ('consumer_name', 'string'),
            ('consumer_tags', 'json'), ('pricing_quantity', 'quantity'), ('consumed_quantity', 'quantity'),
            ('commitment_quantity', 'quantity'), ('list_cost', 'cost'), ('contracted_cost', 'cost'), ('effective_cost', 'cost'),
            ('billed_cost', 'cost'),
        ] %}
        cast(null as {{ type_of(kind) }}) as {{ column }},
        {%- endfor %}
        cast(null as {{ type_quantity() }}) as free_quantity
    from claims
    where not is_split
),

-- Everything that is not said here is the origin's. A charge that the allocation does not know is still there with its money; the
-- contract then says that its method is missing.
allocated as (
    select
        charges.* replace (
            case
                when parts.is_split then {{ focus_allocated_details(
                    'parts.allocated_ratio',
                    'coalesce(charges.ConsumedUnit, charges.CommitmentDiscountUnit, charges.PricingUnit)',
                    'coalesce(parts.consumed_quantity, parts.commitment_quantity, parts.pricing_quantity)',
                    'parts.evidence_events',
                ) }}
            end as AllocatedMethodDetails,
            case when parts.is_split then {{ focus_allocated_method('parts.allocation_method') }} end as AllocatedMethodId,
            parts.consumer_id as AllocatedResourceId,
            parts.consumer_name as AllocatedResourceName,
            {{ canonical_escapes('parts.consumer_tags') }} as AllocatedTags,
            {% for metric, column in metrics.items() -%}
            case when parts.is_split then parts.{{ column }} else charges.{{ metric }} end as {{ metric }},
            {% endfor -%}
            case
                when parts.is_split and charges.ContractApplied is not null then {{ focus_contract_applied(
                    focus_applied_text('charges.ContractApplied', 'ContractId'),
                    focus_applied_text('charges.ContractApplied', 'ContractCommitmentId'),
                    "case when charges.ChargeCategory = 'Purchase' then parts.billed_cost else parts.effective_cost end",
                    'parts.commitment_quantity',
                    focus_applied_text('charges.ContractApplied', 'ContractCommitmentAppliedUnit'),
                ) }}
                else charges.ContractApplied
            end as ContractApplied,
            case
                when parts.is_split and charges.x_FreeQuantity > 0 then parts.free_quantity
                else charges.x_FreeQuantity
            end as x_FreeQuantity,
            coalesce(parts.part_id, charges.x_ChargeId) as x_ChargeId
        ),
        charges.x_ChargeId as x_OriginChargeId,
        parts.tenant_id as x_TenantId,
        parts.user_id as x_UserId,
        parts.task as x_TaskId,
        parts.conversation_id as x_ConversationId,
        parts.allocation_method as x_AllocationMethod,
        parts.unattributed_reason as x_UnattributedReason,
        parts.evidence_coverage as x_EvidenceCoverage
    from charges
    left join parts on parts.charge_id = charges.x_ChargeId
),

final as (
    select * from allocated
)

select * from final
