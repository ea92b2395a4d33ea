{# Where capacity and the tokens that it serves meet: the resource, or without one the account's model. #}
{% macro place_of(table) -%}
    case
        when {{ table }}.resource_id is not null
            then concat({{ table }}.x_genai_account_id, '|', {{ table }}.x_credential_id, '|', lower({{ table }}.resource_id))
        else
            concat(
                {{ table }}.x_genai_account_id, '|', {{ table }}.x_credential_id, '||',
                coalesce({{ table }}.sub_account_id, ''), '|', coalesce({{ table }}.provider_model_id, '')
            )
    end
{%- endmacro %}
