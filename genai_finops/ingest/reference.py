"""What dbt needs beside usage: snapshots of registers and the control database, and the price book."""

import datetime as dt

import polars as pl

from genai_finops.control.database import open_database, reading
from genai_finops.control.snapshot import control_snapshot
from genai_finops.ingest.commitments import commitment_tables
from genai_finops.ingest.plan import provider_configs
from genai_finops.ingest.price_refresh import refresh_packaged
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import write_landing_sentinel, write_reference, write_resource_states_sentinel
from genai_finops.providers.frames import providers_frame
from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.register import TABLES, tables_of
from genai_finops.schemas.validation import validate
from genai_finops.settings import Settings


def prepare_lake(files: LakeFiles, settings: Settings, *, now: dt.datetime) -> None:
    """Write all that a build needs beside usage: the reference snapshots, and the price book of all packaged sources.

    Raises FinopsError, also when a source of prices failed.
    """
    write_reference_snapshots(files, settings)
    refresh_packaged(files, settings, now).raise_failures()


def write_reference_snapshots(files: LakeFiles, settings: Settings) -> dict[str, int]:
    """Write every reference table to the lake; gives their row counts by table.

    Also makes sure that the landing tables and the resource states have a file, so that dbt reads an empty lake as no
    rows. Raises FinopsError.
    """
    for table in tables_of("landing"):
        write_landing_sentinel(files, table)
    write_resource_states_sentinel(files)
    frames = _frames(files, settings)
    for name, frame in frames.items():
        validate(TABLES[name], frame, subject=f"reference {name}")
        write_reference(files, TABLES[name], frame)
    return {name: frame.height for name, frame in frames.items()}


def _frames(files: LakeFiles, settings: Settings) -> dict[str, pl.DataFrame]:
    engine = open_database(settings)
    with reading(engine) as session:
        control = control_snapshot(session)
        commitments = commitment_tables(files, settings, session)
    return {
        "genai_providers": providers_frame(provider_configs(settings)),
        "genai_meters": meters_frame(),
        **control,
        **commitments,
    }
