"""What `genai-finops advice` prints of stored advice, and what it decides."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from genai_finops.cli.advice import advice as advice_commands
from genai_finops.control.advice_store import replace_advice
from genai_finops.control.database import open_database, writing
from genai_finops.optimisation.advice import Advice
from genai_finops.optimisation.refresh import given
from genai_finops.settings import Settings

from .test_realised_saving import NOW

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def own(settings: Settings, tmp_path_factory: pytest.TempPathFactory, found: list[Advice]) -> Settings:
    home = tmp_path_factory.mktemp("commanded")
    environ = {
        "GENAI_FINOPS_HOME": str(home),
        "USER": "tester",
        "GENAI_FINOPS_SIMULATED_NOW": "2026-11-05T06:00:00Z",
    }
    copied = Settings.from_environment(environ, home)
    copied.warehouse_path.write_bytes(Path(settings.warehouse_path).read_bytes())
    engine = open_database(copied)
    with writing(engine) as session:
        replace_advice(session, map(given, found), now=NOW)
    engine.dispose()
    return copied


@pytest.fixture
def run(own: Settings) -> Run:
    def _run(*arguments: str) -> Result:
        return CliRunner().invoke(advice_commands, arguments, obj=own)

    return _run


def test_the_list_ends_with_what_can_be_saved_in_all(run: Run) -> None:
    assert run("list").output.splitlines()[-1] == "total acme: 5472.62 USD a month, of each group the best"


def test_one_kind_is_listed_with_what_it_saves(run: Run) -> None:
    rows = json.loads(run("list", "--kind", "batch", "--json").output)
    assert [(row["subject"]["task"], row["monthly_saving"], row["state"]) for row in rows] == [
        ("nightly", "112.50", "open")
    ]


def test_the_query_that_is_shown_runs_and_gives_the_saving(run: Run, own: Settings, found: list[Advice]) -> None:
    (advised,) = [advice for advice in found if advice.kind == "cache"]
    query = run("show", advised.advice_id[:8], "--query").output
    with duckdb.connect(str(own.warehouse_path), read_only=True) as connection:
        (row,) = connection.execute(query).fetchall()
    assert row[-1] == advised.saving


def test_what_is_dismissed_is_no_longer_listed(run: Run, found: list[Advice]) -> None:
    (advised,) = [advice for advice in found if advice.kind == "oversized_capacity"]
    run("dismiss", "acme", advised.advice_id)
    assert run("list", "--kind", "oversized_capacity").stderr == "No advice.\n"


def test_another_organisation_cannot_decide(run: Run, found: list[Advice]) -> None:
    refused = run("accept", "globex", found[0].advice_id)
    assert (refused.exit_code, "of organisation globex" in refused.output) == (1, True)
