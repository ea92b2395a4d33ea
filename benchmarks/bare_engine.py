"""What DuckDB does with the same rows and none of our rules: the yardsticks, with the settings that dbt uses."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

_MEMORY_LIMIT = "3GB"

#: A dated price for each row by equality and date, one multiplication; no aliases, bands, reasons, bounds or owners.
_DATED_JOIN = """
    select usage.*, rates.unit_price, cast(usage.quantity * 0.000001 * rates.unit_price as decimal(38, 18)) as cost
    from warehouse.genai_usage_daily_unified as usage
    left join (select * from warehouse.genai_payg_pricing where context_tokens_above = 0) as rates
        on rates.provider = usage.provider
        and rates.model_id = usage.model_id
        and rates.meter = usage.meter
        and rates.service_tier = usage.service_tier
        and rates.geography = coalesce(usage.geography, 'global')
        and usage.usage_date >= rates.valid_from
        and usage.usage_date < coalesce(rates.valid_to, date '9999-12-31')
    where usage.is_billable
"""


def scan_landing(lake: Path, day: str | None) -> float:
    """Seconds to sum the quantities of the landing files, of all days or of one."""
    glob = lake / "landing" / "genai_payg_usage_raw" / "*" / "*" / "*.parquet"
    filtered = "" if day is None else f"where day = date '{day}'"
    landed = f"read_parquet('{glob}', hive_partitioning = true, hive_types = {{'day': DATE}})"
    with duckdb.connect() as connection:
        return _seconds(connection, f"select sum(quantity) from {landed} {filtered}")


def scan_table(warehouse: Path) -> float:
    """Seconds to sum the quantities of the usage table."""
    with _beside(warehouse) as connection:
        return _seconds(connection, "select sum(quantity) from warehouse.genai_payg_usage_raw")


def dated_join_summed(warehouse: Path) -> float:
    """Seconds of the bare join when only the sum of its costs is kept."""
    with _beside(warehouse) as connection:
        return _seconds(connection, f"select sum(cost) from ({_DATED_JOIN})")


def dated_join_stored(warehouse: Path) -> float:
    """Seconds of the bare join when its rows, with all columns of the usage, are stored as a table."""
    with _beside(warehouse) as connection:
        return _seconds(connection, f"create table bare_join as {_DATED_JOIN}")


def copy_of(warehouse: Path, table: str) -> float:
    """Seconds to store a table again as it is: what writing alone takes."""
    with _beside(warehouse) as connection:
        return _seconds(connection, f"create table copied as select * from warehouse.{table}")


def computed_only(warehouse: Path, compiled_model: Path) -> float:
    """Seconds of a compiled model whose rows are computed and thrown away."""
    sql = compiled_model.read_text().replace('"warehouse"."main".', "warehouse.")
    with _beside(warehouse) as connection:
        # explain analyze runs the whole query and keeps no row.
        return _seconds(connection, f"explain analyze {sql}")


def row_count(warehouse: Path, table: str) -> int:
    """Rows of a table."""
    with _beside(warehouse) as connection:
        row = connection.execute(f"select count(*) from warehouse.{table}").fetchone()
    return 0 if row is None else int(row[0])


def best_of(repeats: int, measurement: Callable[..., float], *arguments: object) -> float:
    """The shortest of several runs: what else the machine does only ever adds."""
    return min(measurement(*arguments) for _ in range(repeats))


def _seconds(connection: duckdb.DuckDBPyConnection, sql: str) -> float:
    connection.execute("set enable_progress_bar = false")
    started = time.perf_counter()
    connection.execute(sql).fetchall()
    return time.perf_counter() - started


@contextmanager
def _beside(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database file of its own with the warehouse attached, so that tables are stored and compressed as dbt's are."""
    path = warehouse.with_name("bare.duckdb")
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path), config={"memory_limit": _MEMORY_LIMIT}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        yield connection
    path.unlink(missing_ok=True)
