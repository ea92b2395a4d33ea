"""The warehouse of the settings' target."""

from contextlib import AbstractContextManager

from genai_finops.settings import Settings
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.bigquery import open_bigquery
from genai_finops.warehouse.duckdb import file_version, open_duckdb


def open_warehouse(settings: Settings) -> AbstractContextManager[ReadOnlyWarehouse]:
    """Opened read-only. Raises FinopsError when it is not there, not readable, or without credentials."""
    return open_duckdb(settings.warehouse_path) if settings.target == "duckdb" else open_bigquery(settings)


def data_version(settings: Settings, table: str) -> str | None:
    """Changes whenever rows of the table may have changed; None where the table is not there.

    Cheap: reads no rows. Raises FinopsError as `open_warehouse`.
    """
    if settings.target == "duckdb":
        return file_version(settings.warehouse_path)
    with open_bigquery(settings) as warehouse:
        return warehouse.modified_at(table)
