{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{{ matched_with_evidence('sub_account', earlier=[ref('int_attribution__matched_by_resource'), ref('int_attribution__matched_by_api_key')]) }}
