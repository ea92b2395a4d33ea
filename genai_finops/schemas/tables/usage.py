"""Usage as landed and as unified: one row per key and meter."""

from genai_finops.schemas.columns import (
    CONSUMED_UNIT,
    LINEAGE,
    METER,
    PROVIDER,
    QUANTITY,
    USAGE_DATE,
    USAGE_DIMENSIONS,
)
from genai_finops.schemas.table import Column, Table

REPLACE_KEY = ("x_org_slug", "x_pipeline_id", "x_credential_id", "x_pipeline_run_date")
DIMENSION_NAMES = tuple(
    column.name
    for column in USAGE_DIMENSIONS
    if column.name not in {"sub_account_name", "resource_name", "context_tokens_above", "context_tokens_up_to"}
)

_COLUMNS = (
    PROVIDER,
    USAGE_DATE,
    Column(name="period_start", type="timestamp", description="Start of the metered period, UTC, inclusive."),
    Column(name="period_end", type="timestamp", description="End of the metered period, UTC, exclusive."),
    *USAGE_DIMENSIONS,
    METER,
    QUANTITY,
    CONSUMED_UNIT,
    Column(
        name="x_raw_page",
        type="string",
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the raw page in the lake that the row was read from; the first, where several were summed.",
    ),
    *LINEAGE,
)


def _raw(flow: str, description: str) -> Table:
    return Table(
        name=f"genai_{flow}_usage_raw",
        layer="landing",
        model_folder=f"flows/{flow}",
        description=description,
        columns=_COLUMNS,
        grain=(*REPLACE_KEY, "provider", "period_start", *DIMENSION_NAMES, "meter"),
        replace_key=REPLACE_KEY,
        partition_by="x_ingestion_date",
        cluster_by=("x_org_slug", "provider", "provider_model_id"),
    )


PAYG_USAGE_RAW = _raw(
    "payg",
    "One row per organisation, credential, provider, account, sub-account, resource, API key, model, region, tier, band, "
    "variant, period and meter of pay-as-you-go usage, as the provider reported it, normalised to disjoint meters.",
)
COMMITMENT_USAGE_RAW = _raw(
    "commitment",
    "One row per organisation, credential, provider, account, sub-account, resource, model, region, hour and meter of reserved "
    "capacity: unit-hours that were provisioned (of GSU: drawn), tokens that were served on them (tier committed, never priced), and "
    "statistics (load, peak, spilled-over and throttled requests).",
)
INFRASTRUCTURE_USAGE_RAW = _raw(
    "infrastructure",
    "One row per organisation, credential, provider, account, sub-account, resource, region, accelerator or machine type (variant), "
    "kind of work (provider_service_tier: training, prediction, pipeline, compute), hour or day, and meter of accelerators and machines.",
)
