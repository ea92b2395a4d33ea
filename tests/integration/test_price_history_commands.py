"""Prices over time on the command line: what a new price changes, what it would, and what was known before it."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from genai_finops.cli import main

FIRST, CHANGED, LAST = (dt.date(2026, 11, day) for day in (2, 3, 4))
COSTS = "select * exclude (x_run_id, x_ingested_at) from genai_costs_daily_unified order by all"


@pytest.fixture(scope="module")
def run(platform: Any) -> Callable[..., Result]:
    def _run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, obj=platform.settings)

    return _run


def utc_text(moment: dt.datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="module")
def history(platform: Any, run: Callable[..., Result]) -> SimpleNamespace:
    """Three days of OpenAI, built; then a price of acme from the second day on."""
    platform.ingest(FIRST, LAST, run_id="run-1", providers=("openai",))
    platform.build()
    built, before = platform.rows(COSTS), dt.datetime.now(dt.UTC)
    [(model, spelling)] = platform.rows(
        "select model_id, min(provider_model_id) from genai_payg_costs_daily"
        " where x_org_slug = 'acme' and meter = 'output' and service_tier = 'standard' and pricing_status = 'priced'"
        " group by model_id having count(distinct usage_date) = 3 order by model_id limit 1"
    )
    price = ("--provider", "openai", "--model", spelling, "--meter", "output", "--price", "99", "--from", str(CHANGED))
    entered = run("prices", "set", "--org", "acme", *price)
    assert entered.exit_code == 0, entered.output
    return SimpleNamespace(built=built, before=utc_text(before), model=model, spelling=spelling)


@pytest.fixture(scope="module")
def repriced(history: SimpleNamespace, run: Callable[..., Result]) -> Result:
    return run("transform", "--reprice")


def different(result: Result) -> set[tuple[str, str, str]]:
    return {(row["model"], row["usage_date"], row["reason"]) for row in json.loads(result.stdout)["differences"]}


def test_repricing_builds_the_days_that_the_new_price_touches(repriced: Result) -> None:
    assert repriced.exit_code == 0, repriced.output
    days = [line.partition(":")[0] for line in repriced.stdout.splitlines() if line.endswith("built again")]
    assert days == [str(CHANGED), str(LAST)]
    assert "2 days repriced; export 2026-11 anew" in repriced.stdout


def test_the_difference_between_two_moments_is_the_new_price(
    repriced: Result, history: SimpleNamespace, run: Callable[..., Result]
) -> None:
    found = run("prices", "diff", "--from", history.before, "--json")
    assert different(found) == {(history.model, str(day), "price_changed") for day in (CHANGED, LAST)}


def test_the_new_total_is_what_is_stored_since(
    repriced: Result, history: SimpleNamespace, platform: Any, run: Callable[..., Result]
) -> None:
    [total] = json.loads(run("prices", "diff", "--from", history.before, "--json").stdout)["totals"]
    [(stored,)] = platform.rows("select sum(effective_cost) from genai_payg_costs_daily")
    assert total["new_cost"] == f"{stored:f}".rstrip("0").rstrip(".")


def test_other_organisations_are_not_concerned(
    repriced: Result, history: SimpleNamespace, run: Callable[..., Result]
) -> None:
    found = run("prices", "diff", "--from", history.before, "--org", "globex")
    assert (found.exit_code, found.stderr) == (0, "No cost differs.\n")


def test_a_supposed_rate_changes_its_model_and_names_the_line_that_no_usage_takes(
    repriced: Result, history: SimpleNamespace, tmp_path: Path, run: Callable[..., Result]
) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text(
        "provider,model,meter,unit_price,from\n"
        f"openai,{history.spelling},output,1000,{LAST}\n"
        "openai,a-model-of-nobody,output,1000,2026-01-01\n"
    )
    found = run("prices", "whatif", "--rates", str(rates), "--json")
    assert different(found) == {(history.model, str(LAST), "price_changed")}
    assert found.stderr == "Warning: no usage takes the rate of line 3\n"


def test_a_bad_rate_is_refused_with_file_line_field_and_value(tmp_path: Path, run: Callable[..., Result]) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text("provider,meter,unit_price\nopenai,outptu,1\n")
    found = run("prices", "whatif", "--rates", str(rates))
    assert (found.exit_code, found.stderr.startswith(f"Error: {rates}: line 2: meter 'outptu' is not known")) == (
        1,
        True,
    )


def test_a_build_as_known_before_the_price_is_what_was_built_before_it(
    repriced: Result, history: SimpleNamespace, platform: Any, run: Callable[..., Result]
) -> None:
    found = run("transform", "--prices-known-at", history.before)
    assert found.exit_code == 0, found.output
    assert platform.rows(COSTS) == history.built


@pytest.mark.parametrize("command", [("transform", "--prices-known-at"), ("prices", "diff", "--from")], ids=" ".join)
def test_a_moment_before_the_book_is_refused_with_the_earliest(
    command: tuple[str, ...], history: SimpleNamespace, platform: Any, run: Callable[..., Result]
) -> None:
    found = run(*command, "2020-01-01T00:00:00Z")
    assert (found.exit_code, "knew nothing at 2020-01-01T00:00:00Z: it began at 20" in found.stderr) == (1, True)


@pytest.mark.parametrize(
    "other", [("--from", "2026-11-02", "--to", "2026-11-03"), ("--prices-known-at", "2026-11-02T00:00:00Z")]
)
def test_repricing_finds_its_days_by_itself(other: tuple[str, ...], run: Callable[..., Result]) -> None:
    found = run("transform", "--reprice", *other)
    assert (found.exit_code, "--reprice was given beside other options" in found.stderr) == (1, True)


@pytest.mark.parametrize("command", ["diff", "whatif"])
def test_every_command_has_help_with_an_example(command: str, run: Callable[..., Result]) -> None:
    found = run("prices", command, "--help")
    assert (found.exit_code, f"genai-finops prices {command} --" in found.output) == (0, True)
