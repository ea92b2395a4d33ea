{# Rendered from genai_finops/schemas by `make schemas`. Change the tables there, not this file. #}
{% macro table_layout(table) %}
    {% set layouts = {
    "genai_payg_usage_raw": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "provider_model_id"
        ]
    },
    "genai_commitment_usage_raw": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "provider_model_id"
        ]
    },
    "genai_infrastructure_usage_raw": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "provider_model_id"
        ]
    },
    "genai_payg_costs_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "model_id"
        ]
    },
    "int_commitment__hourly_coverage": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "commitment_id"
        ]
    },
    "genai_commitment_costs_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "model_id"
        ]
    },
    "genai_infrastructure_costs_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "variant"
        ]
    },
    "genai_commitment_utilization_hourly": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "commitment_id"
        ]
    },
    "genai_commitment_utilization_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "commitment_id"
        ]
    },
    "genai_usage_daily_unified": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "model_id"
        ]
    },
    "genai_costs_daily_unified": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "model_id"
        ]
    },
    "cost_data_standard_1_3": {
        "partition_by": "x_IngestionDate",
        "cluster_by": [
            "x_OrgSlug",
            "x_GenaiProvider",
            "SkuId"
        ]
    },
    "genai_usage_events": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider",
            "model_id"
        ]
    },
    "int_attribution__allocated_charges": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "charge_id"
        ]
    },
    "cost_data_standard_1_3_allocated": {
        "partition_by": "x_IngestionDate",
        "cluster_by": [
            "x_OrgSlug",
            "x_TenantId",
            "x_GenaiProvider"
        ]
    },
    "genai_cost_attribution_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "tenant_id",
            "provider"
        ]
    },
    "genai_tenant_costs_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "tenant_id"
        ]
    },
    "genai_user_costs_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "user_id"
        ]
    },
    "genai_task_costs_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "task"
        ]
    },
    "genai_conversation_costs_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "conversation_id"
        ]
    },
    "genai_attribution_coverage_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider"
        ]
    },
    "genai_budget_spend_daily": {
        "partition_by": "x_ingestion_date",
        "cluster_by": [
            "x_org_slug",
            "provider"
        ]
    }
} %}
    {% if table not in layouts %}
        {{ exceptions.raise_compiler_error("table " ~ table ~ " has no partition column in the register") }}
    {% endif %}
    {{ return(layouts[table]) }}
{% endmacro %}
