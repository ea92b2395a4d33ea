"""The one entry point of Dagster."""

import dagster as dg

from genai_finops.defs import automation, export, ingestion, reference, resources, transform

defs = dg.Definitions.merge(
    ingestion.definitions(),
    reference.definitions(),
    transform.definitions(),
    export.definitions(),
    automation.definitions(),
    dg.Definitions(resources=resources.default_resources(), executor=dg.in_process_executor),
)
