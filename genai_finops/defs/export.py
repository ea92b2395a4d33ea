"""The FOCUS export as an asset, with the share of usage that it cannot hold, and its allocated variant on request."""

from decimal import Decimal

import dagster as dg

from genai_finops.defs.partitions import DAILY, window_of
from genai_finops.defs.resources import PlatformResource
from genai_finops.defs.transform import warehouse_key
from genai_finops.focus.export import ExportResult
from genai_finops.schemas.tables.focus import COST_DATA_STANDARD_1_3
from genai_finops.schemas.tables.focus_allocated import COST_DATA_STANDARD_1_3_ALLOCATED
from genai_finops.schemas.tables.focus_contracts import CONTRACT_COMMITMENT_1_3

#: Above this share of billable rows without a price, totals are no longer usable.
_MAX_UNPRICED_SHARE = Decimal("0.20")

EXPORT_KEY = dg.AssetKey(["focus", "cost_and_usage"])
ALLOCATED_EXPORT_KEY = dg.AssetKey(["focus", "allocated_cost_and_usage"])


@dg.asset(
    key=EXPORT_KEY,
    deps=[warehouse_key(COST_DATA_STANDARD_1_3.name), warehouse_key(CONTRACT_COMMITMENT_1_3.name)],
    group_name="focus",
    kinds={"python", "parquet"},
    owners=["team:data-platform"],
    partitions_def=DAILY,
    backfill_policy=dg.BackfillPolicy.single_run(),
    description="FOCUS 1.3 as Parquet: Cost and Usage with one file per billing month that the days touch, written as "
    "a whole, and Contract Commitment, with manifests and metadata beside them.",
)
def focus_export(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:
    """Export the billing months of the run's days."""
    window = window_of(context)
    return _materialized(platform.export_focus(window.days[0], window.days[-1]))


@dg.asset(
    key=ALLOCATED_EXPORT_KEY,
    deps=[warehouse_key(COST_DATA_STANDARD_1_3_ALLOCATED.name), warehouse_key(CONTRACT_COMMITMENT_1_3.name)],
    group_name="focus",
    kinds={"python", "parquet"},
    owners=["team:data-platform"],
    partitions_def=DAILY,
    backfill_policy=dg.BackfillPolicy.single_run(),
    description="FOCUS 1.3 with charges split to tenant, user, task and conversation, as Parquet in a folder of its "
    "own: the same money as focus/cost_and_usage. No consolidation makes it; the job export_allocated_focus does.",
)
def allocated_focus_export(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:
    """Export the billing months of the run's days, allocated."""
    window = window_of(context)
    return _materialized(platform.export_focus(window.days[0], window.days[-1], is_allocated=True))


# FOCUS asks that who wants split charges asks for them.
allocated_export_job = dg.define_asset_job(
    "export_allocated_focus",
    selection=dg.AssetSelection.assets(ALLOCATED_EXPORT_KEY),
    description="FOCUS 1.3 with charges split to who caused them, for the billing months of a range of days.",
)


def _materialized(result: ExportResult) -> dg.MaterializeResult:
    return dg.MaterializeResult(
        metadata={
            "rows_in_files": result.rows,
            "files": [str(exported.file.path) for exported in result.files],
            "commitments": result.contracts.file.rows if result.contracts else 0,
            "totals": {
                currency: {name: str(cost) for name, cost in costs.items()} for currency, costs in result.totals.items()
            },
            "schema_id": result.schema_id,
            "completeness": list(result.warnings) or "complete",
        }
    )


@dg.asset_check(
    asset=warehouse_key("genai_costs_daily_unified"),
    name="unpriced_share",
    description=f"At most {_MAX_UNPRICED_SHARE:.0%} of the billable usage rows are without a price; the rest are in "
    "genai_unpriced_usage with reason and bounds.",
)
def unpriced_share(platform: PlatformResource) -> dg.AssetCheckResult:
    """Count what could not be priced, by provider and reason."""
    shares = platform.pricing_shares()
    share = Decimal(shares.unpriced_rows) / Decimal(max(shares.rows, 1))
    return dg.AssetCheckResult(
        passed=share <= _MAX_UNPRICED_SHARE,
        severity=dg.AssetCheckSeverity.ERROR if share > _MAX_UNPRICED_SHARE else dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": shares.rows,
            "unpriced_rows": shares.unpriced_rows,
            "estimated_rows": shares.estimated_rows,
            "unpriced_by_reason": dict(shares.unpriced_by_reason),
        },
    )


def definitions() -> dg.Definitions:
    """The exports, the check of what they cannot hold, and the job of the allocated one."""
    return dg.Definitions(
        assets=[focus_export, allocated_focus_export], asset_checks=[unpriced_share], jobs=[allocated_export_job]
    )
