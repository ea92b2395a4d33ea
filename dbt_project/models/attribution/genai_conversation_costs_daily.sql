{{ config(**replaced_by_day('genai_conversation_costs_daily')) }}

{{ costs_by_dimension(['tenant_id', 'conversation_id']) }}
