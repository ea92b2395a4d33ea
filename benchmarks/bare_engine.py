"""What DuckDB does with the same rows and none of our rules: the yardsticks, with the settings that dbt uses."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from figures import Spent

_MEMORY_LIMIT = "3GB"

#: A dated list price for each row by equality and date, one product; no aliases, bands, reasons, bounds or owners.
_DATED_JOIN = """
    select usage.*, rates.unit_price, cast(usage.quantity * 0.000001 * rates.unit_price as decimal(38, 18)) as cost
    from warehouse.genai_usage_daily_unified as usage
    left join (
        select *
        from warehouse.genai_payg_pricing
        where context_tokens_above = 0 and x_org_slug is null and pricing_type = 'standard' and variant is null
    ) as rates
        on rates.provider = usage.provider
        and rates.model_id = usage.model_id
        and rates.meter = usage.meter
        and rates.service_tier = usage.service_tier
        and rates.geography = coalesce(usage.geography, 'global')
        and usage.usage_date >= rates.valid_from
        and usage.usage_date < coalesce(rates.valid_to, date '9999-12-31')
    where usage.is_billable
"""


def scan_landing(lake: Path, day: str | None) -> Spent:
    """Sum the quantities of the landing files, of all days or of one."""
    glob = lake / "landing" / "genai_payg_usage_raw" / "*" / "*" / "*.parquet"
    filtered = "" if day is None else f"where day = date '{day}'"
    landed = f"read_parquet('{glob}', hive_partitioning = true, hive_types = {{'day': DATE}})"
    with duckdb.connect() as connection:
        return spent_on(connection, f"select sum(quantity) from {landed} {filtered}")


def scan_table(warehouse: Path) -> Spent:
    """Sum the quantities of the usage table."""
    with beside(warehouse) as connection:
        return spent_on(connection, "select sum(quantity) from warehouse.genai_payg_usage_raw")


def dated_join_summed(warehouse: Path) -> Spent:
    """The bare join when only the sums of its prices and costs are kept."""
    with beside(warehouse) as connection:
        return spent_on(connection, f"select sum(unit_price), sum(cost) from ({_DATED_JOIN})")


def dated_join_stored(warehouse: Path) -> Spent:
    """The bare join when its rows, with all columns of the usage, are stored as a table."""
    with beside(warehouse) as connection:
        return spent_on(connection, f"create table bare_join as {_DATED_JOIN}")


def copy_of(warehouse: Path, table: str) -> Spent:
    """Store a table again as it is: what writing alone takes."""
    with beside(warehouse) as connection:
        return spent_on(connection, f"create table copied as select * from warehouse.{table}")


def row_count(warehouse: Path, table: str) -> int:
    """Rows of a table."""
    with beside(warehouse) as connection:
        row = connection.execute(f"select count(*) from warehouse.{table}").fetchone()
    return 0 if row is None else int(row[0])


def billable_rows(warehouse: Path) -> int:
    """Rows of the usage table that are rated."""
    with beside(warehouse) as connection:
        row = connection.execute(
            "select count(*) from warehouse.genai_usage_daily_unified where is_billable"
        ).fetchone()
    return 0 if row is None else int(row[0])


def best_of(repeats: int, measurement: Callable[..., Spent], *arguments: object) -> Spent:
    """The shortest of several runs: what else the machine does only ever adds."""
    return min((measurement(*arguments) for _ in range(repeats)), key=lambda spent: spent.seconds)


def spent_on(connection: duckdb.DuckDBPyConnection, sql: str) -> Spent:
    """What a statement takes. Never give it `explain analyze`: drawing the plan of rating takes seconds by itself."""
    connection.execute("set enable_progress_bar = false")
    started, started_cpu = time.perf_counter(), time.process_time()
    connection.execute(sql).fetchall()
    return Spent(seconds=time.perf_counter() - started, cpu_seconds=time.process_time() - started_cpu)


@contextmanager
def beside(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database file of its own with the warehouse attached, so that tables are stored and compressed as dbt's are."""
    path = warehouse.with_name("bare.duckdb")
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path), config={"memory_limit": _MEMORY_LIMIT}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        yield connection
    path.unlink(missing_ok=True)
