"""What lies in the landing files of a day: the control totals of the lake."""

import datetime as dt
import io
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from genai_finops.ingest.usage import LANDING_TABLES
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import landing_path
from genai_finops.schemas.meters import METERS

_TOKEN_METERS = [meter.name for meter in METERS.values() if meter.kind == "tokens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTotals:
    """Totals over landing files of one provider, flow and day."""

    files: int
    rows: int
    tokens: Decimal


def stored_totals(
    files: LakeFiles, provider: str, flow: str, day: dt.date, credentials: Collection[tuple[str, str]]
) -> StoredTotals:
    """Read the landing files of one provider, flow and day, for credentials given as (organisation, credential)."""
    table = LANDING_TABLES[flow]
    wanted = (
        landing_path(table, day=day, provider=provider, org=org, credential=credential)
        for org, credential in credentials
    )
    paths = [path for path in wanted if files.exists(path)]
    frames = [pl.read_parquet(io.BytesIO(files.read(path)), columns=["meter", "quantity"]) for path in paths]
    tokens = (
        quantity
        for frame in frames
        for quantity in frame.filter(pl.col("meter").is_in(_TOKEN_METERS))["quantity"].to_list()
    )
    return StoredTotals(files=len(paths), rows=sum(frame.height for frame in frames), tokens=sum(tokens, Decimal(0)))
