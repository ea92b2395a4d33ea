{{ config(**replaced_by_day('genai_user_costs_daily')) }}

{{ costs_by_dimension(['tenant_id', 'user_id']) }}
