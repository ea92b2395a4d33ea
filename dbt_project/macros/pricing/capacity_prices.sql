{# What makes two prices of capacity or of an accelerator rivals: at most one source decides each of these on a day. #}
{% macro capacity_price_key() %}
    {{ return([
        'provider', 'meter', 'model_id', 'variant', 'workload', 'scope', 'region_id', 'purchase_option', 'term', 'payment',
        'x_org_slug', 'x_genai_account_id'
    ]) }}
{% endmacro %}

{# Where a price comes from, with its version, and how sure it is where it is not the provider's own word. #}
{% macro capacity_price_source(price) -%}
{{ price }}.source || ' ' || {{ price }}.source_version
            || case when {{ price }}.confidence = 'confirmed' then '' else ' (' || {{ price }}.confidence || ')' end
{%- endmacro %}

{#
  The prices of one kind of meters, in the columns of genai_commitment_pricing and genai_infrastructure_pricing.

  decided     int_capacity_pricing__decided
  meter_kind  capacity, accelerator
#}
{% macro capacity_pricing(decided, meter_kind) -%}
with decided as (
    select * from {{ decided }}
),

meters as (
    select * from {{ source('reference', 'genai_meters') }}
    where kind = '{{ meter_kind }}'
),

final as (
    select
        decided.pricing_id,
        decided.provider,
        decided.meter,
        decided.model_id,
        decided.variant,
        decided.workload,
        decided.scope,
        decided.region_id,
        decided.purchase_option,
        decided.term,
        decided.payment,
        decided.x_org_slug,
        decided.x_genai_account_id,
        decided.price_period,
        decided.unit_price,
        decided.currency,
        decided.confidence,
        decided.decides_from as valid_from,
        decided.decides_until as valid_to,
        decided.source,
        decided.source_version,
        decided.source_reference,
        decided.retrieved_at,
        cast(decided.priority as {{ type_of('int') }}) as priority,
        decided.is_custom,
        decided.note
    from decided
    inner join meters on meters.meter = decided.meter
)

select * from final
{%- endmacro %}
