{{ config(materialized='view') }}

with costs as (
    select * from {{ ref('genai_costs_daily_unified') }}
),

final as (
    select * from costs
    where pricing_status in ('unpriced', 'estimated')
)

select * from final
