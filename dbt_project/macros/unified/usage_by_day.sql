{#
  The flows' usage in one shape by day. A flow is added to unified_flows as one entry: its relation and the name of the flow;
  the relation has the columns of genai_payg_usage_raw.

  Rows that cover their whole day pass through, rows of shorter periods are added up: grouping everything by all dimensions
  would be the most expensive step of the build, for sources that mostly report whole days. A source that reports a whole day and
  parts of it under one key would count twice, and fails the test of the grain.
#}
{% macro unified_flows() %}
    {{ return([
        {'flow': 'payg', 'relation': ref('genai_payg_usage_raw')},
        {'flow': 'commitment', 'relation': ref('genai_commitment_usage_raw')},
        {'flow': 'infrastructure', 'relation': ref('genai_infrastructure_usage_raw')},
    ]) }}
{% endmacro %}

{# Meters of the kind gauge, which cannot be added up: they stay in the flows' tables. #}
{% macro gauges() -%} 'peak_utilization' {%- endmacro %}

{% macro usage_by_day(flow, relation, filter) %}
{%- set key = [
    'provider', 'usage_date', 'sub_account_id', 'sub_account_type', 'resource_id', 'resource_type', 'api_key_id',
    'provider_model_id', 'region_id', 'geography', 'service_tier', 'provider_service_tier', 'context_band', 'variant',
    'metering_source', 'meter', 'x_org_slug', 'x_pipeline_id', 'x_credential_id', 'x_pipeline_run_date'
] -%}
{#- One value per key: names and bounds follow from the key's columns, and of two writes the later one is told. -#}
{%- set carried = [
    'sub_account_name', 'resource_name', 'context_tokens_above', 'context_tokens_up_to', 'consumed_unit', 'x_run_id', 'x_ingested_at',
    'x_ingestion_date', 'x_genai_provider', 'x_genai_account_id'
] -%}
{%- set whole_day = 'period_end = ' ~ utc_midnight(add_days('usage_date', 1)) ~ ' and period_start = ' ~ utc_midnight('usage_date') -%}
    select
        '{{ flow }}' as flow,
        {{ key | join(',\n        ') }},
        {{ carried | join(',\n        ') }},
        quantity
    from {{ relation }}
    where {{ filter }} and meter not in ({{ gauges() }}) and {{ whole_day }}
    union all
    select
        '{{ flow }}' as flow,
        {{ key | join(',\n        ') }},
        {%- for column in carried %}
        max({{ column }}) as {{ column }},
        {%- endfor %}
        cast(sum(quantity) as {{ type_quantity() }}) as quantity
    from {{ relation }}
    where {{ filter }} and meter not in ({{ gauges() }}) and not ({{ whole_day }})
    group by {{ key | join(', ') }}
{%- endmacro %}
