{{ config(materialized='table', access='private', contract={'enforced': false}) }}

{{ matched_with_evidence('resource') }}
