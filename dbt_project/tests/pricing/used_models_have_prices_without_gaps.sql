{{ config(severity='warn') }}
-- Usage without a rate, of what has one on other days: a validity ends too early, or begins too late.
select * from {{ ref('genai_price_gaps') }}
