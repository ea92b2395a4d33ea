"""Planted secrets: after everything that touches them, no file, log, event or output holds one."""

import base64
import contextlib
import datetime as dt
import gzip
import io
import json
import logging
import sqlite3
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner

from genai_finops.cli import main
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

pytestmark = pytest.mark.slow

DAY = dt.date(2026, 11, 3)
DAYS = ("--from", str(DAY), "--to", str(DAY))
PROVIDERS = ("openai", "anthropic")
#: Starts the command line with everything that any library logs.
_DEBUGGED = "import logging, sys; logging.basicConfig(level=logging.DEBUG); from genai_finops.cli import main; main()"


@dataclass
class Story:
    """A platform on which everything has been done, the secrets it was given, and all it said meanwhile."""

    platform: Any
    secrets: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)

    def run(self, name: str, *command: str, **more_environ: str) -> None:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            env={**self.platform.environ, **more_environ},
            cwd=self.platform.settings.home.parent,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        self.outputs[name] = result.stdout + result.stderr
        self.codes[name] = result.returncode

    def finops(self, name: str, *arguments: str, stdin: str = "") -> None:
        """A command in this process: starting one of its own takes seconds, and there are many."""
        log = io.StringIO()
        handler, root = logging.StreamHandler(log), logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            result = CliRunner().invoke(main, arguments, input=stdin, obj=self.platform.settings)
        finally:
            root.setLevel(level)
            root.removeHandler(handler)
        self.outputs[name] = result.output + log.getvalue()
        self.codes[name] = result.exit_code


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator(scenario=Scenario(first_day=DAY, last_day=DAY, orgs=("acme", "globex"))) as running:
        yield running


@pytest.fixture(scope="module")
def story(
    platform_at: Callable[[Path, Any], Any],
    finops_command: list[str],
    repository: Path,
    tmp_path_factory: pytest.TempPathFactory,
    simulator: Simulator,
) -> Story:
    secrets = {
        "acme-openai": simulator.admin_key("acme", "openai"),
        "acme-anthropic": simulator.admin_key("acme", "anthropic"),
        "refused with 403": simulator.inference_key("globex", "openai"),
        "refused with 401": "sk-ant-admin-planted-5d41402abc4b2a76",
        "malformed": "sk-planted mal/formed+key=7f3a 9c1e",
        "rotated away": "sk-planted-first-of-two-8b1a9953",
        "by reference": simulator.admin_key("globex", "openai"),
    }
    platform = platform_at(tmp_path_factory.mktemp("secrets") / "home", simulator)
    told = Story(platform=platform, secrets=secrets)

    def add(org: str, provider: str, secret: str, *options: str) -> None:
        told.finops(f"add {org} {provider} {secret}", "org", "add", org, "--name", org.capitalize(), "--update")
        account = f"account-of-{org}"
        told.finops(f"account {org} {provider}", "account", "add", org, provider, account, "--name", org, "--update")
        command = ("credential", "add", org, provider, "--secret-stdin", *options)
        told.finops(f"credential {secret}", *command, stdin=secrets[secret])

    add("acme", "openai", "acme-openai")
    add("acme", "anthropic", "acme-anthropic")
    add("initech", "openai", "refused with 403")
    add("initech", "anthropic", "refused with 401")
    add("umbrella", "openai", "malformed")
    add("hooli", "anthropic", "rotated away")
    told.finops(
        "replace",
        "credential",
        "add",
        "hooli",
        "anthropic",
        "--secret-stdin",
        "--update",
        stdin=secrets["acme-anthropic"],
    )
    told.finops("org globex", "org", "add", "globex", "--name", "Globex")
    told.finops("account globex", "account", "add", "globex", "openai", "account-of-globex", "--name", "globex")
    told.finops("reference", "credential", "add", "globex", "openai", "--reference", "env:PLANTED_KEY")
    told.finops("list", "credential", "list", "--json")
    told.finops("rotate", "credential", "rotate-key")
    told.run("ingest", sys.executable, "-c", _DEBUGGED, "ingest", *DAYS, PLANTED_KEY=secrets["by reference"])
    told.finops("transform", "transform")
    told.finops("export", "focus", "export", *DAYS, "--out", str(platform.settings.home / "focus"))
    told.finops("dagster home", "dagster-home")
    tags = {"dagster/asset_partition_range_start": str(DAY), "dagster/asset_partition_range_end": str(DAY)}
    told.run(
        "dagster run",
        *(str(Path(finops_command[0]).with_name("dagster")), "job", "execute", "-m", "genai_finops.definitions"),
        *("-j", "extract_usage", "--tags", json.dumps(tags), "-d", str(repository)),
        PLANTED_KEY=secrets["by reference"],
    )
    return told


def needles(secret: str) -> set[bytes]:
    """The secret as it stands, and as encodings would write it."""
    plain = secret.encode()
    return {
        plain,
        base64.b64encode(plain).rstrip(b"="),
        plain.hex().encode(),
        urllib.parse.quote(secret, safe="").encode(),
        json.dumps(secret)[1:-1].encode(),
    }


def contents(path: Path) -> bytes:
    """The bytes of a file, followed by what they hold once they are unpacked."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        return raw + gzip.decompress(raw)
    if path.suffix == ".parquet":
        return raw + pl.read_parquet(raw, hive_partitioning=False).write_ndjson().encode()
    if raw.startswith(b"SQLite format 3"):
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return raw + "\n".join(connection.iterdump()).encode()
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as warehouse:
            tables = warehouse.execute("select table_name from information_schema.tables").fetchall()
            return raw + b"".join(
                repr(warehouse.execute(f'select * from "{table}"').fetchall()).encode()  # noqa: S608 - catalogue names
                for (table,) in tables
            )
    return raw


@pytest.fixture(scope="module")
def files(story: Story) -> dict[str, bytes]:
    """Everything below the home, unpacked, by relative path."""
    home = story.platform.settings.home
    return {str(path.relative_to(home)): contents(path) for path in sorted(home.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("kind", ["raw.json.gz", "landing.parquet", "control.db", "warehouse.duckdb", "run.log"])
def test_the_search_would_find_a_secret_in_every_kind_of_file(tmp_path: Path, kind: str) -> None:
    secret, path = "sk-planted-where-it-can-be-found", tmp_path / kind
    if kind == "raw.json.gz":
        path.write_bytes(gzip.compress(secret.encode()))
    elif kind == "landing.parquet":
        pl.DataFrame({"key": [secret] * 100}).write_parquet(path, compression="zstd")
    elif kind == "control.db":
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("create table kept as select ? as secret", [secret])
    elif kind == "warehouse.duckdb":
        with duckdb.connect(str(path)) as warehouse:
            warehouse.execute("create table kept as select ? as secret from range(5000)", [secret])
    else:
        path.write_text(f"token={base64.b64encode(secret.encode()).decode()}")
    assert any(needle in contents(path) for needle in needles(secret))


def test_everything_was_done(story: Story) -> None:
    failed = {name for name, code in story.codes.items() if code != 0}
    assert failed == {"ingest", "dagster run"}, {name: story.outputs[name][-2000:] for name in failed}


def test_the_failing_credentials_were_tried(story: Story) -> None:
    outcomes = [line for line in story.outputs["ingest"].splitlines() if ".payg " in line and ": " in line]
    failed = {line.split()[1] for line in outcomes if ": failed (" in line}
    complete = {line.split()[1] for line in outcomes if ": complete" in line}
    assert failed == {"initech/initech-openai", "initech/initech-anthropic", "umbrella/umbrella-openai"}
    assert {"acme/acme-openai", "acme/acme-anthropic", "globex/globex-openai"} <= complete


@pytest.mark.parametrize(
    "kind", ["control.db", "master.key", "warehouse.duckdb", "lake/raw/", "lake/landing/", "focus/", "dbt/", "dagster/"]
)
def test_every_kind_of_file_was_searched(files: dict[str, bytes], kind: str) -> None:
    assert [name for name in files if name.startswith(kind)]


def test_debug_logging_was_on(story: Story) -> None:
    assert "DEBUG:" in story.outputs["ingest"]


def test_dagsters_events_and_runs_were_searched(files: dict[str, bytes]) -> None:
    [runs] = [content for name, content in files.items() if name.endswith("runs.db")]
    assert b"extract_usage" in runs
    assert [name for name, content in files.items() if b"initech-openai" in content and name.startswith("dagster/")]


def test_no_file_holds_a_secret(story: Story, files: dict[str, bytes]) -> None:
    found = [
        (name, secret)
        for name, content in files.items()
        for secret, value in story.secrets.items()
        if any(needle in content for needle in needles(value))
    ]
    assert found == []


def test_no_output_holds_a_secret(story: Story) -> None:
    found = [
        (name, secret)
        for name, output in story.outputs.items()
        for secret, value in story.secrets.items()
        if any(needle in output.encode() for needle in needles(value))
    ]
    assert found == []


def test_the_master_key_is_only_in_its_file(story: Story, files: dict[str, bytes]) -> None:
    lines = story.platform.settings.master_key_path.read_text().split()
    keys = [line for text in lines for line in text.split(",") if len(line) > 40]
    forms = {form for key in keys for form in (key.encode(), base64.b64decode(key))}
    assert keys
    assert [name for name, content in files.items() if any(form in content for form in forms)] == ["master.key"]
    assert story.platform.settings.master_key_path.stat().st_mode & 0o077 == 0
