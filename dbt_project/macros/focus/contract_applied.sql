{#
  ContractApplied of a charge that counts towards one commitment: exactly the five keys of FOCUS 1.3. Cost and quantity are JSON
  numbers without exponent, with all their decimals.
#}
{% macro focus_contract_applied(contract_id, commitment_id, cost, quantity, unit) -%}
    concat(
        '{"Elements":[{"ContractId":', {{ json_string(contract_id) }},
        ',"ContractCommitmentId":', {{ json_string(commitment_id) }},
        ',"ContractCommitmentAppliedCost":', {{ decimal_text(cost) }},
        ',"ContractCommitmentAppliedQuantity":', {{ decimal_text(quantity) }},
        ',"ContractCommitmentAppliedUnit":', {{ json_string(unit) }}, '}]}'
    )
{%- endmacro %}

{# A text in the first element of ContractApplied; null where there is none. #}
{% macro focus_applied_text(contract_applied, key) -%}
    {{ return(adapter.dispatch('focus_applied_text', 'genai_finops')(contract_applied, key)) }}
{%- endmacro %}

{% macro default__focus_applied_text(contract_applied, key) %}
    {{ exceptions.raise_compiler_error("focus_applied_text is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__focus_applied_text(contract_applied, key) -%}
json_extract_string({{ contract_applied }}, '$.Elements[0].{{ key }}')
{%- endmacro %}

{% macro bigquery__focus_applied_text(contract_applied, key) -%}
json_value({{ contract_applied }}, '$.Elements[0].{{ key }}')
{%- endmacro %}
