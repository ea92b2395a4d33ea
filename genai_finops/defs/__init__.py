"""The thin Dagster layer: assets, checks, schedules. Bodies call the packages above; algorithms are not here."""

import warnings

import dagster as dg

# Single-run backfills are marked as beta; without them 365 days are 365 runs (docs/adr/0005-dbt-in-process.md).
warnings.filterwarnings("ignore", message=".*backfill_policy.*", category=dg.BetaWarning)
