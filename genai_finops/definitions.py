"""The one entry point of Dagster."""

import dagster as dg

from genai_finops.defs import (
    advice,
    anomalies,
    attribution,
    automation,
    budgets,
    export,
    ingestion,
    open_day,
    prices,
    reference,
    repricing,
    request_logs,
    resources,
    retention,
    snapshots,
    transform,
)

defs = dg.Definitions.merge(
    ingestion.definitions(),
    snapshots.definitions(),
    reference.definitions(),
    prices.definitions(),
    request_logs.definitions(),
    transform.definitions(),
    advice.definitions(),
    anomalies.definitions(),
    attribution.definitions(),
    budgets.definitions(),
    retention.definitions(),
    open_day.definitions(),
    repricing.definitions(),
    export.definitions(),
    automation.definitions(),
    dg.Definitions(resources=resources.default_resources(), executor=dg.in_process_executor),
)
