{{ config(**replaced_by_day('genai_costs_daily_unified')) }}

-- The flows' cost tables have one shape; a further flow is one more step and one more `union all`.
with payg as (
    select * from {{ ref('genai_payg_costs_daily') }}
    where {{ in_window('x_ingestion_date') }}
),

final as (
    select * from payg
)

select * from final
