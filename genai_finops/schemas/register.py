"""Every table of the platform, by name."""

from genai_finops.schemas.table import Layer, Table
from genai_finops.schemas.tables import (
    attribution,
    budgets,
    capacity_prices,
    commitment_advice,
    commitments,
    control,
    events,
    focus,
    focus_allocated,
    focus_contracts,
    price_audit,
    pricing,
    reference,
    resources,
    unified,
    usage,
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        reference.PROVIDERS,
        reference.METERS,
        commitments.COMMITMENTS,
        commitments.CAPACITY_THROUGHPUT,
        control.ORGANISATIONS,
        control.PROVIDER_ACCOUNTS,
        control.HIERARCHY_ENTITIES,
        control.HIERARCHY_ASSIGNMENTS,
        pricing.PRICE_BOOK,
        pricing.PRICE_FACTORS,
        pricing.MODEL_ALIAS_RULES,
        capacity_prices.CAPACITY_PRICE_BOOK,
        resources.PROVIDER_RESOURCES,
        usage.PAYG_USAGE_RAW,
        usage.COMMITMENT_USAGE_RAW,
        usage.INFRASTRUCTURE_USAGE_RAW,
        pricing.PAYG_PRICING,
        unified.PAYG_COSTS_DAILY,
        capacity_prices.COMMITMENT_PRICING,
        capacity_prices.INFRASTRUCTURE_PRICING,
        commitments.HOURLY_COVERAGE,
        unified.COMMITMENT_COSTS_DAILY,
        unified.INFRASTRUCTURE_COSTS_DAILY,
        commitments.UTILIZATION_HOURLY,
        commitments.UTILIZATION_DAILY,
        commitment_advice.COMMITMENT_ADVICE,
        price_audit.CHANGES,
        price_audit.DIFFERENCES,
        price_audit.GAPS,
        price_audit.REPRICING_QUEUE,
        unified.USAGE_DAILY_UNIFIED,
        resources.PROVIDER_RESOURCE_VALIDITIES,
        unified.COSTS_DAILY_UNIFIED,
        unified.UNPRICED_USAGE,
        focus.COST_DATA_STANDARD_1_3,
        focus_contracts.CONTRACT_COMMITMENT_1_3,
        attribution.ATTRIBUTION_RULES,
        events.EVENTS_RAW,
        events.USAGE_EVENTS,
        attribution.ALLOCATED_CHARGES,
        focus_allocated.COST_DATA_STANDARD_1_3_ALLOCATED,
        attribution.COST_ATTRIBUTION_DAILY,
        attribution.TENANT_COSTS_DAILY,
        attribution.USER_COSTS_DAILY,
        attribution.TASK_COSTS_DAILY,
        attribution.CONVERSATION_COSTS_DAILY,
        attribution.ATTRIBUTION_COVERAGE_DAILY,
        budgets.BUDGET_SPEND_DAILY,
    )
}


def tables_of(*layers: Layer) -> tuple[Table, ...]:
    """The tables of these layers, in the order of the register."""
    return tuple(table for table in TABLES.values() if table.layer in layers)
