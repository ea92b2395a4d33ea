"""How long a tick takes: every budget evaluated over a year of daily spend, and one that finds nothing new.

    .venv/bin/python -m benchmarks.budget_ticks --budgets 10000

Prints seconds of four ticks: the first of all, which stores every state and raises every alert; one after new spend of
the present day came; one without new data; and one without new data in the next quarter of an hour, which looks again
because borders of periods cut the present UTC day.
"""

import argparse
import datetime as dt
import logging
import os
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import duckdb
from sqlalchemy import insert, update

from benchmarks.spend_generator import scopes, write_spend
from genai_finops.budgets.budget import Budget, PeriodKind
from genai_finops.budgets.stored_budget import columns_of
from genai_finops.budgets.tick import TickResult, tick
from genai_finops.control.alert_content import PLATFORM
from genai_finops.control.budget_models import BudgetRow, BudgetWatch
from genai_finops.control.database import open_database, writing
from genai_finops.settings import Settings
from genai_finops.warehouse.spend_scope import SpendScope

NOW = dt.datetime(2026, 11, 4, 12, tzinfo=dt.UTC)
_PERIODS: tuple[PeriodKind, ...] = ("monthly", "daily", "weekly", "quarterly")
_ZONES = ("UTC", "America/New_York", "Asia/Kolkata")
_LIMIT_SECONDS = 5


def main() -> int:
    """Prints the figures; 1 where an evaluation takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budgets", type=int, default=10_000)
    parser.add_argument("--rows-per-org", type=int, default=55, help="rows of each of 50 organisations and 365 days")
    arguments = parser.parse_args()
    # Nobody is told of these alerts, and each says so.
    logging.getLogger("genai_finops").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment({"GENAI_FINOPS_HOME": folder}, Path(folder))
        rows = write_spend(settings.warehouse_path, last_day=NOW.date(), rows_per_org=arguments.rows_per_org)
        _enter(settings, scopes(arguments.budgets))
        print(f"{arguments.budgets} budgets, {rows} rows of a year's daily spend, {os.cpu_count()} cores")
        first = _timed("first of all", settings, NOW)
        with duckdb.connect(str(settings.warehouse_path)) as connection:
            connection.execute(
                "update genai_budget_spend_daily set effective_cost = effective_cost * 1.01 where usage_date = ?",
                [NOW.date()],
            )
        second = _timed("new spend of today", settings, NOW + dt.timedelta(minutes=5))
        _timed("no new data", settings, NOW + dt.timedelta(minutes=10))
        _timed("next quarter hour", settings, NOW + dt.timedelta(minutes=15))
    if not first.evaluated == second.evaluated == arguments.budgets:
        print(f"not all budgets were evaluated: {first.skipped or second.skipped or dict(first.failed)}")
        return 1
    return int(second.seconds > _LIMIT_SECONDS)


def _enter(settings: Settings, wanted: list[SpendScope]) -> None:
    rows = [
        columns_of(
            Budget(
                owner=PLATFORM,
                name=f"budget-{number}",
                scope=scope,
                period=_PERIODS[number % len(_PERIODS)],
                time_zone=_ZONES[number % len(_ZONES)],
                measure="tokens" if number % 10 == 0 else "effective_cost",
                amount=Decimal(10**9) if number % 10 == 0 else Decimal(50),
                currency=None if number % 10 == 0 else "USD",
                valid_from=dt.date(2026, 1, 1),
            )
        )
        | {"changed_at": NOW}
        for number, scope in enumerate(wanted)
    ]
    engine = open_database(settings)
    with writing(engine) as session:
        session.execute(insert(BudgetRow), rows)
        session.execute(update(BudgetWatch).values(version=1, budgets_version=1))
    engine.dispose()


def _timed(what: str, settings: Settings, now: dt.datetime) -> TickResult:
    wall, cpu = time.perf_counter(), time.process_time()
    result = tick(settings, now=now)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{what:<20} {wall:6.2f} s, {cpu:6.2f} s of CPU; {result.evaluated} evaluated, {result.changed} changed, "
        f"{len(result.raised)} alerts raised"
    )
    return result


if __name__ == "__main__":
    raise SystemExit(main())
