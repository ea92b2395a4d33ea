"""Repricing: the queue of days whose stored costs are not what rating gives now, and the asset that empties it.

Both are part of the consolidation, after its days: by the end of the night all stored costs follow the prices that were
published or entered since. The job `reprice` does it at any other time.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from genai_finops.defs.export import EXPORT_KEY
from genai_finops.defs.resources import PlatformResource
from genai_finops.defs.transform import WRITER_POOL, PlatformTranslator, run_build, warehouse_key
from genai_finops.schemas.tables.price_audit import REPRICING_QUEUE
from genai_finops.schemas.tables.pricing import PAYG_PRICING
from genai_finops.settings import load_settings
from genai_finops.transform.manifest import manifest_path
from genai_finops.transform.reprice import Repricing
from genai_finops.transform.selection import ON_REQUEST

REPRICED_KEY = dg.AssetKey(["prices", "repriced_costs"])
_QUEUE_KEY = warehouse_key(REPRICING_QUEUE.name)

reprice_job = dg.define_asset_job(
    "reprice",
    selection=dg.AssetSelection.assets(
        *(warehouse_key(name) for name in ("int_pricing__alias_rules", PAYG_PRICING.name)),
        *(warehouse_key(name) for name in ("int_repricing__models", "int_repricing__stored_costs")),
        _QUEUE_KEY,
        REPRICED_KEY,
    ),
    description="The price table, and the days whose stored costs are not what it makes now.",
)


@dg.asset(
    key=REPRICED_KEY,
    # After the export of the run's days, which may be of the same months.
    deps=[_QUEUE_KEY, EXPORT_KEY],
    group_name="prices",
    kinds={"python", "dbt"},
    owners=["team:data-platform"],
    pool=WRITER_POOL,
    description="The days in genai_repricing_queue, built again until it is empty, and their months exported anew.",
)
def repriced_costs(platform: PlatformResource) -> dg.MaterializeResult:
    """Build the queued days again, and no other."""
    result = platform.reprice()
    for month in result.months:
        platform.export_focus(month, month)
        if platform.has_allocated_export():
            platform.export_focus(month, month, is_allocated=True)
    return dg.MaterializeResult(metadata=repricing_metadata(result))


def _queue_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=manifest,
        name="dbt_repricing_queue",
        select=" ".join(ON_REQUEST),
        dagster_dbt_translator=PlatformTranslator(),
        pool=WRITER_POOL,
    )
    def queue(
        context: dg.AssetExecutionContext, platform: PlatformResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        yield from run_build(context, platform, select=ON_REQUEST)

    return queue


def repricing_metadata(result: Repricing) -> dict[str, Any]:
    """Days, reasons, and the cost of the changed rows before and after."""
    costs = {
        f"{provider} {currency}": {"old": str(old), "new": str(new)}
        for (provider, currency), (old, new) in result.costs_by_provider.items()
    }
    return {
        "days": [day.isoformat() for day in result.days],
        "rows_by_reason": result.rows_by_reason,
        "costs": dg.MetadataValue.json(costs),
    }


def definitions() -> dg.Definitions:
    """The queue, the asset that empties it, and its job."""
    manifest = json.loads(manifest_path(load_settings()).read_text())
    return dg.Definitions(assets=[_queue_assets(manifest), repriced_costs], jobs=[reprice_job])
