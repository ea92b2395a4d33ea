"""Statements as files: names that no tenant's name can lead elsewhere, and their content as CSV and Parquet."""

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import polars as pl

from genai_finops.attribution.statement_rules import StatementMonth
from genai_finops.control.statement_rules import plain
from genai_finops.schemas.table import Table
from genai_finops.schemas.types import TYPES
from genai_finops.warehouse.tenant_scope import TenantScope

_SLUG_LENGTH = 40
#: What a spreadsheet takes for a formula, or skips before one.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def statement_file_name(org: str, tenant: str, month: StatementMonth, suffix: str) -> str:
    """A name of letters, digits and hyphens: readable where the tenant's is, and of no other tenant by its digest."""
    ascii_name = unicodedata.normalize("NFKD", tenant[:1000]).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name)[:_SLUG_LENGTH].strip("-") or "tenant"
    return f"statement-{month}-{slug}-{TenantScope(org=org, tenant=tenant).digest[:16]}.{suffix}"


def overview_file_name(org: str, month: StatementMonth, suffix: str) -> str:
    """The name of the organisation's own view."""
    return f"overview-{month}-{org}.{suffix}"


def csv_bytes(table: Table, rows: Iterable[dict[str, Any]]) -> bytes:
    """UTF-8 with a header; decimals exact and without exponent, null empty.

    A text that a spreadsheet would run as a formula has an apostrophe before it; Parquet has the text itself.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = [column.name for column in table.columns]
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in names])
    return buffer.getvalue().encode()


def parquet_bytes(table: Table, rows: Iterable[dict[str, Any]]) -> bytes:
    """Typed columns in the order of the table."""
    schema = {column.name: TYPES[column.type].polars for column in table.columns}
    buffer = io.BytesIO()
    pl.DataFrame(list(rows), schema=schema, orient="row").write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return str(value)
