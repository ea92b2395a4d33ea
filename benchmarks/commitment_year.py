"""How long a year of commitments by the hour takes: covered, used, idle and beyond, with its cost. See README.md."""

import argparse
import datetime as dt
import tempfile
from pathlib import Path

import bare_engine
import dbt_runs
import duckdb
from apart import measure_apart
from commitment_generator import write_capacity, write_commitments
from figures import CORES, Spent, line, load, rate
from usage_generator import last_days

from genai_finops.ingest.reference import prepare_lake
from genai_finops.lake.files import LakeFiles

#: The engine, from landing files to what people read.
ENGINE = ("genai_commitment_costs_daily", "genai_commitment_utilization_daily")
_HOURLY = "int_commitment__hourly_coverage"
_GOAL_SECONDS = 60


def main() -> None:
    """Print every figure anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commitments", type=int, default=200, help="and as many deployments")
    parser.add_argument("--days", type=int, default=365)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="genai-finops-benchmark-") as folder:
        Benchmark(Path(folder), arguments.commitments, last_days(arguments.days)).run()


class Benchmark:
    """One run: its folder, its lake, its warehouse."""

    def __init__(self, folder: Path, commitments: int, days: list[dt.date]) -> None:
        self.home, self.lake = folder / "home", folder / "lake"
        self.warehouse = self.home / "warehouse.duckdb"
        self.commitments, self.days = commitments, days

    def run(self) -> None:
        rows = self._write_lake()
        hours = self.commitments * len(self.days) * 24
        print(f"{self.commitments} commitments, {len(self.days)} days, {rows:,} rows, {CORES} cores, load {load()}")
        built = measure_apart(dbt_runs.build_models, self.home, self.lake, ENGINE)
        seconds = {name: taken for name, kind, taken in built.value if kind == "model"}
        engine = {name: taken for name, taken in seconds.items() if "commitment" in name}
        for name, taken in sorted(engine.items(), key=lambda item: -item[1]):
            line(f"  {name}", f"{taken:7.2f} s")
        line("  everything else (prices, usage of all flows)", f"{sum(seconds.values()) - sum(engine.values()):7.2f} s")
        total = sum(engine.values())
        verdict = "met" if total < _GOAL_SECONDS else "missed"
        line("engine, the sum of its models", f"{total:7.2f} s, goal {_GOAL_SECONDS} s: {verdict}")
        line("  hours of commitments", f"{hours:,}: {hours / total / CORES:,.0f} a second and core")
        line("the whole build", f"{built.seconds:7.2f} s, {built.cpu_seconds:.2f} CPU s, load {load()}")
        line("peak memory of the dbt process", f"{built.peak_mb:,.0f} MB")
        self._beside_bare(rows, engine)
        self._day()
        self._conserved()

    def _write_lake(self) -> int:
        self.home.mkdir()
        settings = dbt_runs.settings_of(self.home, self.lake)
        files = LakeFiles(settings.lake_url)
        prepare_lake(files, settings, now=dt.datetime.now(dt.UTC))
        write_commitments(files, self.commitments, self.days)
        return write_capacity(files, self.commitments, self.days)

    def _beside_bare(self, rows: int, engine: dict[str, float]) -> None:
        """What the same engine takes to store the usage and the covered hours as they are."""
        for name, table in (
            ("bare copy of the usage", "genai_commitment_usage_raw"),
            ("bare copy of the hours", _HOURLY),
        ):
            spent = measure_apart(bare_engine.copy_of, self.warehouse, table).value
            assert isinstance(spent, Spent)  # noqa: S101 - what the function gives, which passes through a process
            rate(name, rows if "usage" in table else bare_engine.row_count(self.warehouse, table), spent)
            line("  the model beside it", f"{engine[table] / spent.seconds:.1f} times as long by the clock")

    def _day(self) -> None:
        """The last day built anew, as a run of every day does."""
        built = measure_apart(dbt_runs.build_models, self.home, self.lake, ENGINE, self.days[-1])
        seconds = [taken for name, kind, taken in built.value if kind == "model" and "commitment" in name]
        line("the last day alone, the sum of the engine's models", f"{sum(seconds):7.2f} s")

    def _conserved(self) -> None:
        """A fast engine that loses money is none."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            found = connection.execute("""
                select count(*), count(*) filter (billed != effective), sum(billed) from (
                    select sum(billed_cost) as billed, sum(effective_cost) as effective
                    from genai_commitment_costs_daily where commitment_id is not null group by x_org_slug, commitment_id
                )
            """).fetchone()
        if found is None or found[:2] != (self.commitments, 0):
            raise SystemExit(
                f"of {self.commitments} commitments as many came out, and differ from what was billed: {found}"
            )
        line("commitments whose effective cost is what was billed", f"{found[0]}, {found[2]:,.2f} US dollars")


if __name__ == "__main__":
    main()
