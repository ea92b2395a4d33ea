"""Many callers at once against what is left of one budget, on both databases."""

import datetime as dt
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from genai_finops.control.database import connect, downgrade, open_database
from genai_finops.quotas.gate import GatePolicy, QuotaGate
from genai_finops.settings import Settings

PROCESSES = 8
THREADS = 8
POSTGRES = os.environ.get("GENAI_FINOPS_TEST_POSTGRES_URL")
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def room_for_ten(request: pytest.FixtureRequest, budgets: Any, tmp_path: Path) -> Iterator[Settings]:
    """A budget of which 10 USD are left."""
    if request.param == "postgresql":
        if POSTGRES is None:
            pytest.skip("GENAI_FINOPS_TEST_POSTGRES_URL names no Postgres database that tests may empty")
        budgets.settings = Settings.from_environment({"GENAI_FINOPS_CONTROL_URL": POSTGRES}, tmp_path)
        budgets.engine.dispose()
        budgets.engine = open_database(budgets.settings)
        downgrade(budgets.engine, "base")
        budgets.engine.dispose()
        budgets.engine = open_database(budgets.settings)
    budgets.add()
    budgets.tick("90")
    # No connection may be open where processes are forked.
    budgets.engine.dispose()
    yield budgets.settings
    if request.param == "postgresql":
        engine = connect(budgets.settings.control_url)
        downgrade(engine, "base")
        engine.dispose()


def ask_in_threads(settings: Settings, ask: Callable[..., Any], started: Any, answers: Any) -> None:
    gate = QuotaGate(settings, GatePolicy(wait=dt.timedelta(seconds=30)))
    gate.refresh()
    started.wait()
    with ThreadPoolExecutor(THREADS) as threads:
        decisions = list(threads.map(lambda _: ask(gate, "1", now=NOW), range(THREADS)))
    gate.close()
    answers.put([(decision.outcome, decision.is_checked) for decision in decisions])


def test_of_64_checks_in_8_processes_exactly_as_many_pass_as_there_is_room_for(
    room_for_ten: Settings, ask: Callable[..., Any]
) -> None:
    # Forked, because each new interpreter would import for a second.
    context = multiprocessing.get_context("fork")
    started, answers = context.Barrier(PROCESSES), context.Queue()
    processes = [
        context.Process(target=ask_in_threads, args=(room_for_ten, ask, started, answers)) for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    decisions = [decision for _ in processes for decision in answers.get(timeout=60)]
    for process in processes:
        process.join(timeout=60)
    assert sorted(decisions) == [("allow", True)] * 10 + [("block", True)] * 54
