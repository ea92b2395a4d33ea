"""How many rows the tables of a run have, which dbt-duckdb does not tell."""

import dataclasses
import datetime as dt
from collections.abc import Sequence

import duckdb

from genai_finops.schemas.register import TABLES
from genai_finops.settings import Settings
from genai_finops.transform.result import NodeResult


def with_row_counts(
    settings: Settings, nodes: Sequence[NodeResult], window: tuple[dt.date, dt.date] | None
) -> list[NodeResult]:
    """The nodes, models that were built on DuckDB with their rows: those of the window where the table has days."""
    if settings.target != "duckdb" or not settings.warehouse_path.exists():
        return list(nodes)
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        return [
            dataclasses.replace(node, rows=_count(connection, node.name, window))
            if node.resource_type == "model" and node.ok
            else node
            for node in nodes
        ]


def _count(connection: duckdb.DuckDBPyConnection, name: str, window: tuple[dt.date, dt.date] | None) -> int | None:
    tables = connection.execute(
        "select table_name from information_schema.tables where table_name = ? and table_type = 'BASE TABLE'", [name]
    ).fetchall()
    if not tables:
        return None
    statement = f'select count(*) from "{name}"'  # noqa: S608 - the name of a table that exists
    partition = TABLES[name].partition_by if name in TABLES else None
    if window is not None and partition is not None:
        counted = connection.execute(f'{statement} where "{partition}" >= ? and "{partition}" < ?', window)
    else:
        counted = connection.execute(statement)
    row = counted.fetchone()
    return None if row is None else int(row[0])
