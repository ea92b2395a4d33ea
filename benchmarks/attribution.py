"""How fast request logs are read, priced and allocated, and whether a day gets slower with history. See README.md."""

import argparse
import datetime as dt
import tempfile
from pathlib import Path

import attribution_runs
from apart import Measured, measure_apart
from attribution_runs import Built
from event_generator import LOGGED_ORG, LoggedUsage, land_logged_usage, log_source, logged_usage, write_log
from figures import CORES, line, load
from lakes import settings_of_lake, write_lake
from usage_generator import LAST_DAY

from genai_finops.lake.files import LakeFiles

_GOAL_SECONDS, _GOAL_MB, _GOAL_RATIO = 180, 8_192, 1.5
_SHOWN_SECONDS = 0.5
_ORGS, _ROWS_PER_CUSTOMER = 3, 1_050
_HISTORIES = (30, 90)


def main() -> None:
    """Print every figure of the README, measured anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--events", type=int, default=10_000_000, help="requests of the day that is measured; 0 leaves it out"
    )
    parser.add_argument("--history", type=int, default=max(_HISTORIES), help="most days of history; 0 leaves them out")
    parser.add_argument("--history-events", type=int, default=10_000, help="requests of each of these days")
    parser.add_argument("--day-events", type=int, default=100_000, help="requests of the day built on them")
    parser.add_argument("--repeats", type=int, default=2, help="runs of that day of which the shortest counts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="genai-finops-benchmark-") as folder:
        benchmark = Benchmark(Path(folder))
        if arguments.events:
            benchmark.one_day(arguments.events)
        days = [number for number in _HISTORIES if number <= arguments.history]
        if days:
            benchmark.on_history(days, arguments.day_events, arguments.history_events, arguments.repeats)


class Home:
    """A home with organisations, its lake, and the log of one of them."""

    def __init__(self, folder: Path, usage: LoggedUsage) -> None:
        folder.mkdir()
        self.path, self.lake, self.logs = folder / "home", folder / "lake", folder / "logs"
        self.usage = usage
        self.logs.mkdir()
        self.settings = settings_of_lake(self.path, self.lake, orgs=_ORGS)
        self.source = log_source(folder, self.logs)

    def write(self, events: dict[dt.date, int]) -> int:
        """Log and usage of days, by their events; gives the bytes of the log."""
        write_lake(self.settings, self.usage.without_logs, days=list(events), layout="replace_key")
        files, size = LakeFiles(self.settings.lake_url), 0
        for day, number in events.items():
            path = self.logs / f"{day.isoformat()}.jsonl"
            counted = write_log(path, self.usage, day, number)
            land_logged_usage(files, self.usage, day, counted)
            size += path.stat().st_size
        return size

    def read(self) -> Measured:
        return measure_apart(attribution_runs.read_logs, self.path, self.lake, self.source)

    def build(self, days: list[dt.date], *, tests: bool) -> Measured:
        """The models of attribution for the days from the first to the last of these."""
        return measure_apart(attribution_runs.build_attribution, self.path, self.lake, days[0], days[-1], tests)

    def build_before(self, days: list[dt.date]) -> Measured:
        """What attribution is built from."""
        return measure_apart(attribution_runs.build_charges, self.path, self.lake, days[0], days[-1])


class Benchmark:
    """One run: its folder and its figures as they come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.usage = logged_usage(_ORGS, _ROWS_PER_CUSTOMER)

    def one_day(self, events: int) -> None:
        print(f"{events:,} requests of one day, {_ORGS} organisations, {CORES} cores, load {load()}", flush=True)
        home = Home(self.folder / "one-day", self.usage)
        size = home.write({LAST_DAY: events})
        line(
            "log",
            f"{size / 1e6:,.0f} MB, {size / events:.0f} bytes a line; {self.usage.slots.height:,} keys and models",
        )
        read = home.read()
        if read.value != events:
            raise SystemExit(f"{read.value} of {events} requests were read")
        _step(f"logs read, load {load()}", read, events)
        line("  of the log", f"{size / read.seconds / 1e6:,.0f} MB/s")
        before = home.build_before([LAST_DAY])
        line("charges (prices, costs, FOCUS), built before", f"{before.seconds:7.2f} s")
        built = home.build([LAST_DAY], tests=False)
        _step(f"attribution built by dbt, load {load()}", built, events)
        self._models(built.value, events)
        seconds = read.seconds + built.seconds
        _goal("read, priced and allocated", seconds, _GOAL_SECONDS, "s")
        line("  every request, from line to cost", f"{events / seconds:,.0f} rows/s, load {load()}")
        _goal("peak memory of either process", max(read.peak_mb, built.peak_mb), _GOAL_MB, "MB")
        line("cost that is attributed where there is a log", attribution_runs.attributed_share(home.path, LOGGED_ORG))
        tested = home.build([LAST_DAY], tests=True)
        _step("  with data tests, the day built again", tested, events)
        of_tests = [node.seconds for node in tested.value if node.kind == "test"]
        line(f"  {len(of_tests)} data tests", f"{sum(of_tests):7.2f} s of two threads")
        for node in sorted(tested.value, key=lambda node: -node.seconds):
            if node.kind == "test" and node.seconds >= 2 * _SHOWN_SECONDS:
                line(f"    {node.name[:50]}", f"{node.seconds:7.2f} s")

    def on_history(self, numbers: list[int], day_events: int, history_events: int, repeats: int) -> None:
        """The same day on nothing, and on more and more days before it."""
        print(f"a day of {day_events:,} requests, days before it of {history_events:,}, load {load()}", flush=True)
        home = Home(self.folder / "history", self.usage)
        home.write({LAST_DAY: day_events})
        home.read()
        home.build_before([LAST_DAY])
        empty = self._day("on an empty history", home, repeats)
        known = 0
        for number in numbers:
            days = [LAST_DAY - dt.timedelta(days=back) for back in range(number, known, -1)]
            home.write(dict.fromkeys(days, history_events))
            home.read()
            home.build_before([*days, LAST_DAY])
            home.build(days, tests=False)
            known = number
            beside = self._day(f"on {number} days", home, repeats)
            _goal(f"  {number} days beside none, by the clock", beside.seconds / empty.seconds, _GOAL_RATIO, "times")
            of_cpu = beside.cpu_seconds / empty.cpu_seconds
            line("  in dbt nodes alone", f"{_nodes(beside) / _nodes(empty):.2f} times")
            line("  in CPU seconds", f"{of_cpu:.2f} times, load {load()}")
            for node in beside.value:
                was = next(other.seconds for other in empty.value if other.name == node.name)
                if node.seconds > 0.3 + was:
                    line(f"    {node.name}", f"{was:.2f} s, then {node.seconds:.2f} s")

    def _day(self, name: str, home: Home, repeats: int) -> Measured:
        runs = [home.build([LAST_DAY], tests=False) for _ in range(repeats)]
        best = min(runs, key=lambda run: run.seconds)
        line(
            f"the day {name}", f"{best.seconds:7.2f} s, {_nodes(best):.2f} s in dbt nodes, {best.cpu_seconds:.2f} CPU s"
        )
        return best

    def _models(self, nodes: list[Built], events: int) -> None:
        for node in sorted(nodes, key=lambda node: -node.seconds):
            if node.seconds >= _SHOWN_SECONDS:
                rows = node.rows or 0
                line(
                    f"  {node.name}",
                    f"{node.seconds:7.2f} s {events / node.seconds:12,.0f} requests/s {rows:12,} rows of its own",
                )


def _step(name: str, measured: Measured, events: int) -> None:
    line(
        name,
        f"{measured.seconds:7.2f} s {events / measured.seconds:12,.0f} requests/s {measured.cpu_seconds:8.2f} CPU s "
        f"{events / measured.cpu_seconds:10,.0f} requests/CPU s, peak {measured.peak_mb:,.0f} MB",
    )


def _goal(name: str, figure: float, goal: float, unit: str) -> None:
    line(name, f"{figure:,.2f} {unit}, goal {goal:,} {unit}: {'met' if figure < goal else 'missed'}")


def _nodes(measured: Measured) -> float:
    return float(sum(node.seconds for node in measured.value))


if __name__ == "__main__":
    main()
