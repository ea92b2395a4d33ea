{{ config(severity='warn') }}
-- A source that differs from the one that decides by more than 0.5 %: one of them is wrong, or newer.
select * from {{ ref('genai_price_differences') }}
