{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{{ matched_with_evidence('api_key', earlier=[ref('int_attribution__matched_by_resource')]) }}
