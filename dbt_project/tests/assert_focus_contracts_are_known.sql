{{ config(meta={'dagster': {'ref': {'name': 'cost_data_standard_1_3'}}}) }}

-- ContractApplied names a commitment of the Contract Commitment dataset, under its contract, and it is that of the charge.
with applied as (
    select distinct
        x_OrgSlug,
        x_GenaiProvider,
        CommitmentDiscountId,
        {{ focus_applied_text('ContractApplied', 'ContractId') }} as contract_id,
        {{ focus_applied_text('ContractApplied', 'ContractCommitmentId') }} as commitment_id,
        {{ focus_applied_text('ContractApplied', 'ContractCommitmentAppliedUnit') }} as unit
    from {{ ref('cost_data_standard_1_3') }}
    where CommitmentDiscountId is not null and {{ in_window('x_IngestionDate') }}
),

contracts as (
    select * from {{ ref('contract_commitment_1_3') }}
)

select
    applied.x_OrgSlug,
    applied.CommitmentDiscountId,
    'ContractApplied names what the Contract Commitment dataset does not have' as finding
from applied
left join contracts
    on contracts.x_OrgSlug = applied.x_OrgSlug
    and contracts.x_GenaiProvider = applied.x_GenaiProvider
    and contracts.ContractCommitmentId = applied.commitment_id
    and contracts.ContractId = applied.contract_id
    and contracts.ContractCommitmentUnit = applied.unit
where contracts.ContractId is null or applied.commitment_id is distinct from applied.CommitmentDiscountId
union all
-- The metadata of an export promises the length.
select
    x_OrgSlug,
    ContractCommitmentId as CommitmentDiscountId,
    'a commitment without a description, or a longer one than promised' as finding
from contracts
where ContractCommitmentDescription is null or length(ContractCommitmentDescription) > 1024
