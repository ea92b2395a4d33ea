{# The part of a SkuId that names capacity: ptu, pt, gsu; gpu, tpu-chip, instance. #}
{% macro focus_capacity_slug(meter) -%}
    case {{ meter }}
        when 'ptu_hour' then 'ptu'
        when 'model_unit_hour' then 'pt'
        when 'gsu_hour' then 'gsu'
        when 'throughput_unit_hour' then 'throughput'
        when 'gpu_hour' then 'gpu'
        when 'tpu_chip_hour' then 'tpu-chip'
        when 'node_hour' then 'instance'
    end
{%- endmacro %}

{# SkuMeter of capacity; what is bought for a term is counted under another name than what is paid by the hour. #}
{% macro focus_capacity_meter(meter, purchase_option, sku_meter) -%}
    case
        when {{ purchase_option }} != 'commitment' then {{ sku_meter }}
        when {{ meter }} = 'ptu_hour' then 'Provisioned Throughput Reservation'
        when {{ meter }} = 'model_unit_hour' then 'Provisioned Throughput Commitment'
        when {{ meter }} = 'gsu_hour' then 'Provisioned Throughput GSU Subscription'
        when {{ meter }} = 'throughput_unit_hour' then 'Committed Throughput Subscription'
        else {{ sku_meter }}
    end
{%- endmacro %}

{# Key of a commitment that is its own line of prices. Ids of price rows have no such form. #}
{% macro focus_commitment_line(org, provider, commitment_id) -%}
    concat('commitment|', {{ org }}, '|', {{ provider }}, '|', {{ commitment_id }})
{%- endmacro %}

{# A unit as part of a SkuPriceId: ptu-hours, gsus-per-7-days. #}
{% macro focus_unit_slug(unit) -%} lower(replace(replace({{ unit }}, '/', '-per-'), ' ', '-')) {%- endmacro %}

{# GPUs of one machine, where the name of its type says so as Google's do (a3-highgpu-8g); null elsewhere. #}
{% macro focus_gpu_count(machine_type) -%}
    nullif(regexp_extract({{ machine_type }}, {{ regexp_literal('gpu-([0-9]+)g$') }}{{ focus_first_group() }}), '')
{%- endmacro %}

{# What regexp_extract needs to give the first group: BigQuery gives it unasked. #}
{% macro focus_first_group() -%}
    {{ return(adapter.dispatch('focus_first_group', 'genai_finops')()) }}
{%- endmacro %}

{% macro default__focus_first_group() %}
    {{ exceptions.raise_compiler_error("focus_first_group is not written for target type " ~ target.type) }}
{% endmacro %}

{% macro duckdb__focus_first_group() -%}, 1{%- endmacro %}

{% macro bigquery__focus_first_group() -%}{%- endmacro %}
