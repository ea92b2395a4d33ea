"""A provider of one .py and one .yml outside the repository: an asset, an ingest, and usage in the warehouse."""

import datetime as dt
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import polars as pl
import pytest

pytestmark = pytest.mark.slow

FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 10, 2)
SECRET = "toy-key-6c8f1d"
WORDS = {FIRST: {"toy-1": 12, "toy-2": 30}, LAST: {"toy-1": 7}}
USAGE = [(day, model, Decimal(words)) for day, models in WORDS.items() for model, words in models.items()]


class ToyApi(BaseHTTPRequestHandler):
    """One page per day; a page token is the day of the page."""

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if self.headers["x-toy-key"] != SECRET:
            self._answer(401, {"error": "who are you?"})
            return
        day = dt.date.fromisoformat(query.get("page") or query["from"])
        following = day + dt.timedelta(days=1)
        has_more = following < dt.date.fromisoformat(query["until"])
        rows = [{"model": model, "words": words} for model, words in WORDS.get(day, {}).items()]
        self._answer(
            200,
            {
                "data": [{"day": day.isoformat(), "rows": rows}],
                "has_more": has_more,
                "next_page": following.isoformat() if has_more else None,
            },
        )

    def _answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Requests are nobody's business here."""


@pytest.fixture(scope="module")
def toy_api() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), ToyApi) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Toy:
    """A home that knows the toy provider, and processes over it."""

    home: Path
    environ: dict[str, str]
    commands: Path

    def run(self, command: str, *arguments: str, stdin: str = "") -> str:
        """What the command says. Raises AssertionError when it fails."""
        result = subprocess.run(
            [str(self.commands / command), *arguments],
            input=stdin,
            env=self.environ,
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def toy(
    tmp_path_factory: pytest.TempPathFactory,
    plain_environ: dict[str, str],
    repository: Path,
    finops_command: list[str],
    toy_api: str,
) -> Toy:
    folder = tmp_path_factory.mktemp("seventh")
    plugins = folder / "plugins"
    plugins.mkdir()
    for name in ("toy.py", "toy.yml"):
        shutil.copy(repository / "tests" / "contract" / "providers" / "toy" / name, plugins)
    environ = {
        **plain_environ,
        "GENAI_FINOPS_HOME": str(folder / "home"),
        "GENAI_FINOPS_PROVIDERS_PATH": str(plugins),
        "GENAI_FINOPS_TOY_BASE_URL": toy_api,
        "DAGSTER_HOME": str(folder / "home" / "dagster"),
    }
    found = Toy(home=folder / "home", environ=environ, commands=Path(finops_command[0]).parent)
    found.run("genai-finops", "org", "add", "acme", "--name", "Acme")
    found.run("genai-finops", "account", "add", "acme", "toy", "toy-account", "--name", "Toys")
    found.run("genai-finops", "credential", "add", "acme", "toy", "--secret-stdin", stdin=SECRET)
    found.run("genai-finops", "dagster-home")
    return found


@pytest.fixture(scope="module")
def materialised(toy: Toy) -> Toy:
    """After a Dagster run of the toy's asset over its two days."""
    toy.run(
        *("dagster", "asset", "materialize", "-m", "genai_finops.definitions"),
        *("--select", "key:landing/toy/payg_usage", "--partition-range", f"{FIRST}...{LAST}"),
    )
    return toy


@pytest.fixture(scope="module")
def transformed(materialised: Toy) -> Toy:
    """After the warehouse was built from it."""
    materialised.run("genai-finops", "transform")
    return materialised


def test_it_is_an_asset_beside_the_others(toy: Toy) -> None:
    assets = toy.run("dagster", "asset", "list", "-m", "genai_finops.definitions").split()
    assert {"landing/toy/payg_usage", "landing/openai/payg_usage"} <= set(assets)


def test_its_asset_lands_every_page(materialised: Toy) -> None:
    files = sorted((materialised.home / "lake" / "landing" / "genai_payg_usage_raw").glob("day=*/toy/*.parquet"))
    frames = [pl.read_parquet(path, hive_partitioning=False) for path in files]
    found = pl.concat(frames).select("usage_date", "provider_model_id", "quantity").rows()
    assert sorted(found) == sorted(USAGE)


def test_the_command_reads_it_too(materialised: Toy) -> None:
    output = materialised.run("genai-finops", "ingest", "--from", str(FIRST), "--to", str(LAST), "--provider", "toy")
    assert f"toy.payg acme/acme-toy {FIRST}: complete, 2 rows" in output
    assert output.splitlines()[-1].startswith("2 complete, 0 empty, 0 failed; 3 rows, 2 HTTP requests")


def test_its_usage_is_in_the_unified_table(transformed: Toy) -> None:
    found = transformed.rows(
        "select usage_date, provider_model_id, quantity from genai_usage_daily_unified "
        "where provider = 'toy' and x_genai_provider = 'TOY' and x_pipeline_id = 'toy.payg_usage'"
    )
    assert sorted(found) == sorted(USAGE)


def test_usage_of_a_model_that_no_one_has_priced_is_listed_and_not_free(transformed: Toy) -> None:
    found = transformed.rows(
        "select usage_date, provider_model_id, quantity, pricing_reason, list_cost from genai_unpriced_usage"
    )
    assert sorted(found) == sorted((*usage, "unknown_model", None) for usage in USAGE)


def test_nothing_is_charged_that_has_no_price(transformed: Toy) -> None:
    assert transformed.rows("select count(*) from cost_data_standard_1_3") == [(0,)]
