"""Runs the client's own SQL over rows of the export: a query that joins wrongly is wrong here as it is at Google.

BigQuery's dialect is translated to DuckDB's by sqlglot; NUMERIC keeps its 38 digits and 9 decimals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

_TABLE = "export"


class QueryError(ValueError):
    """The query cannot be run; the message is for its author."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Names and types of the columns, and rows of texts and nulls, as BigQuery's REST interface writes them."""

    fields: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str | None, ...], ...]


def named_tables(sql: str) -> frozenset[str]:
    """Tables that a query reads, as project.dataset.table. Raises QueryError."""
    return frozenset(_full_name(table) for table in _parsed(sql).find_all(exp.Table))


def run_query(sql: str, parameters: Mapping[str, Any], *, flat: pa.Table, view: str) -> QueryResult:
    """The result over the one table that `view` makes of the rows in `flat`. Raises QueryError."""
    query = _parsed(sql)
    for table in list(query.find_all(exp.Table)):
        table.replace(exp.to_table(_TABLE))
    for kind in query.find_all(exp.DataType):
        if kind.this == exp.DataType.Type.DECIMAL and not kind.expressions:
            kind.replace(exp.DataType.build("DECIMAL(38, 9)"))
    connection = duckdb.connect()
    try:
        connection.execute("set timezone = 'UTC'")
        connection.register("flat", flat)
        connection.execute(f"create view {_TABLE} as {view}")
        found = connection.execute(query.sql(dialect="duckdb"), dict(parameters))
        fields = tuple((column[0], "STRING") for column in found.description or ())
        return QueryResult(fields, tuple(tuple(map(_text, row)) for row in found.fetchall()))
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    finally:
        connection.close()


def _parsed(sql: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise QueryError(str(error)) from error


def _full_name(table: exp.Table) -> str:
    return ".".join(part for part in (table.catalog, table.db, table.name) if part)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value)
