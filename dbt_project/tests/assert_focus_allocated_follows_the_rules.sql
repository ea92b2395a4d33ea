-- What FOCUS asks of the rows of a split charge, and of those that are not split. The official validator checks columns one by one, and not
-- which of them go together or what the rows of one charge have in common.
with allocated as (
    select
        *,
        count(*) over (partition by x_OriginChargeId) as part_count,
        count(AllocatedMethodId) over (partition by x_OriginChargeId) as split_count,
        count(AllocatedResourceId) over (partition by x_OriginChargeId) as claimed_count
    from {{ ref('cost_data_standard_1_3_allocated') }}
    where {{ in_window('x_IngestionDate') }}
),

-- Of the same charges, because what one id stands for can only differ between rows that have it.
consumers as (
    select
        AllocatedResourceId,
        AllocatedTags,
        x_OrgSlug,
        x_TenantId,
        x_UserId,
        x_TaskId,
        x_ConversationId
    from allocated
    where AllocatedResourceId is not null
    group by AllocatedResourceId, AllocatedTags, x_OrgSlug, x_TenantId, x_UserId, x_TaskId, x_ConversationId
),

shared_ids as (
    select AllocatedResourceId
    from consumers
    group by AllocatedResourceId
    having count(*) > 1
),

judged as (
    select
        allocated.x_ChargeId,
        allocated.x_OriginChargeId,
        case
            when allocated.split_count not in (0, allocated.part_count) then 'the charge stands beside its parts'
            when allocated.split_count = 0 and allocated.part_count > 1 then 'a charge that is not split is there twice'
            when allocated.split_count > 0 and allocated.claimed_count = 0 then 'a charge that nobody claims is split'
            when (allocated.AllocatedMethodId is null) != (allocated.x_ChargeId = allocated.x_OriginChargeId)
                then 'a row that is a charge has its id, and a part one of its own'
            when (allocated.AllocatedMethodId is null) != (allocated.AllocatedMethodDetails is null)
                then 'AllocatedMethodDetails without AllocatedMethodId, or the other way round'
            when
                (allocated.AllocatedResourceId is null)
                != (coalesce(allocated.x_TenantId, allocated.x_UserId, allocated.x_TaskId, allocated.x_ConversationId) is null)
                then 'AllocatedResourceId is of a consumer, and every consumer has one'
            when allocated.AllocatedResourceId is not null and allocated.AllocatedMethodId is null then 'a consumer without a method'
            when (allocated.AllocatedResourceId is null) != (allocated.AllocatedResourceName is null)
                then 'AllocatedResourceName without AllocatedResourceId, or the other way round'
            when (allocated.AllocatedResourceId is null) != (allocated.AllocatedTags is null)
                then 'AllocatedTags without AllocatedResourceId, or the other way round'
            when
                allocated.AllocatedMethodId is not null
                and (
                    {{ focus_applied_text('allocated.AllocatedMethodDetails', 'UsageUnit') }} is null
                    or {{ focus_json_number('allocated.AllocatedMethodDetails', 'UsageQuantity') }} is null
                )
                then 'AllocatedMethodDetails without all three of its keys'
            {%- for key in ['tenant', 'user', 'task', 'conversation'] %}
            when strpos(allocated.Tags, '"{{ key }}":') > 0 and strpos(allocated.AllocatedTags, '"{{ key }}":') > 0
                then 'AllocatedTags repeats a key of Tags'
            {%- endfor %}
            when (allocated.x_UnattributedReason is null) != (allocated.x_AllocationMethod != 'unattributed')
                then 'a reason where somebody is named, or none where nobody is'
            when shared_ids.AllocatedResourceId is not null then 'one AllocatedResourceId of two consumers'
            when
                cast(allocated.ListUnitPrice * allocated.PricingQuantity as {{ type_cost() }}) != allocated.ListCost
                or cast(allocated.ContractedUnitPrice * allocated.PricingQuantity as {{ type_cost() }}) != allocated.ContractedCost
                then 'a part costs its own quantity times the price'
            when
                allocated.CommitmentDiscountStatus = 'Used'
                and coalesce(allocated.ConsumedQuantity, -1) != coalesce(allocated.CommitmentDiscountQuantity, -1)
                then 'used capacity consumes of the commitment what it is'
            when allocated.CommitmentDiscountStatus in ('Used', 'Unused') and allocated.BilledCost != 0
                then 'what a commitment pays is on no invoice'
        end as finding
    from allocated
    left join shared_ids on shared_ids.AllocatedResourceId = allocated.AllocatedResourceId
)

select *
from judged
where finding is not null
