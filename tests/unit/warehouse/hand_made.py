"""A warehouse file of rows that a test gives."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from genai_finops.schemas.register import TABLES
from genai_finops.schemas.types import TYPES
from genai_finops.warehouse.duckdb import DuckDBWarehouse, open_duckdb

DAY = dt.date(2026, 3, 14)


@contextmanager
def warehouse_of(path: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[DuckDBWarehouse]:
    """Tables of the register with these rows, null where a row names no column; opened as production does."""
    with duckdb.connect(str(path)) as connection:
        for name, given in rows.items():
            columns = ", ".join(f'"{column.name}" {TYPES[column.type].duckdb}' for column in TABLES[name].columns)
            connection.execute(f"create table {name} ({columns})")
            for row in given:
                marks = ", ".join("?" for _ in row)
                into = f"insert into {name} ({', '.join(row)})"
                connection.execute(f"{into} values ({marks})", list(row.values()))
    with open_duckdb(path) as warehouse:
        yield warehouse


def spend_row(cost: str | None = None, **columns: Any) -> dict[str, Any]:
    """One row of genai_budget_spend_daily of acme on the day, in USD where it costs something."""
    day = columns.get("usage_date", DAY)
    amounts = dict.fromkeys(("list_cost", "effective_cost", "billed_cost"), cost)
    usual = {"usage_date": day, "x_ingestion_date": day, "flow": "payg", "provider": "toy", "x_org_slug": "acme"}
    return {**usual, "currency": cost and "USD", **amounts, "tokens": 0, **columns}
