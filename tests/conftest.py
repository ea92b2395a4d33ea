"""What the tiers share: an environment that no user has touched, and a platform over simulated providers."""

import datetime as dt
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml
from hypothesis import settings as hypothesis_settings

from genai_finops.demo.organisations import add_demo_organisations
from genai_finops.ingest.outcome import IngestReport, joined
from genai_finops.ingest.plan import plan_usage
from genai_finops.ingest.reference import prepare_lake
from genai_finops.ingest.usage import ingest_usage
from genai_finops.lake.files import LakeFiles
from genai_finops.providers.base import Window
from genai_finops.settings import Settings
from genai_finops.simulator import registry as simulated
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario
from genai_finops.transform.build import dbt_build

REPOSITORY = Path(__file__).resolve().parents[1]
PROVIDERS = tuple(simulated.PROVIDERS)
#: All that may differ between two runs of the same partition: when it ran, and how long a resource has been seen.
RUN_COLUMNS = frozenset({"x_run_id", "x_ingested_at", "x_RunId", "x_IngestedAt", "last_observed_at"})

#: Variables that configure tests, not the platform.
_MEANT_FOR_TESTS = (
    *("GENAI_FINOPS_TEST_", "GENAI_FINOPS_FOCUS_", "GENAI_FINOPS_PROVIDERS_PATH"),
    # Environments of their own, for what cannot stand beside our dependencies.
    *("GENAI_FINOPS_BQEMULATOR_PYTHON", "GENAI_FINOPS_ZETASQL_PYTHON"),
)


def pytest_configure() -> None:
    """Forget the platform that the user has configured: no test may read or write it.

    No test is timed: a busy machine is no defect. Fifty examples: with a hundred the property tests are a third of the
    fast tiers.
    """
    hypothesis_settings.register_profile("untimed", deadline=None, max_examples=50)
    hypothesis_settings.load_profile("untimed")
    for name in platform_variables(os.environ):
        if not name.startswith(_MEANT_FOR_TESTS):
            del os.environ[name]


def platform_variables(environ: Mapping[str, str]) -> list[str]:
    """The names of the variables that point at a platform."""
    return [name for name in environ if name.startswith("GENAI_FINOPS_") or name == "DAGSTER_HOME"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A home over a running simulator, used in this process or by commands in processes of their own."""

    settings: Settings
    simulator: Simulator

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a process that works on this home."""
        return dict(self.settings.environ)

    @property
    def lake(self) -> LakeFiles:
        return LakeFiles(self.settings.lake_url)

    def ingest(
        self, first: dt.date, last: dt.date, *, run_id: str, providers: Collection[str] = PROVIDERS
    ) -> IngestReport:
        """Read the days first to last, both inclusive, with every credential."""
        window = Window.of_days(first, last)
        return joined(
            ingest_usage(
                self.lake,
                plan_usage(self.settings, provider, "payg"),
                window,
                now=dt.datetime.now(dt.UTC),
                run_id=run_id,
            )
            for provider in providers
        )

    def build(self, first: dt.date | None = None, last: dt.date | None = None, *, exclude: Sequence[str] = ()) -> None:
        """Build the days first to last, both inclusive; everything without them."""
        prepare_lake(self.lake, self.settings, now=dt.datetime.now(dt.UTC))
        days = Window.of_days(first, last) if first and last else None
        window = (days.start.date(), days.end.date()) if days else None
        dbt_build(self.settings, window=window, exclude=exclude)

    def rows(self, query: str, parameters: Collection[object] = ()) -> list[tuple[Any, ...]]:
        """The answer of the warehouse."""
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as connection:
            return connection.execute(query, list(parameters)).fetchall()

    def tables(self, *, without: frozenset[str] = RUN_COLUMNS) -> dict[str, list[tuple[Any, ...]]]:
        """Every table and view of the warehouse, rows in a fixed order; but not the steps of the last build's days."""
        names = self.rows(
            "select table_name, column_name from information_schema.columns "
            "where table_name not like 'int_attribution%' and table_name not like 'int_events%' "
            "order by ordinal_position"
        )
        columns: dict[str, list[str]] = {}
        for table, column in names:
            columns.setdefault(table, []).extend([f'"{column}"'] if column not in without else [])
        return {
            table: self.rows(f'select {", ".join(found)} from "{table}" order by all')  # noqa: S608 - catalogue names
            for table, found in sorted(columns.items())
        }

    def landing(self) -> dict[str, bytes]:
        """The landing files by relative path."""
        return {path: self.lake.read(path) for path in self.lake.find("landing")}

    def landing_rows(self, *, without: frozenset[str] = RUN_COLUMNS) -> dict[str, pl.DataFrame]:
        """What the landing files hold, by relative path."""
        return {path: pl.read_parquet(content).drop(without, strict=False) for path, content in self.landing().items()}

    def command(self, *arguments: str, stdin: str = "", timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        """`genai-finops ...` in a process of its own."""
        return subprocess.run(
            [*command_line(), *arguments],
            input=stdin,
            env=self.environ,
            cwd=self.settings.home.parent,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


def command_line() -> list[str]:
    """How `genai-finops` is started."""
    return [str(Path(sys.executable).with_name("genai-finops"))]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What Ctrl-C does in a terminal: a shell that starts a job in the background makes it deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def finops_command() -> list[str]:
    """How `genai-finops` is started."""
    return command_line()


_Tables = Mapping[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def differing_tables() -> Callable[[_Tables, _Tables], dict[str, tuple[list[Any], list[Any]]]]:
    """Gives, of each table that differs, three rows that only the first has and three that only the second has.

    Compared as a whole, a difference in some thousand rows keeps pytest busy for half an hour: it told of nothing when
    the attribution came, and CI ran out of time.
    """

    def differing(found: _Tables, wanted: _Tables) -> dict[str, tuple[list[Any], list[Any]]]:
        named = sorted({*found, *wanted})
        pairs = {name: (Counter(found.get(name, ())), Counter(wanted.get(name, ()))) for name in named}
        return {
            name: (list((left - right).elements())[:3], list((right - left).elements())[:3])
            for name, (left, right) in pairs.items()
            if left != right or (name in found) != (name in wanted)
        }

    return differing


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds everything."""
    return REPOSITORY


@pytest.fixture(scope="session")
def plain_environ() -> dict[str, str]:
    """The environment without anything that points at a platform."""
    return {name: value for name, value in os.environ.items() if name not in platform_variables(os.environ)}


@pytest.fixture(scope="session")
def quick_configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The providers' configurations with waits and bounds that a test can sit out."""
    folder = tmp_path_factory.mktemp("configs")
    for path in (REPOSITORY / "configs" / "providers").glob("*.yml"):
        values = yaml.safe_load(path.read_text())
        values["http"] |= {
            "max_requests_per_minute": 1_000_000,
            "timeouts": {"connect": 5, "read": 2, "answer": 10},
            "retry": {"attempts": 2, "first_ceiling_seconds": 0.01, "last_ceiling_seconds": 0.01, "total_seconds": 10},
        }
        values["flows"]["payg"]["max_pages"] = 8
        (folder / path.name).write_text(yaml.safe_dump(values))
    return folder


@pytest.fixture(scope="session")
def platform_at(plain_environ: dict[str, str], quick_configs: Path) -> Callable[[Path, Simulator], Platform]:
    """Makes a home over a simulator; an existing home keeps what it holds."""

    def make(home: Path, simulator: Simulator) -> Platform:
        home.mkdir(parents=True, exist_ok=True)
        environ = {
            **plain_environ,
            "GENAI_FINOPS_HOME": str(home),
            "GENAI_FINOPS_PROVIDER_CONFIGS": str(quick_configs),
            "GENAI_FINOPS_ACTOR": "tester",
            "DAGSTER_HOME": str(home / "dagster"),
            **simulator.environment(),
        }
        return Platform(settings=Settings.from_environment(environ, home.parent), simulator=simulator)

    return make


@pytest.fixture(scope="session")
def platform_with_organisations(
    platform_at: Callable[[Path, Simulator], Platform],
) -> Callable[[Path, Simulator], Platform]:
    """Makes a home with the simulator's organisations, their accounts, encrypted credentials and a hierarchy."""

    def make(home: Path, simulator: Simulator) -> Platform:
        platform = platform_at(home, simulator)
        add_demo_organisations(
            platform.settings,
            simulator,
            PROVIDERS,
            first_day=simulator.scenario.first_day,
            now=dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC),
        )
        return platform

    return make


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """Five days of three organisations over the end of a month."""
    scenario = Scenario(first_day=dt.date(2026, 10, 31), last_day=dt.date(2026, 11, 4))
    with running_simulator(scenario=scenario) as running:
        yield running
