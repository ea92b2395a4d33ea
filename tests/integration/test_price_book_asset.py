"""The price book as Dagster assets: what a run reads, what it shows, and what a failing source does to it."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genai_finops.defs.automation import price_schedule
from genai_finops.defs.prices import price_book, price_key
from genai_finops.defs.resources import PlatformResource

ALL_SOURCES = {"ops": {"price_book": {"config": {"all_sources": True}}}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAI_FINOPS_HOME", str(tmp_path))
    return tmp_path


def run(config: Mapping[str, Any] | None = None) -> dg.ExecuteInProcessResult:
    return dg.materialize([price_book], resources={"platform": PlatformResource()}, run_config=config)


def sources(result: dg.ExecuteInProcessResult, table: str) -> dict[str, Any]:
    """Metadata of a table by source."""
    events = result.asset_materializations_for_node("price_book")
    [metadata] = [event.metadata for event in events if event.asset_key == price_key(table)]
    return {name.removeprefix("source "): found.value for name, found in metadata.items() if "source " in name}


def failures(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """Evaluations of checks that have not passed, by table."""
    return {
        evaluation.asset_key.path[-1]: evaluation
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed
    }


def test_a_run_materialises_every_table_and_says_what_each_source_changed(home: Path) -> None:
    found = sources(run(), "genai_price_book")

    assert list(found) == ["genai-prices", "list_prices", "default_prices", "entries"]
    assert (found["default_prices"]["rows"], found["default_prices"]["opened"], found["default_prices"]["closed"]) == (
        60,
        60,
        0,
    )


def test_every_source_that_answers_passes_the_check_of_its_table(home: Path) -> None:
    assert failures(run()) == {}


def test_a_source_that_fails_is_a_warning_and_not_the_end_of_the_run(home: Path) -> None:
    damaged = home / "lake" / "prices" / "genai_price_book" / "list_prices.parquet"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"damaged")

    result = run()

    assert result.success
    assert [(name, found.severity) for name, found in failures(result).items()] == [
        ("genai_price_book", dg.AssetCheckSeverity.WARN)
    ]
    assert "list_prices.parquet" in sources(result, "genai_price_book")["list_prices"]["error"]


@pytest.mark.parametrize(("config", "is_read"), [(None, False), (ALL_SOURCES, True)], ids=["nightly", "weekly"])
def test_a_file_of_litellm_is_read_every_week_and_not_every_night(
    home: Path, monkeypatch: pytest.MonkeyPatch, config: Mapping[str, Any] | None, is_read: bool
) -> None:
    (home / "litellm.json").write_text(
        '{"gpt-4.1": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2e-06}}'
    )
    monkeypatch.setenv("GENAI_FINOPS_LITELLM_PRICES", str(home / "litellm.json"))

    assert ("litellm" in sources(run(config), "genai_price_book")) is is_read


def test_the_schedule_asks_for_all_sources_once_a_week() -> None:
    monday = dt.datetime(2026, 11, 2, 4, tzinfo=dt.UTC)

    request: Any = price_schedule(dg.build_schedule_context(scheduled_execution_time=monday))

    assert (request.run_key, request.run_config) == ("prices-2026-11-02", ALL_SOURCES)
