{{ config(materialized='table') }}

with states as (
    select
        *,
        case when modified_at < first_observed_at then modified_at else first_observed_at end as valid_from
    from {{ source('resources', 'genai_provider_resource_states') }}
),

-- Of two states that both have begun, the one that was seen later holds: the smallest beginning of all later ones ends a state.
succeeded as (
    select
        *,
        min(valid_from) over (
            partition by x_org_slug, x_credential_id, account_id, resource_type, resource_id
            order by first_observed_at rows between 1 following and unbounded following
        ) as next_valid_from
    from states
),

-- A resource that the next list no longer showed ends there, also where it was made anew later.
ended as (
    select
        *,
        case when next_valid_from is null or missed_at < next_valid_from then missed_at else next_valid_from end as ended_at
    from succeeded
),

final as (
    select
        x_org_slug,
        x_credential_id,
        provider,
        account_id,
        resource_type,
        resource_id,
        resource_name,
        region_id,
        provider_model_id,
        sku_name,
        capacity,
        tags,
        created_at,
        modified_at,
        first_observed_at,
        last_observed_at,
        missed_at,
        valid_from,
        case when ended_at < valid_from then valid_from else ended_at end as valid_to
    from ended
)

select * from final
