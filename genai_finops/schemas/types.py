"""The only place where a logical type meets a dialect.

Scales are chosen so that `unit price x pricing quantity = cost` holds exactly and is never rounded
(docs/adr/0002-exact-money.md): a price has 12 decimals, a pricing quantity 6 (tokens divided by a million),
so their product has 18.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

LogicalType = Literal["string", "int", "bool", "date", "timestamp", "json", "quantity", "rate", "cost", "ratio"]


@dataclass(frozen=True, slots=True)
class PhysicalType:
    """One logical type, spelled for polars, DuckDB and BigQuery."""

    polars: pl.DataType
    duckdb: str
    bigquery: str


TYPES: dict[LogicalType, PhysicalType] = {
    "string": PhysicalType(pl.String(), "varchar", "string"),
    "int": PhysicalType(pl.Int64(), "bigint", "int64"),
    "bool": PhysicalType(pl.Boolean(), "boolean", "bool"),
    "date": PhysicalType(pl.Date(), "date", "date"),
    "timestamp": PhysicalType(pl.Datetime("us", "UTC"), "timestamp with time zone", "timestamp"),
    # A serialised JSON object. Text on both engines, because FOCUS delivers text and equality must be exact.
    "json": PhysicalType(pl.String(), "varchar", "string"),
    "quantity": PhysicalType(pl.Decimal(26, 6), "decimal(26,6)", "numeric(26,6)"),
    # NUMERIC of BigQuery ends at 9 decimals: prices and costs need BIGNUMERIC there.
    "rate": PhysicalType(pl.Decimal(24, 12), "decimal(24,12)", "bignumeric(24,12)"),
    "cost": PhysicalType(pl.Decimal(38, 18), "decimal(38,18)", "bignumeric(38,18)"),
    "ratio": PhysicalType(pl.Decimal(18, 9), "decimal(18,9)", "numeric(18,9)"),
}
