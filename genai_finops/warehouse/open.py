"""The warehouse of the settings' target."""

from contextlib import AbstractContextManager

from genai_finops.settings import Settings
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.bigquery import open_bigquery
from genai_finops.warehouse.duckdb import open_duckdb


def open_warehouse(settings: Settings) -> AbstractContextManager[ReadOnlyWarehouse]:
    """Opened read-only. Raises FinopsError when it is not there, not readable, or without credentials."""
    return open_duckdb(settings.warehouse_path) if settings.target == "duckdb" else open_bigquery(settings)
