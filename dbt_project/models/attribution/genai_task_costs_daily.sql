{{ config(**replaced_by_day('genai_task_costs_daily')) }}

{{ costs_by_dimension(['tenant_id', 'task']) }}
