"""The one entry point of Dagster."""

import dagster as dg

from genai_finops.defs import (
    automation,
    export,
    ingestion,
    prices,
    reference,
    repricing,
    resources,
    snapshots,
    transform,
)

defs = dg.Definitions.merge(
    ingestion.definitions(),
    snapshots.definitions(),
    reference.definitions(),
    prices.definitions(),
    transform.definitions(),
    repricing.definitions(),
    export.definitions(),
    automation.definitions(),
    dg.Definitions(resources=resources.default_resources(), executor=dg.in_process_executor),
)
