{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

with commitments as (
    select * from {{ source('reference', 'genai_commitments') }}
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

final as (
    select
        commitments.x_org_slug,
        commitments.provider,
        commitments.commitment_id,
        commitments.contract_id,
        nullif(commitments.commitment_name, commitments.commitment_id) as commitment_name,
        commitments.commitment_type,
        -- Of the commitment and not of the row, so that it is the same for the commitment's life.
        meters.consumed_unit as commitment_unit
    from commitments
    inner join meters
        on meters.meter = commitments.meter
)

select * from final
