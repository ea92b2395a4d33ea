"""Every fault of the simulator: it fails its own partition loudly, or it loses nothing. What was stored stays."""

import datetime as dt
import io
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from genai_finops.cli import main
from genai_finops.ingest.outcome import IngestReport, PartitionOutcome, failure_summary
from genai_finops.simulator.faults import KINDS
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

DAY = dt.date(2026, 11, 3)
#: Those with one format of page; the others' faults are tried in test_providers_against_simulator.py, and an account of
#: theirs that fails beside others in test_ingest_fleet.py.
PROVIDERS = ("openai", "anthropic")
ORGS = ("acme", "globex")
FAULTY = "globex"
USAGE = {"openai": "usage/completions", "anthropic": "usage_report/messages"}

#: Kind of fault, its options, what the reason says of it, whether the same run may go well later.
LASTING = {
    "unauthorized": ({}, "401", False),
    "forbidden": ({}, "403", False),
    "rate_limited": ({"retry_after": 1}, "429", True),
    "server_error": ({}, "500", True),
    "unavailable": ({}, "503", True),
    "overloaded": ({}, "529", True),
    "timeout": ({"seconds": 3}, "time", True),
    "disconnect": ({}, "without sending complete|cut|closed|incomplete", True),
    "truncated_body": ({}, "json", True),
    "not_json": ({}, "json", True),
    "repeated_page_token": ({}, "a second time", False),
    "endless_pages": ({}, "pages", False),
    "has_more_without_next_page": ({}, "next_page", False),
    "missing_field": ({}, "missing|lacks|no field|not there", False),
    "unknown_usage_field": ({}, "hologram_tokens", False),
    "unknown_tier": ({}, "platinum", False),
    "negative_quantity": ({}, "-", False),
    "wrong_type": ({}, "or so", False),
    "bad_identity": ({}, "tokens|uncached_input", False),
}
PASSING = (
    *("rate_limited", "server_error", "unavailable", "overloaded", "timeout", "disconnect", "truncated_body"),
    "not_json",
)
HARMLESS = ("unknown_field", "short_list_pages")
OTHER = ("unknown_model", "empty")
#: They fail nothing; that totals show them is tried for each provider in test_providers_against_simulator.py.
SILENT = ("dropped_page", "dropped_region", "dropped_namespace")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """Two days of two organisations: an ingest takes half a second, and there are many of them here."""
    with running_simulator(scenario=Scenario(first_day=DAY, orgs=ORGS)) as running:
        yield running


@pytest.fixture(scope="module")
def good_day(platform: Any) -> Any:
    """The platform with one day of every organisation stored."""
    report = platform.ingest(DAY, DAY, run_id="good", providers=PROVIDERS)
    assert report.count("complete") == len(PROVIDERS) * len(ORGS), failure_summary(report)
    return platform


@pytest.fixture(scope="module")
def day_truth(simulator: Any) -> Mapping[tuple[str, str], Mapping[tuple[Any, ...], Decimal]]:
    """Quantities of the day by (provider, org), then by model, tier, sub-account, key and meter."""
    sums: defaultdict[tuple[str, str], defaultdict[tuple[Any, ...], Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    for row in simulator.truth()["rows"]:
        if row["date"] == DAY.isoformat():
            key = tuple(row[name] for name in ("model", "service_tier", "sub_account_id", "api_key_id", "meter"))
            sums[row["provider"], row["org"]][key] += Decimal(row["quantity"])
    return {who: dict(found) for who, found in sums.items()}


@pytest.fixture
def stored(good_day: Any, platform_at: Callable[[Path, Any], Any], tmp_path: Path, simulator: Any) -> Iterator[Any]:
    """A copy of that platform for one test; the faults are gone afterwards."""
    shutil.copytree(good_day.settings.home, tmp_path / "home")
    simulator.clear_faults()
    yield platform_at(tmp_path / "home", simulator)
    simulator.clear_faults()


def landing_path(provider: str, org: str) -> str:
    return f"landing/genai_payg_usage_raw/day={DAY}/{provider}/{org}.{org}-{provider}.parquet"


def quantities(platform: Any, provider: str, org: str) -> dict[tuple[Any, ...], Decimal]:
    frame = pl.read_parquet(io.BytesIO(platform.lake.read(landing_path(provider, org))), hive_partitioning=False)
    names = ("provider_model_id", "service_tier", "sub_account_id", "api_key_id", "meter")
    sums: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in frame.iter_rows(named=True):
        sums[tuple(row[name] for name in names)] += row["quantity"]
    return dict(sums)


def outcome_of(report: IngestReport, provider: str, org: str) -> PartitionOutcome:
    [found] = [outcome for outcome in report.outcomes if (outcome.provider, outcome.org) == (provider, org)]
    return found


def others(provider: str) -> list[tuple[str, str]]:
    """Every provider and organisation but the one with the fault."""
    return [(name, org) for name in PROVIDERS for org in ORGS if (name, org) != (provider, FAULTY)]


def test_every_fault_of_the_simulator_is_tried_here() -> None:
    assert {*LASTING, *PASSING, *HARMLESS, *OTHER, *SILENT} == set(KINDS)


@pytest.mark.parametrize("kind", LASTING)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_lasting_fault_fails_its_partition_and_nothing_else(
    stored: Any, day_truth: Mapping[tuple[str, str], Any], provider: str, kind: str
) -> None:
    options, cause, is_worth_retrying = LASTING[kind]
    before = stored.landing()
    stored.simulator.set_fault(provider, kind, org=FAULTY, path_prefix=USAGE[provider], **options)

    report = stored.ingest(DAY, DAY, run_id="faulty", providers=PROVIDERS)

    failed = outcome_of(report, provider, FAULTY)
    assert (failed.status, failed.is_worth_retrying) == ("failed", is_worth_retrying)
    assert re.search(f"^{provider}.*{cause}", failed.reason or "", re.DOTALL | re.IGNORECASE), failed.reason
    assert stored.landing()[landing_path(provider, FAULTY)] == before[landing_path(provider, FAULTY)]
    assert [outcome_of(report, *who).status for who in others(provider)] == ["complete"] * 3
    assert {who: quantities(stored, *who) for who in others(provider)} == {
        who: day_truth[who] for who in others(provider)
    }


@pytest.mark.parametrize("kind", ["server_error", "disconnect", "missing_field"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_fault_after_good_pages_lands_none_of_them(stored: Any, provider: str, kind: str) -> None:
    before = stored.landing()
    good_pages = 3
    stored.simulator.set_fault(provider, kind, org=FAULTY, path_prefix="usage", after=good_pages)
    report = stored.ingest(DAY, DAY, run_id="faulty", providers=[provider])
    assert outcome_of(report, provider, FAULTY).status == "failed"
    assert stored.landing()[landing_path(provider, FAULTY)] == before[landing_path(provider, FAULTY)]


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_fault_that_passes_loses_nothing(
    stored: Any, day_truth: Mapping[tuple[str, str], Any], provider: str, kind: str
) -> None:
    options = {"seconds": 3} if kind == "timeout" else {}
    stored.simulator.set_fault(provider, kind, org=FAULTY, path_prefix=USAGE[provider], times=1, **options)
    report = stored.ingest(DAY, DAY, run_id="second", providers=[provider])
    assert {outcome.status for outcome in report.outcomes} == {"complete"}
    assert quantities(stored, provider, FAULTY) == day_truth[provider, FAULTY]


def test_the_command_names_a_reason_once_for_all_days_of_a_credential(stored: Any) -> None:
    stored.simulator.set_fault("openai", "unauthorized", org=FAULTY)
    first = DAY - dt.timedelta(days=40)
    result = CliRunner().invoke(
        main, ["ingest", "--from", str(first), "--to", str(DAY), "--provider", "openai"], obj=stored.settings
    )
    assert [line for line in result.stdout.splitlines() if "(401" in line or " 401" in line] == [
        line for line in result.stdout.splitlines() if f"{first} to {DAY} (41 days): failed (openai" in line
    ]


@pytest.mark.parametrize("kind", HARMLESS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_harmless_surprise_changes_no_number(
    stored: Any, day_truth: Mapping[tuple[str, str], Any], provider: str, kind: str
) -> None:
    stored.simulator.set_fault(provider, kind, org=FAULTY)
    report = stored.ingest(DAY, DAY, run_id="second", providers=[provider])
    assert outcome_of(report, provider, FAULTY).status == "complete"
    assert quantities(stored, provider, FAULTY) == day_truth[provider, FAULTY]


def test_an_unknown_model_is_landed_with_every_token(stored: Any, day_truth: Mapping[tuple[str, str], Any]) -> None:
    stored.simulator.set_fault("openai", "unknown_model", org=FAULTY, path_prefix=USAGE["openai"])
    report = stored.ingest(DAY, DAY, run_id="second", providers=["openai"])
    found = quantities(stored, "openai", FAULTY)
    assert outcome_of(report, "openai", FAULTY).status == "complete"
    assert "mystery-model-9" in {key[0] for key in found}
    assert sum(found.values()) == sum(day_truth["openai", FAULTY].values())


def test_an_unknown_model_in_one_of_two_answers_that_must_agree_is_refused(stored: Any) -> None:
    before = stored.landing()
    stored.simulator.set_fault("anthropic", "unknown_model", org=FAULTY, path_prefix=USAGE["anthropic"], after=1)
    report = stored.ingest(DAY, DAY, run_id="second", providers=["anthropic"])
    assert "would be lost" in (outcome_of(report, "anthropic", FAULTY).reason or "")
    assert stored.landing()[landing_path("anthropic", FAULTY)] == before[landing_path("anthropic", FAULTY)]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_true_empty_answer_replaces_what_was_stored(stored: Any, provider: str) -> None:
    stored.simulator.set_fault(provider, "empty", org=FAULTY)
    report = stored.ingest(DAY, DAY, run_id="second", providers=[provider])
    assert outcome_of(report, provider, FAULTY).status == "empty"
    assert quantities(stored, provider, FAULTY) == {}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_command_names_each_partition_and_fails(stored: Any, provider: str) -> None:
    stored.simulator.set_fault(provider, "unauthorized", org=FAULTY)
    result = CliRunner().invoke(
        main, ["ingest", "--from", str(DAY), "--to", str(DAY), "--provider", provider], obj=stored.settings
    )
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0].startswith(f"{provider}.payg acme/acme-{provider} {DAY}: complete, ")
    assert lines[1].startswith(f"{provider}.payg {FAULTY}/{FAULTY}-{provider} {DAY}: failed ({provider}")
    assert re.fullmatch(rf"{provider}\.payg: \d+ HTTP requests, 0 retries, \d+\.\d s", lines[2])
    assert lines[3].startswith("1 complete, 0 empty, 1 failed; ")
    assert "1 of 2 partitions failed" in result.stderr


def test_the_command_says_nothing_of_failures_when_all_goes_well(stored: Any) -> None:
    result = CliRunner().invoke(
        main, ["ingest", "--from", str(DAY), "--to", str(DAY), "--provider", "openai"], obj=stored.settings
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert "2 complete, 0 empty, 0 failed; " in result.stdout


def test_after_the_fault_the_same_command_mends_the_partition(
    stored: Any, day_truth: Mapping[tuple[str, str], Any]
) -> None:
    (Path(stored.settings.lake_url) / landing_path("openai", FAULTY)).unlink()
    stored.simulator.set_fault("openai", "overloaded", org=FAULTY)
    stored.ingest(DAY, DAY, run_id="faulty", providers=["openai"])
    assert landing_path("openai", FAULTY) not in stored.landing()
    stored.simulator.clear_faults()
    stored.ingest(DAY, DAY, run_id="mended", providers=["openai"])
    assert quantities(stored, "openai", FAULTY) == day_truth["openai", FAULTY]
