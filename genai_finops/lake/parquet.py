"""Landing partitions, resource states and reference snapshots as Parquet, equal content as equal bytes."""

import datetime as dt
import io

import polars as pl
import pyarrow.parquet as pq

from genai_finops.lake.files import LakeFiles
from genai_finops.schemas.table import Table
from genai_finops.schemas.tables.resources import PROVIDER_RESOURCES
from genai_finops.schemas.validation import empty_frame

#: Day of the file that only carries the schema, so that a reader's glob never finds nothing.
SENTINEL_DAY = dt.date.min


def landing_path(table: Table, *, day: dt.date, provider: str, org: str, credential: str) -> str:
    """The file of one replace key."""
    return f"landing/{table.name}/day={day.isoformat()}/{provider}/{org}.{credential}.parquet"


def event_landing_path(table: Table, *, day: dt.date, org: str, source: str, log_file_key: str) -> str:
    """The file of one day of one log file; the key stands for the name of the log file."""
    return f"landing/{table.name}/day={day.isoformat()}/{org}/{source}.{log_file_key}.parquet"


def resource_states_path(*, provider: str, org: str, credential: str) -> str:
    """The file of the resources that one credential lists."""
    return f"resources/{provider}/{org}.{credential}.parquet"


def reference_path(table: Table) -> str:
    """The file of one reference snapshot."""
    return f"reference/{table.name}.parquet"


def write_landing(
    files: LakeFiles, table: Table, frame: pl.DataFrame, *, day: dt.date, provider: str, org: str, credential: str
) -> str:
    """Replace one partition and return its path. An empty frame replaces as well: an empty day is an answer."""
    path = landing_path(table, day=day, provider=provider, org=org, credential=credential)
    files.replace(path, _parquet_bytes(frame.sort(table.grain)))
    return path


def write_landing_sentinel(files: LakeFiles, table: Table) -> None:
    """Make sure that a glob over the table, and one over what is archived of it, finds a file of its shape."""
    for place in ("landing", "archive") if table.is_archived else ("landing",):
        write_sentinel(files, f"{place}/{table.name}/day={SENTINEL_DAY.isoformat()}/_schema/empty.parquet", table)


def write_resource_states(files: LakeFiles, frame: pl.DataFrame, *, provider: str, org: str, credential: str) -> str:
    """Replace the states of one credential's resources and return their path.

    Pages carry checksums: unlike a landing file, this one cannot be read from the provider again.
    """
    path = resource_states_path(provider=provider, org=org, credential=credential)
    buffer = io.BytesIO()
    rows = frame.sort("account_id", *PROVIDER_RESOURCES.grain).to_arrow()
    pq.write_table(rows, buffer, compression="zstd", store_schema=False, write_page_checksum=True)
    files.replace(path, buffer.getvalue())
    return path


def read_resource_states(files: LakeFiles, path: str) -> pl.DataFrame:
    """What write_resource_states wrote. Raises pyarrow.ArrowException, OSError or ValueError where it is damaged."""
    rows = pq.read_table(io.BytesIO(files.read(path)), page_checksum_verification=True)
    return pl.DataFrame(rows)


def write_resource_states_sentinel(files: LakeFiles) -> None:
    """Make sure that a glob over the resource states finds a file of their shape."""
    write_sentinel(files, "resources/_schema/empty.parquet", PROVIDER_RESOURCES)


def write_reference(files: LakeFiles, table: Table, frame: pl.DataFrame) -> bool:
    """Replace one reference snapshot. False when it was the same already."""
    content = _parquet_bytes(frame.sort(table.grain, nulls_last=True))
    path = reference_path(table)
    if files.exists(path) and files.read(path) == content:
        return False
    files.replace(path, content)
    return True


def write_sentinel(files: LakeFiles, path: str, table: Table) -> None:
    """Write a file of the table's shape without rows, unless it is there."""
    content = _parquet_bytes(empty_frame(table))
    if not files.exists(path) or files.read(path) != content:
        files.replace(path, content)


def _parquet_bytes(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=True)
    return buffer.getvalue()
