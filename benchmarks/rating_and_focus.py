"""How fast usage is rated and made FOCUS, beside what the engine does without our rules. See README.md."""

import argparse
import datetime as dt
import os
import shutil
import tempfile
from pathlib import Path

import bare_engine
import dbt_runs
import row_by_row
from apart import Measured, measure_apart
from organisations import PROVIDERS, store_customers
from usage_generator import Layout, last_days, usage_dimensions, write_usage

from genai_finops.ingest.reference import write_reference_snapshots
from genai_finops.lake.files import LakeFiles

RATING = "genai_payg_costs_daily"
FOCUS = "cost_data_standard_1_3"
_SAMPLE_OF_ROWS = 20_000


def main() -> None:
    """Print every figure of the README, measured anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="long usage rows over all days")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--orgs", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=1, help="runs of which the shortest counts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="genai-finops-benchmark-") as folder:
        Benchmark(Path(folder), arguments).run()


class Benchmark:
    """One run: its folder, its days, and its figures as they come."""

    def __init__(self, folder: Path, arguments: argparse.Namespace) -> None:
        self.folder = folder
        self.days = last_days(arguments.days)
        self.orgs = arguments.orgs
        self.repeats = arguments.repeats
        per_customer = -(-arguments.rows // (arguments.days * arguments.orgs * len(PROVIDERS)))
        self.dimensions = usage_dimensions(self.orgs, per_customer)
        self.rows = self.dimensions.height * len(self.days)
        self.cores = os.cpu_count() or 1

    def run(self) -> None:
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        print(f"{self.rows:,} rows, {len(self.days)} days, {self.orgs} organisations, {self.cores} cores, load {load}")
        home = self.folder / "year"
        compact = self._lake("compact", self.days, "day_and_provider")
        self._scan("landing, one file per day and provider", compact)
        rated = self._whole_build(home, compact)
        self._rating_and_focus(home, compact, rated)
        shutil.rmtree(compact)
        self._increment(home)
        speed = measure_apart(row_by_row.rows_per_second, _SAMPLE_OF_ROWS).value
        _line("genai-prices, row by row", f"{speed:,.0f} rows/s on one core")

    def _lake(self, name: str, days: list[dt.date], layout: Layout) -> Path:
        home, lake = self.folder / f"home-of-{name}", self.folder / f"lake-{name}"
        home.mkdir()
        settings = dbt_runs.settings_of(home, lake)
        store_customers(settings, self.orgs)
        files = LakeFiles(settings.lake_url)
        write_reference_snapshots(files, settings)
        number = write_usage(files, self.dimensions, days=days, layout=layout)
        _line(f"lake {name}", f"{number:,} files")
        return lake

    def _scan(self, name: str, lake: Path) -> None:
        seconds = measure_apart(bare_engine.best_of, self.repeats, bare_engine.scan_landing, lake, None).value
        of_a_day = measure_apart(
            bare_engine.best_of, self.repeats, bare_engine.scan_landing, lake, self.days[-1].isoformat()
        ).value
        self._rate(f"bare scan of {name}", self.rows, seconds)
        _line("  of which one day", f"{of_a_day:.2f} s")

    def _whole_build(self, home: Path, lake: Path) -> Measured:
        home.mkdir()
        built = measure_apart(dbt_runs.build_everything, home, lake)
        _line("whole dbt build, with all data tests", f"{built.seconds:.0f} s, peak {built.peak_mb:,.0f} MB")
        times = sorted(built.value, key=lambda node: -node[2])
        for name, _, seconds in [node for node in times if node[1] == "model" and node[2] >= 0.5]:
            _line(f"  model {name}", f"{seconds:.1f} s")
        _line("  all tests", f"{sum(seconds for _, kind, seconds in times if kind == 'test'):.1f} s of two threads")
        return built

    def _rating_and_focus(self, home: Path, lake: Path, built: Measured) -> None:
        warehouse = home / "warehouse.duckdb"
        rated_rows = measure_apart(bare_engine.row_count, warehouse, RATING).value
        focus_rows = measure_apart(bare_engine.row_count, warehouse, FOCUS).value
        rating_sql = dbt_runs.compiled_path(home, "flows/payg", RATING)
        focus_sql = dbt_runs.compiled_path(home, "focus", FOCUS)
        self._rate("bare scan of the table", self.rows, self._best(bare_engine.scan_table, warehouse))
        self._rate("bare dated join, summed", rated_rows, self._best(bare_engine.dated_join_summed, warehouse))
        bare = self._best(bare_engine.dated_join_stored, warehouse)
        self._rate("bare dated join, stored", rated_rows, bare)
        self._rate("rating, computed only", rated_rows, self._best(bare_engine.computed_only, warehouse, rating_sql))
        rating = self._build_alone(home, lake, RATING)
        self._rate("rating, stored by dbt", rated_rows, rating)
        _line("  speed beside the bare join, stored", f"{bare / rating:.2f} (goal 0.50)")
        self._rate("FOCUS, computed only", focus_rows, self._best(bare_engine.computed_only, warehouse, focus_sql))
        copied = self._best(bare_engine.copy_of, warehouse, FOCUS)
        self._rate("FOCUS, bare copy of the table", focus_rows, copied)
        focus = self._build_alone(home, lake, FOCUS)
        self._rate("FOCUS, stored by dbt", focus_rows, focus)
        _line("  speed beside the bare copy", f"{copied / focus:.2f}")
        _line("peak memory", f"{built.peak_mb:,.0f} MB (goal 4,096)")

    def _build_alone(self, home: Path, lake: Path, model: str) -> float:
        measured = measure_apart(dbt_runs.build_model, home, lake, model)
        _line(f"  process of {model} alone", f"peak {measured.peak_mb:,.0f} MB")
        return float(measured.value)

    def _increment(self, home: Path) -> None:
        """The last day, in the layout of ingestion: 365 days in lake and warehouse, and one day in both."""
        last = self.days[-1]
        year = self._lake("as ingested", self.days, "replace_key")
        self._scan("landing as ingested", year)
        one_day = self._lake("of one day", [last], "replace_key")
        on_history = self._day(home, year, fresh=False)
        on_empty = self._day(self.folder / "empty", one_day, fresh=True)
        _line("one day on all history", f"{on_history.seconds:.1f} s ({_nodes(on_history):.1f} s in dbt nodes)")
        _line("one day on an empty warehouse", f"{on_empty.seconds:.1f} s ({_nodes(on_empty):.1f} s in dbt nodes)")
        _line("  ratio", f"{on_history.seconds / on_empty.seconds:.2f} (goal 1.50)")
        _line("  ratio of dbt nodes", f"{_nodes(on_history) / _nodes(on_empty):.2f}")

    def _day(self, home: Path, lake: Path, *, fresh: bool) -> Measured:
        runs = []
        for _ in range(self.repeats):
            if fresh:
                shutil.rmtree(home, ignore_errors=True)
                home.mkdir()
            runs.append(measure_apart(dbt_runs.build_day, home, lake, self.days[-1]))
        return min(runs, key=lambda run: run.seconds)

    def _best(self, measurement: object, *values: object) -> float:
        return float(measure_apart(bare_engine.best_of, self.repeats, measurement, *values).value)

    def _rate(self, name: str, rows: int, seconds: float) -> None:
        _line(name, f"{seconds:6.2f} s {rows / seconds / self.cores:14,.0f} rows/s per core")


def _nodes(built: Measured) -> float:
    return float(sum(seconds for _, _, seconds in built.value))


def _line(name: str, figure: str) -> None:
    print(f"{name:56} {figure}", flush=True)


if __name__ == "__main__":
    main()
