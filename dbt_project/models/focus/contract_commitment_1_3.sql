{{ config(materialized='table') }}

with commitments as (
    select * from {{ source('reference', 'genai_commitments') }}
),

priced as (
    select * from {{ ref('int_commitment__priced_commitments') }}
),

providers as (
    select * from {{ source('reference', 'genai_providers') }}
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
),

contracts as (
    select
        x_org_slug,
        provider,
        contract_id,
        min(starts_at) as starts_at,
        max(ends_at) as ends_at
    from commitments
    group by x_org_slug, provider, contract_id
),

described as (
    select
        commitments.*,
        providers.provider_code,
        providers.service_name,
        meters.consumed_unit,
        replace(meters.consumed_unit, '-Hours', '') as unit,
        contracts.starts_at as contract_starts_at,
        contracts.ends_at as contract_ends_at,
        priced.contracted_unit_price as unit_price,
        priced.contracted_price_period as price_period,
        priced.months,
        priced.term_seconds,
        {{ integer_to_quantity(whole_quotient(
            quantity_to_integer('commitments.quantity') ~ ' * ' ~ wide_integer('priced.term_seconds'), wide_integer(3600)
        )) }} as unit_hours,
        -- What one payment is for: as the price names it where it can be paid so.
        case
            when commitments.payment = 'hourly' or priced.contracted_price_period = 'hour' then 'hour'
            when commitments.payment = 'monthly' and priced.months is not null then 'month'
            else 'term'
        end as paid_period,
        cast(coalesce(commitments.upfront_share, 1) * commitments.quantity as {{ type_quantity() }}) as units_paid_at_once
    from commitments
    inner join priced
        on priced.x_org_slug = commitments.x_org_slug
        and priced.provider = commitments.provider
        and priced.commitment_id = commitments.commitment_id
    inner join providers
        on providers.provider = commitments.provider
    inner join meters
        on meters.meter = commitments.meter
    inner join contracts
        on contracts.x_org_slug = commitments.x_org_slug
        and contracts.provider = commitments.provider
        and contracts.contract_id = commitments.contract_id
),

measured as (
    select
        *,
        {{ converted_price('unit_price', 'price_period', 'paid_period', 'term_seconds', 'months') }} as paid_price,
        {{ converted_price('unit_price', 'price_period', "'hour'", 'term_seconds', 'months') }} as hour_price,
        {{ integer_to_quantity(whole_quotient(
            quantity_to_integer('units_paid_at_once') ~ ' * ' ~ wide_integer('term_seconds'), wide_integer(3600)
        )) }} as unit_hours_paid_at_once
    from described
),

-- Of one that is paid partly at once, the rest is paid by the hour.
costed as (
    select
        *,
        cast(
            paid_price * case paid_period
                when 'hour' then case payment when 'partial_upfront' then unit_hours_paid_at_once else unit_hours end
                when 'month' then quantity * months
                else case payment when 'partial_upfront' then units_paid_at_once else quantity end
            end as {{ type_cost() }}
        )
        + case payment
            when 'partial_upfront'
                then cast(hour_price * (unit_hours - unit_hours_paid_at_once) as {{ type_cost() }})
            else cast(0 as {{ type_cost() }})
        end as committed_cost
    from measured
),

final as (
    select
        currency as BillingCurrency,
        'Usage' as ContractCommitmentCategory,
        cast(committed_cost as {{ type_cost() }}) as ContractCommitmentCost,
        service_name || ': ' || commitment_type || ' of ' || {{ decimal_text('quantity') }} || ' ' || unit
        || case when quantity = 1 then '' else 's' end
        || coalesce(' for ' || provider_model_id, '')
        || case scope when 'global' then ', global' when 'data_zone' then ', data zone' when 'regional' then ', regional' else '' end
        || coalesce(', region ' || region_id, '')
        || case term
            when 'P1W' then ', for a week'
            when 'P1M' then ', for a month'
            when 'P3M' then ', for three months'
            when 'P6M' then ', for six months'
            when 'P1Y' then ', for a year'
            when 'P3Y' then ', for three years'
        end
        || case payment
            when 'upfront' then ', paid upfront'
            when 'partial_upfront' then ', paid partly upfront, the rest by the hour'
            when 'monthly' then ', paid by the month'
            when 'hourly' then ', paid by the hour'
        end
        || coalesce(
            ', at ' || {{ decimal_text('paid_price') }} || ' ' || currency
            || ' per ' || {{ payment_unit('consumed_unit', 'paid_period', 'term') }}, ''
        ) as ContractCommitmentDescription,
        commitment_id as ContractCommitmentId,
        ends_at as ContractCommitmentPeriodEnd,
        starts_at as ContractCommitmentPeriodStart,
        unit_hours as ContractCommitmentQuantity,
        commitment_type as ContractCommitmentType,
        consumed_unit as ContractCommitmentUnit,
        contract_id as ContractId,
        contract_ends_at as ContractPeriodEnd,
        contract_starts_at as ContractPeriodStart,
        x_org_slug as x_OrgSlug,
        provider_code as x_GenaiProvider,
        account_id as x_GenaiAccountId,
        x_credential_id as x_CredentialId,
        commitment_name as x_CommitmentName,
        meter as x_Meter,
        quantity as x_UnitCount,
        scope as x_DeploymentScope,
        region_id as x_RegionId,
        provider_model_id as x_ProviderModelId,
        applies_to as x_AppliesTo,
        term as x_Term,
        payment as x_Payment,
        ended_at as x_EndedAt,
        is_renewed as x_IsRenewed,
        first_observed_at as x_FirstObservedAt,
        last_observed_at as x_LastObservedAt
    from costed
)

select * from final
