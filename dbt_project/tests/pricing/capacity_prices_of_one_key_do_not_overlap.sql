-- Two prices of one unit of capacity on the same day: the engine would have to guess, or charge twice.
with prices as (
    {% for flow in ['commitment', 'infrastructure'] %}
    select
        pricing_id,
        {{ row_id(capacity_price_key()) }} as key_id,
        valid_from,
        coalesce(valid_to, {{ end_of_time() }}) as valid_until
    from {{ ref('genai_' ~ flow ~ '_pricing') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select prices.pricing_id, rivals.pricing_id as rival_pricing_id
    from prices
    inner join prices as rivals
        on prices.key_id = rivals.key_id
        and prices.valid_from < rivals.valid_until
        and rivals.valid_from < prices.valid_until
    where prices.pricing_id != rivals.pricing_id
)

select * from final
