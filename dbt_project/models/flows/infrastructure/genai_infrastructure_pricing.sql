{{ config(materialized='table') }}

{{ capacity_pricing(decided=ref('int_capacity_pricing__decided'), meter_kind='accelerator') }}
