{# Joins two steps on the key of a load, whose parts may be null. #}
{% macro same_load(one, other) -%}
    {{ one }}.x_org_slug = {{ other }}.x_org_slug
        and {{ one }}.provider = {{ other }}.provider
        and {{ one }}.x_genai_account_id = {{ other }}.x_genai_account_id
        and {{ one }}.meter = {{ other }}.meter
        and {{ one }}.model_id is not distinct from {{ other }}.model_id
        and {{ one }}.region_id is not distinct from {{ other }}.region_id
        and {{ one }}.scope is not distinct from {{ other }}.scope
{%- endmacro %}

{#
  The query that shows what advice rests on, as text: tokens by period of a load, or the hours of a commitment. Quotes are
  written by their number, because the engines escape them in different ways.

  advice   step with the columns of genai_commitment_advice, and model_spellings: literals, separated by commas
#}
{% macro evidence_query(advice) -%}
    case
        when {{ advice }}.commitment_id is not null
            then concat(
                'select hour_start, committed_quantity, used_quantity, unused_quantity from genai_commitment_utilization_hourly where ',
                {{ equality('x_org_slug', advice ~ '.x_org_slug') }}, ' and ', {{ equality('provider', advice ~ '.provider') }},
                ' and ', {{ equality('commitment_id', advice ~ '.commitment_id') }},
                ' and x_ingestion_date >= date ', {{ quoted('cast(' ~ advice ~ '.first_day as ' ~ type_string() ~ ')') }},
                ' order by hour_start'
            )
        else concat(
            {% for table in ['genai_payg_usage_raw', 'genai_commitment_usage_raw'] -%}
            'select period_start, period_end, service_tier, meter, sum(quantity) as quantity from {{ table }} where ',
            {{ equality('x_org_slug', advice ~ '.x_org_slug') }}, ' and ', {{ equality('provider', advice ~ '.provider') }},
            ' and ', {{ equality('x_genai_account_id', advice ~ '.x_genai_account_id') }},
            ' and provider_model_id in (', coalesce({{ advice }}.model_spellings, 'null'), ')',
            case
                when {{ advice }}.region_id is not null then concat(' and ', {{ equality('region_id', advice ~ '.region_id') }})
                else ''
            end,
            case {{ advice }}.scope
                when 'global' then concat(' and geography = ', {{ quoted("'global'") }})
                when 'data_zone' then concat(' and geography like ', {{ quoted("'data_zone%'") }})
                else ''
            end,
            ' and usage_date >= date ', {{ quoted('cast(' ~ advice ~ '.first_day as ' ~ type_string() ~ ')') }},
            ' group by period_start, period_end, service_tier, meter',
            {% if not loop.last %}' union all ',{% endif %}
            {% endfor -%}
            ' order by period_start, meter'
        )
    end
{%- endmacro %}

{# A text as a literal of SQL. No id of a provider has a quote or a backslash; one that had is left without. #}
{% macro quoted(text) -%}
    concat(chr(39), replace(replace({{ text }}, chr(39), ''), chr(92), ''), chr(39))
{%- endmacro %}

{# A condition as text, on a value that is not null. #}
{% macro equality(column, value) -%} concat('{{ column }} = ', {{ quoted(value) }}) {%- endmacro %}
