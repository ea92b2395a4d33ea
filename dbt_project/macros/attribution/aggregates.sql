{# Attributed cost by day, provider and one dimension; dimensions beside tenant are within their tenant. #}
{% macro costs_by_dimension(columns) %}
{%- set key = ['usage_date', 'provider'] + columns + ['currency', 'x_org_slug', 'x_genai_provider', 'x_ingestion_date'] -%}
with attribution as (
    select * from {{ ref('genai_cost_attribution_daily') }}
    where {{ in_window('x_ingestion_date') }}
),

final as (
    select
        usage_date,
        provider,
        {{ columns | join(',\n        ') }},
        currency,
        {%- for cost in ['list', 'contracted', 'effective', 'billed', 'input', 'output', 'other'] %}
        cast(sum({{ cost }}_cost) as {{ type_cost() }}) as {{ cost }}_cost,
        {%- endfor %}
        cast(sum(input_tokens) as {{ type_quantity() }}) as input_tokens,
        cast(sum(output_tokens) as {{ type_quantity() }}) as output_tokens,
        cast(sum(case when is_measured then effective_cost else {{ zero_cost() }} end) as {{ type_cost() }}) as measured_cost,
        cast(sum(requests) as {{ type_of('int') }}) as requests,
        x_org_slug,
        x_genai_provider,
        x_ingestion_date
    from attribution
    group by {{ key | join(', ') }}
)

select * from final
{% endmacro %}
