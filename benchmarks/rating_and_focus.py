"""How fast usage is rated and made FOCUS, beside what the engine does without our rules. See README.md."""

import argparse
import datetime as dt
import shutil
import tempfile
from pathlib import Path

import bare_engine
import compiled_model
import dbt_runs
import row_by_row
from apart import Measured, measure_apart
from compiled_model import Summed
from figures import CORES, Spent, line, load, rate
from lakes import settings_of_lake, write_lake
from organisations import PROVIDERS
from usage_generator import Layout, last_days, usage_dimensions

RATING = "genai_payg_costs_daily"
FOCUS = "cost_data_standard_1_3"
USAGE = "genai_usage_daily_unified"
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

    def run(self) -> None:
        print(f"{self.rows:,} rows, {len(self.days)} days, {self.orgs} organisations, {CORES} cores, load {load()}")
        home = self.folder / "year"
        compact = self._lake("compact", self.days, "day_and_provider")
        self._scan("landing, one file per day and provider", compact)
        rated = self._whole_build(home, compact)
        self._rating_and_focus(home, compact, rated)
        shutil.rmtree(compact)
        self._increment(home)
        speed = measure_apart(row_by_row.rows_per_second, _SAMPLE_OF_ROWS).value
        line("genai-prices, row by row", f"{speed:,.0f} rows/s on one core")

    def _lake(self, name: str, days: list[dt.date], layout: Layout) -> Path:
        home, lake = self.folder / f"home-of-{name}", self.folder / f"lake-{name}"
        settings = settings_of_lake(home, lake, orgs=self.orgs)
        number = write_lake(settings, self.dimensions, days=days, layout=layout)
        line(f"lake {name}", f"{number:,} files")
        return lake

    def _scan(self, name: str, lake: Path) -> None:
        rate(f"bare scan of {name}", self.rows, self._best(bare_engine.scan_landing, lake, None))
        of_a_day = self._best(bare_engine.scan_landing, lake, self.days[-1].isoformat())
        line("  of which one day", f"{of_a_day.seconds:.2f} s")

    def _whole_build(self, home: Path, lake: Path) -> Measured:
        home.mkdir()
        built = measure_apart(dbt_runs.build_everything, home, lake)
        line("whole dbt build, with all data tests", f"{built.seconds:.0f} s, peak {built.peak_mb:,.0f} MB")
        times = sorted(built.value, key=lambda node: -node[2])
        for name, _, seconds in [node for node in times if node[1] == "model" and node[2] >= 0.5]:
            line(f"  model {name}", f"{seconds:.1f} s")
        line("  all tests", f"{sum(seconds for _, kind, seconds in times if kind == 'test'):.1f} s of two threads")
        return built

    def _rating_and_focus(self, home: Path, lake: Path, built: Measured) -> None:
        warehouse = home / "warehouse.duckdb"
        rated_rows = measure_apart(bare_engine.row_count, warehouse, RATING).value
        focus_rows = measure_apart(bare_engine.row_count, warehouse, FOCUS).value
        rating_sql = dbt_runs.compiled_path(home, "flows/payg", RATING)
        focus_sql = dbt_runs.compiled_path(home, "focus", FOCUS)
        rate("bare scan of the table", self.rows, self._best(bare_engine.scan_table, warehouse))
        rate("bare dated join, summed", rated_rows, self._best(bare_engine.dated_join_summed, warehouse))
        bare = self._best(bare_engine.dated_join_stored, warehouse)
        rate("bare dated join, stored", rated_rows, bare)
        computed = self._computed(warehouse, rating_sql, beside_columns_of=USAGE)
        rate("rating, every column summed", rated_rows, computed.spent)
        rating = self._build_alone(home, lake, RATING, rated_rows)
        line("  speed beside the bare join, stored", f"{bare.seconds / rating:.2f} (goal 0.50)")
        rate("FOCUS, every column summed", focus_rows, self._computed(warehouse, focus_sql).spent)
        copied = self._best(bare_engine.copy_of, warehouse, FOCUS)
        rate("FOCUS, bare copy of the table", focus_rows, copied)
        focus = self._build_alone(home, lake, FOCUS, focus_rows)
        line("  speed beside the bare copy", f"{copied.seconds / focus:.2f}")
        line("peak memory", f"{built.peak_mb:,.0f} MB (goal 4,096)")

    def _build_alone(self, home: Path, lake: Path, model: str, rows: int) -> float:
        measured = measure_apart(dbt_runs.build_model, home, lake, model)
        seconds = float(measured.value)
        line(f"{model}, stored by dbt", f"{seconds:7.2f} s {rows / seconds / CORES:12,.0f} rows/s per core")
        line("  peak memory of its process", f"{measured.peak_mb:,.0f} MB")
        return seconds

    def _increment(self, home: Path) -> None:
        """The last day, in the layout of ingestion: 365 days in lake and warehouse, and one day in both."""
        last = self.days[-1]
        year = self._lake("as ingested", self.days, "replace_key")
        self._scan("landing as ingested", year)
        one_day = self._lake("of one day", [last], "replace_key")
        on_history = self._day(home, year, fresh=False)
        on_empty = self._day(self.folder / "empty", one_day, fresh=True)
        line("one day on all history", f"{on_history.seconds:.1f} s ({_nodes(on_history):.1f} s in dbt nodes)")
        line("one day on an empty warehouse", f"{on_empty.seconds:.1f} s ({_nodes(on_empty):.1f} s in dbt nodes)")
        line("  ratio", f"{on_history.seconds / on_empty.seconds:.2f} (goal 1.50)")
        line("  ratio of dbt nodes", f"{_nodes(on_history) / _nodes(on_empty):.2f}")

    def _day(self, home: Path, lake: Path, *, fresh: bool) -> Measured:
        runs = []
        for _ in range(self.repeats):
            if fresh:
                shutil.rmtree(home, ignore_errors=True)
                home.mkdir()
            runs.append(measure_apart(dbt_runs.build_day, home, lake, self.days[-1]))
        return min(runs, key=lambda run: run.seconds)

    def _best(self, measurement: object, *values: object) -> Spent:
        found = measure_apart(bare_engine.best_of, self.repeats, measurement, *values).value
        assert isinstance(found, Spent)  # noqa: S101 - what the function gives, which passes through a process
        return found

    def _computed(self, warehouse: Path, compiled: Path, **choice: str) -> Summed:
        found = measure_apart(compiled_model.computed_best_of, self.repeats, warehouse, compiled, choice).value
        assert isinstance(found, Summed)  # noqa: S101 - as above
        return found


def _nodes(built: Measured) -> float:
    return float(sum(seconds for _, _, seconds in built.value))


if __name__ == "__main__":
    main()
