{{ config(materialized='ephemeral', access='private', contract={'enforced': false}) }}

{%- set book_columns = price_columns() | reject('in', ['model_id', 'model_name', 'valid_until']) | list + ['valid_to'] %}

with book as (
    select * from {{ source('prices', 'genai_price_book') }}
    where {{ as_known() }}
),

models as (
    select * from {{ ref('int_pricing__stated_models') }}
),

named as (
    select
        {% for column in book_columns %}
        book.{{ column }},
        {% endfor %}
        coalesce(models.model_id, book.model_id) as model_id,
        coalesce(models.model_name, book.model_name) as model_name,
        lower(book.model_id) as spelling
    from book
    left join models
        on models.provider = book.provider
        and models.spelling = lower(book.model_id)
        and book.source != 'genai-prices'
),

-- A source that spells one model in two ways would charge it twice: the canonical spelling speaks for it.
spoken_for as (
    select *
    from named
    where true
    qualify dense_rank() over (
        partition by source, {{ price_key() | join(', ') }}
        order by case when spelling = model_id then 0 else 1 end, spelling
    ) = 1
),

final as (
    select
        book.provider,
        book.model_id,
        book.model_name,
        book.meter,
        book.service_tier,
        book.geography,
        book.context_tokens_above,
        book.context_tokens_up_to,
        book.variant,
        book.x_org_slug,
        book.x_genai_account_id,
        book.pricing_type,
        book.volume_threshold_tokens,
        book.currency,
        cast(book.unit_price as {{ type_rate() }}) as unit_price,
        cast(book.discount_percentage as {{ type_ratio() }}) as discount_percentage,
        book.discount_reason,
        cast(book.free_tier_quantity as {{ type_quantity() }}) as free_tier_quantity,
        book.free_tier_reset_frequency,
        book.valid_from,
        coalesce(book.valid_to, {{ end_of_time() }}) as valid_until,
        book.source,
        book.source_version,
        book.source_reference,
        book.retrieved_at,
        book.priority,
        book.is_custom
    from spoken_for as book
)

select * from final
