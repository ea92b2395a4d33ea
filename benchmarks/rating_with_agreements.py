"""How fast usage is rated when organisations have prices, discounts, allowances and volume tiers of their own.

They are entered as people enter them. See README.md.
"""

import argparse
import tempfile
from pathlib import Path

import bare_engine
import compiled_model
import dbt_runs
from agreements import agreements, pooling_orgs
from apart import measure_apart
from compiled_model import Summed
from figures import CORES, Spent, line, load, rate
from lakes import settings_of_lake, write_lake
from organisations import PROVIDERS
from usage_generator import last_days, usage_dimensions

RATING = "genai_payg_costs_daily"
USAGE = "genai_usage_daily_unified"
_GOAL_ROWS = 1_000_000
_GOAL_SHARE = 0.5


def main() -> None:
    """Print every figure anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="long usage rows over all days")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--orgs", type=int, default=50)
    parser.add_argument("--agreeing", type=float, default=0.2, help="share of organisations with prices of their own")
    parser.add_argument("--repeats", type=int, default=1, help="runs of which the shortest counts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="genai-finops-benchmark-") as folder:
        Benchmark(Path(folder), arguments).run()


class Benchmark:
    """One run: its folder, its lake, its warehouse."""

    def __init__(self, folder: Path, arguments: argparse.Namespace) -> None:
        self.home, self.lake = folder / "home", folder / "lake"
        self.warehouse = self.home / "warehouse.duckdb"
        self.compiled = dbt_runs.compiled_path(self.home, "flows/payg", RATING)
        self.days = last_days(arguments.days)
        self.orgs = arguments.orgs
        self.agreeing = round(arguments.orgs * arguments.agreeing)
        self.repeats = arguments.repeats
        per_customer = -(-arguments.rows // (arguments.days * arguments.orgs * len(PROVIDERS)))
        self.dimensions = usage_dimensions(self.orgs, per_customer)

    def run(self) -> None:
        rows = self.dimensions.height * len(self.days)
        print(f"{rows:,} rows, {len(self.days)} days, {self.orgs} organisations, {CORES} cores, load {load()}")
        pooling, entries = len(pooling_orgs(self.agreeing)), len(list(agreements(self.agreeing)))
        line("organisations with prices of their own", f"{self.agreeing}, {pooling} with allowances; {entries} entries")
        settings = settings_of_lake(self.home, self.lake, orgs=self.orgs, agreeing=self.agreeing)
        write_lake(settings, self.dimensions, days=self.days, layout="day_and_provider")
        built = measure_apart(dbt_runs.build_up_to, self.home, self.lake, RATING)
        rated = measure_apart(bare_engine.billable_rows, self.warehouse).value
        line("usage that is rated", f"{rated:,} rows, load {load()}")
        self._summed(rated)
        self._steps()
        bare = self._spent(bare_engine.dated_join_stored)
        rate("bare dated join, stored", rated, bare)
        stored = self._spent(compiled_model.stored, self.compiled)
        rate("rating, stored by the same engine", rated, stored)
        _share("  speed beside the bare join, stored", bare, stored)
        by_dbt = {name: seconds for name, _, seconds in built.value}[RATING]
        line("rating, stored by dbt", f"{by_dbt:7.2f} s {rated / by_dbt / CORES:12,.0f} rows/s per core")
        line("  speed beside the bare join, stored", f"{bare.seconds / by_dbt:.2f} by the clock (goal {_GOAL_SHARE})")
        line("peak memory of the dbt process", f"{built.peak_mb:,.0f} MB")

    def _summed(self, rated: int) -> None:
        bare = self._spent(bare_engine.dated_join_summed)
        rate("bare dated join, summed", rated, bare)
        for name, step in (("rating, every column summed", "rated_usage"), ("  and the owner of each row", "final")):
            found = self._computed(step=step, beside_columns_of=USAGE)
            if found.rows != rated:
                raise SystemExit(f"{found.rows} rows were rated, and there are {rated}")
            rate(name, rated, found.spent)
            line("    goal of rows per second and core", _verdict(rated / found.spent.cpu_seconds, _GOAL_ROWS))
            _share("    speed beside the bare join, summed", bare, found.spent)

    def _steps(self) -> None:
        """What single ways through the rating take; each of them finds the prices of its rows anew."""
        resolved = self._computed(step="resolved")
        line("prices found", f"{resolved.rows:,} in {_times(resolved.spent)}")
        # Organisations are numbered, and the first ones agreed.
        first_plain = f"x_org_slug >= 'org-{self.agreeing:02d}'"
        agreed = f"x_org_slug < 'org-{self.agreeing:02d}'"
        steps = (
            ("rows of organisations with everyone's prices", "simple_charges", first_plain),
            ("rows of organisations with their own", "simple_charges", agreed),
            ("rows that share an allowance or a tier", "pooled_charges", "true"),
        )
        for name, step, condition in steps:
            found = self._computed(step=step, condition=condition, beside_columns_of=USAGE)
            alone = max(found.spent.cpu_seconds - resolved.spent.cpu_seconds, 0)
            nanoseconds = alone / max(found.rows, 1) * 1e9
            line(
                name,
                f"{found.rows:,} rows, {_times(found.spent)}; {nanoseconds:,.0f} CPU ns a row beside finding prices",
            )

    def _computed(self, **choice: str) -> Summed:
        found = measure_apart(
            compiled_model.computed_best_of, self.repeats, self.warehouse, self.compiled, choice
        ).value
        assert isinstance(found, Summed)  # noqa: S101 - what the function gives, which passes through a process
        return found

    def _spent(self, measurement: object, *values: object) -> Spent:
        found = measure_apart(bare_engine.best_of, self.repeats, measurement, self.warehouse, *values).value
        assert isinstance(found, Spent)  # noqa: S101 - as above
        return found


def _times(spent: Spent) -> str:
    return f"{spent.seconds:.2f} s, {spent.cpu_seconds:.2f} CPU s"


def _share(name: str, bare: Spent, rating: Spent) -> None:
    by_clock, by_cpu = bare.seconds / rating.seconds, bare.cpu_seconds / rating.cpu_seconds
    line(name, f"{by_clock:.2f} by the clock, {by_cpu:.2f} by CPU: {_verdict(by_cpu, _GOAL_SHARE)}")


def _verdict(value: float, goal: float) -> str:
    return f"{value:,.2f}, goal {goal:,}: {'met' if value >= goal else 'missed'}"


if __name__ == "__main__":
    main()
