"""Advice on spending less: looked for again whenever a consolidation has ended, and kept in the control database."""

import dagster as dg

from genai_finops.defs.repricing import REPRICED_KEY
from genai_finops.defs.resources import PlatformResource
from genai_finops.defs.transform import WRITER_POOL, warehouse_key
from genai_finops.schemas.tables.commitment_advice import COMMITMENT_ADVICE
from genai_finops.schemas.tables.focus_allocated import COST_DATA_STANDARD_1_3_ALLOCATED

ADVICE_GROUP = "advice"
ADVICE_KEY = dg.AssetKey(["advice", "advice"])


@dg.asset(
    key=ADVICE_KEY,
    # After repricing, the last of a consolidation that changes a cost.
    deps=[
        REPRICED_KEY,
        *(warehouse_key(table.name) for table in (COST_DATA_STANDARD_1_3_ALLOCATED, COMMITMENT_ADVICE)),
    ],
    group_name=ADVICE_GROUP,
    kinds={"python"},
    owners=["team:data-platform"],
    # It writes no table, but nothing may write the warehouse while it is read.
    pool=WRITER_POOL,
    description="What could be saved: cheaper models, other providers, batches, caches, long conversations, idle "
    "capacity, unused plans. `genai-finops advice list` shows it.",
)
def advice(platform: PlatformResource) -> dg.MaterializeResult:
    """Look for advice on the last days that are over."""
    found = platform.refresh_advice()
    return dg.MaterializeResult(metadata={"raised": found.raised, "resolved": found.resolved, **found.by_kind})


advice_job = dg.define_asset_job(
    "advise",
    selection=dg.AssetSelection.assets(ADVICE_KEY),
    description="Look for what could be saved, on the last days that are over.",
)


@dg.asset_sensor(asset_key=REPRICED_KEY, job=advice_job, minimum_interval_seconds=300)
def advice_sensor(context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry) -> dg.RunRequest:  # noqa: ARG001 - signature of Dagster
    """One run after each consolidation: the repriced costs are what one ends with."""
    return dg.RunRequest(run_key=f"advise-{asset_event.run_id}")


def definitions() -> dg.Definitions:
    """The asset, its job and its sensor."""
    return dg.Definitions(assets=[advice], jobs=[advice_job], sensors=[advice_sensor])
