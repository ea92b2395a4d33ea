"""A model as dbt compiled it, run by the engine that the yardsticks use: summed up step by step, or stored."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
from bare_engine import beside, spent_on
from figures import Spent

_LAST_STEP = "final"
_END = f"select * from {_LAST_STEP}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """What it took to compute all values of a step, and how many rows that were."""

    spent: Spent
    rows: int


def computed(
    warehouse: Path, compiled: Path, *, step: str = _LAST_STEP, condition: str = "true", beside_columns_of: str = ""
) -> Summed:
    """Compute the rows of a step for which the condition holds, and keep of each column a sum or a count only.

    Columns that the table `beside_columns_of` has too are left out: they are not computed.
    """
    sql = _step_of(compiled, step)
    with beside(warehouse) as connection:
        columns = _columns(connection, sql, warehouse_table=beside_columns_of)
        totals = ", ".join(_total(name, kind) for name, kind in columns.items())
        connection.execute("set enable_progress_bar = false")
        query = f"select {totals}, count(*) from ({sql} where {condition})"
        spent = spent_on(connection, f"create temp table totals as {query}")
        row = connection.execute("select * from totals").fetchone()
    return Summed(spent=spent, rows=0 if row is None else int(row[-1]))


def computed_best_of(repeats: int, warehouse: Path, compiled: Path, choice: dict[str, str]) -> Summed:
    """The shortest of several runs."""
    runs = [computed(warehouse, compiled, **choice) for _ in range(repeats)]
    return min(runs, key=lambda run: run.spent.seconds)


def stored(warehouse: Path, compiled: Path) -> Spent:
    """Store the model as a table, which is what dbt does with it."""
    sql = _in_warehouse(compiled)
    with beside(warehouse) as connection:
        return spent_on(connection, f"create table stored as {sql}")


def _in_warehouse(compiled: Path) -> str:
    return compiled.read_text().replace('"warehouse"."main".', "warehouse.").rstrip()


def _step_of(compiled: Path, step: str) -> str:
    sql = _in_warehouse(compiled)
    if not sql.endswith(_END):
        raise ValueError(f"{compiled} does not end with {_END!r}")
    return f"{sql.removesuffix(_END)} select * from {step}"


def _columns(connection: duckdb.DuckDBPyConnection, sql: str, *, warehouse_table: str) -> dict[str, str]:
    found = {row[0]: row[1] for row in connection.execute(f"describe {sql}").fetchall()}
    if warehouse_table:
        known = {row[0] for row in connection.execute(f"describe warehouse.{warehouse_table}").fetchall()}
        found = {name: kind for name, kind in found.items() if name not in known}
    return found


def _total(name: str, kind: str) -> str:
    if kind.startswith("DECIMAL") or kind == "BIGINT":
        return f"sum({name})"
    # A count would not need the text.
    return f"sum(strlen({name}))" if kind == "VARCHAR" else f"count({name})"
