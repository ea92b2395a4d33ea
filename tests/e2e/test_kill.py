"""`kill -9` at any moment, then the same command again: the same stores as without the kill."""

import datetime as dt
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

pytestmark = pytest.mark.slow

FIRST, LAST = dt.date(2026, 11, 2), dt.date(2026, 11, 4)
INGEST = ("ingest", "--from", str(FIRST), "--to", str(LAST))
FILES = 3 * 2 * 2
#: Share of a whole build after which it is killed. One moment, because each costs a build of its own.
_MOMENTS = [0.341]

Make = Callable[[Path, Simulator], Any]


@dataclass(frozen=True)
class Clean:
    """A platform that nothing has disturbed, and what it came to hold."""

    platform: Any
    landing: dict[str, pl.DataFrame]
    tables: dict[str, list[tuple[Any, ...]]]
    #: Of the command that built the tables.
    seconds: float


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator(scenario=Scenario(first_day=FIRST, last_day=LAST, orgs=("acme", "globex"))) as running:
        yield running


@pytest.fixture(scope="module")
def clean(platform_with_organisations: Make, tmp_path_factory: pytest.TempPathFactory, simulator: Simulator) -> Clean:
    platform = platform_with_organisations(tmp_path_factory.mktemp("clean") / "home", simulator)
    ingested = platform.command(*INGEST)
    assert ingested.returncode == 0, ingested.stderr
    started = time.monotonic()
    built = platform.command("transform")
    assert built.returncode == 0, built.stderr
    seconds = time.monotonic() - started
    return Clean(platform=platform, landing=platform.landing_rows(), tables=platform.tables(), seconds=seconds)


@pytest.fixture
def fresh(platform_with_organisations: Make, tmp_path: Path, simulator: Simulator) -> Any:
    """Credentials, and nothing read yet."""
    return platform_with_organisations(tmp_path / "home", simulator)


@pytest.fixture
def built(clean: Clean, platform_at: Make, tmp_path: Path, simulator: Simulator) -> Any:
    """The same lake and the same warehouse."""
    shutil.copytree(clean.platform.settings.home, tmp_path / "home")
    return platform_at(tmp_path / "home", simulator)


@pytest.fixture
def landed(clean: Clean, platform_at: Make, tmp_path: Path, simulator: Simulator) -> Any:
    """The same lake without a warehouse."""
    home = tmp_path / "home"
    ignore = shutil.ignore_patterns("warehouse.*", "dbt")
    shutil.copytree(clean.platform.settings.home, home, ignore=ignore)
    return platform_at(home, simulator)


def start(platform: Any, finops_command: list[str], *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*finops_command, *arguments],
        env=platform.environ,
        cwd=platform.settings.home.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Raises AssertionError when the command had ended before: then the moment was none."""
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=30) == -signal.SIGKILL


def wait_until(condition: Callable[[], bool], process: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the command ended before the moment came"
        assert time.monotonic() < deadline, "the moment did not come"
        time.sleep(0.001)


def landing_files(platform: Any) -> list[str]:
    return [path for path in platform.lake.find("landing") if "_schema" not in path]


def raw_pages(platform: Any) -> list[str]:
    return list(platform.lake.find("raw"))


def assert_same_landing(platform: Any, clean: Clean) -> None:
    found = platform.landing_rows()
    # A sentinel has no rows, and the build writes those that ingestion does not.
    wanted = {path for path in clean.landing if "_schema" not in path}
    assert {path for path in found if "_schema" not in path} == wanted
    assert [path for path in found if not found[path].equals(clean.landing[path])] == []


@pytest.mark.parametrize(
    ("count", "moment"),
    [
        pytest.param(lambda platform: len(raw_pages(platform)), 1, id="after the first raw page"),
        *(
            pytest.param(lambda platform: len(landing_files(platform)), files, id=f"after {files} landing files")
            for files in (1, 5, FILES - 1)
        ),
    ],
)
def test_a_killed_ingest_leaves_nothing_that_the_next_one_does_not_mend(
    clean: Clean, fresh: Any, finops_command: list[str], count: Callable[[Any], int], moment: int
) -> None:
    process = start(fresh, finops_command, *INGEST)
    wait_until(lambda: count(fresh) >= moment, process)
    kill(process)
    # Every visible file is whole, and is what the undisturbed run has there.
    assert [path for path, frame in fresh.landing_rows().items() if not frame.equals(clean.landing[path])] == []

    again = fresh.command(*INGEST)

    assert again.returncode == 0, again.stderr
    assert_same_landing(fresh, clean)
    assert sorted(raw_pages(fresh)) == sorted(raw_pages(clean.platform))


def test_a_killed_repetition_leaves_the_old_file_or_the_new_one(
    clean: Clean, landed: Any, finops_command: list[str]
) -> None:
    before = landed.landing()
    process = start(landed, finops_command, *INGEST)
    wait_until(lambda: landed.landing() != before, process)
    kill(process)
    assert_same_landing(landed, clean)


@pytest.mark.parametrize("share", _MOMENTS)
def test_a_killed_first_build_is_made_whole_by_the_next(
    clean: Clean, landed: Any, finops_command: list[str], *, differing_tables: Any, share: float
) -> None:
    process = start(landed, finops_command, "transform")
    time.sleep(share * clean.seconds)
    process.kill()
    process.wait(timeout=30)

    again = landed.command("transform")

    assert again.returncode == 0, again.stderr
    assert differing_tables(landed.tables(), clean.tables) == {}


@pytest.mark.parametrize(
    ("table", "arguments"),
    [
        ("genai_usage_daily_unified", ("transform",)),
        ("genai_costs_daily_unified", ("transform", "--from", str(FIRST), "--to", str(LAST))),
    ],
)
def test_a_build_killed_while_it_replaces_tables_is_made_whole_by_the_next(
    clean: Clean,
    built: Any,
    finops_command: list[str],
    *,
    differing_tables: Any,
    table: str,
    arguments: tuple[str, ...],
) -> None:
    log = built.settings.home / "dbt" / "logs" / "dbt.log"
    log.write_text("")
    process = start(built, finops_command, *arguments)
    wait_until(lambda: re.search(rf"START .*\.{table} ", log.read_text()) is not None, process)
    kill(process)

    again = built.command(*arguments)

    assert again.returncode == 0, again.stderr
    assert differing_tables(built.tables(), clean.tables) == {}
