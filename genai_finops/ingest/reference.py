"""Snapshots of what dbt needs beside usage: providers, meters, prices, organisations, hierarchy."""

from collections.abc import Mapping

import polars as pl

from genai_finops.control.database import open_database, reading
from genai_finops.control.snapshot import control_snapshot
from genai_finops.ingest.plan import provider_configs
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import write_landing_sentinel, write_reference, write_resource_states_sentinel
from genai_finops.pricing.frames import alias_rules_frame, price_catalogue_frame
from genai_finops.providers.config import ProviderConfig
from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.register import TABLES, tables_of
from genai_finops.schemas.tables.reference import PROVIDERS
from genai_finops.schemas.validation import empty_frame, validate
from genai_finops.settings import Settings


def write_reference_snapshots(files: LakeFiles, settings: Settings) -> dict[str, int]:
    """Write every reference table to the lake; gives their row counts by table.

    Also makes sure that the landing tables and the resource states have a file, so that dbt reads an empty lake as no
    rows. Raises FinopsError.
    """
    for table in tables_of("landing"):
        write_landing_sentinel(files, table)
    write_resource_states_sentinel(files)
    frames = _frames(settings)
    for name, frame in frames.items():
        validate(TABLES[name], frame, subject=f"reference {name}")
        write_reference(files, TABLES[name], frame)
    return {name: frame.height for name, frame in frames.items()}


def _frames(settings: Settings) -> dict[str, pl.DataFrame]:
    engine = open_database(settings)
    with reading(engine) as session:
        control = control_snapshot(session)
    return {
        "genai_providers": providers_frame(provider_configs(settings)),
        "genai_meters": meters_frame(),
        "genai_price_catalogue": price_catalogue_frame(),
        "genai_model_alias_rules": alias_rules_frame(),
        **control,
    }


def providers_frame(configs: Mapping[str, ProviderConfig]) -> pl.DataFrame:
    """The configured providers, shape of `genai_providers`."""
    rows = [
        {"provider": provider, "provider_code": provider.upper(), **config.service.model_dump()}
        for provider, config in configs.items()
    ]
    schema = empty_frame(PROVIDERS).schema
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)
