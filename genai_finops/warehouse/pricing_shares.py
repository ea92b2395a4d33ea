"""How much of the usage is priced: the completeness that totals carry."""

from collections.abc import Mapping
from dataclasses import dataclass

from genai_finops.warehouse.base import ReadOnlyWarehouse

_COUNTS = """
    select provider, pricing_status, coalesce(pricing_reason, ''), count(*)
    from genai_costs_daily_unified
    group by provider, pricing_status, pricing_reason
    order by provider, pricing_status, pricing_reason
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingShares:
    """Rows of billable usage by how they are priced."""

    rows: int
    unpriced_rows: int
    estimated_rows: int
    #: Rows by `<provider>: <reason>`.
    unpriced_by_reason: Mapping[str, int]


def pricing_shares(warehouse: ReadOnlyWarehouse) -> PricingShares:
    """Count over the whole table of unified costs."""
    counts = warehouse.rows(_COUNTS)
    return PricingShares(
        rows=sum(count for *_, count in counts),
        unpriced_rows=sum(count for _, status, _, count in counts if status == "unpriced"),
        estimated_rows=sum(count for _, status, _, count in counts if status == "estimated"),
        unpriced_by_reason={
            f"{provider}: {reason}": count for provider, status, reason, count in counts if status == "unpriced"
        },
    )
