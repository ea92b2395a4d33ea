"""Dagster runs over the live simulator: a range is one run, failures are told apart, totals are watched."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genai_finops.defs.ingestion import build_landing_check, build_usage_asset, landing_key
from genai_finops.defs.partitions import range_tags
from genai_finops.defs.resources import PlatformResource
from genai_finops.ingest.plan import provider_configs
from genai_finops.schemas.meters import METERS

FIRST, LAST = dt.date(2026, 11, 2), dt.date(2026, 11, 4)
DAYS = {"2026-11-02", "2026-11-03", "2026-11-04"}
OPENAI = landing_key("openai", "payg")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def home(
    platform_with_organisations: Callable[[Path, Any], Any],
    tmp_path: Path,
    simulator: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    """A platform that this process's environment points at."""
    platform = platform_with_organisations(tmp_path / "home", simulator)
    for name, value in platform.environ.items():
        monkeypatch.setenv(name, value)
    simulator.clear_faults()
    yield platform
    simulator.clear_faults()


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


@pytest.fixture
def extract(
    home: Any, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> Callable[[], dg.ExecuteInProcessResult]:
    def run() -> dg.ExecuteInProcessResult:
        return definitions.resolve_job_def("extract_usage").execute_in_process(
            instance=instance,
            tags=range_tags(FIRST, LAST),
            asset_selection=[OPENAI],
            run_config=QUIET,
            raise_on_error=False,
        )

    return run


@pytest.fixture
def check(instance: dg.DagsterInstance) -> Callable[[], dg.AssetCheckResult]:
    """Evaluates the check of OpenAI's landing files."""

    def evaluate() -> dg.AssetCheckResult:
        result = build_landing_check("openai", "payg")(
            dg.build_asset_check_context(instance=instance), platform=PlatformResource()
        )
        assert isinstance(result, dg.AssetCheckResult)
        return result

    return evaluate


def landing_file(home: Any, org: str = "acme", day: dt.date = LAST) -> Path:
    folder = Path(home.settings.lake_url) / "landing" / "genai_payg_usage_raw" / f"day={day}" / "openai"
    return folder / f"{org}.{org}-openai.parquet"


def true_tokens(simulator: Any, day: str) -> Decimal:
    return Decimal(
        sum(
            row["quantity"]
            for row in simulator.truth()["rows"]
            if (row["provider"], row["date"]) == ("openai", day) and METERS[row["meter"]].kind == "tokens"
        )
    )


def metadata_of(instance: dg.DagsterInstance, day: str) -> dict[str, Any]:
    [record] = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=OPENAI, asset_partitions=[day]), limit=1
    ).records
    materialization = record.asset_materialization
    assert materialization is not None
    return {name: value.value for name, value in materialization.metadata.items()}


def test_a_range_of_days_is_one_run_that_materialises_each_of_them(
    extract: Callable[[], dg.ExecuteInProcessResult], instance: dg.DagsterInstance
) -> None:
    assert extract().success
    assert instance.get_runs_count() == 1
    assert instance.get_materialized_partitions(OPENAI) == DAYS


def test_each_day_carries_its_own_totals(
    extract: Callable[[], dg.ExecuteInProcessResult], home: Any, instance: dg.DagsterInstance
) -> None:
    extract()
    metadata = {day: metadata_of(instance, day) for day in DAYS}
    assert {day: found["dagster/partition_row_count"] for day, found in metadata.items()} == {
        day: sum(frame.height for path, frame in home.landing_rows().items() if f"day={day}/openai" in path)
        for day in DAYS
    }
    assert {day: Decimal(found["tokens"]) for day, found in metadata.items()} == {
        day: true_tokens(home.simulator, day) for day in DAYS
    }


def test_each_day_names_the_credentials_it_was_read_with(
    extract: Callable[[], dg.ExecuteInProcessResult], instance: dg.DagsterInstance
) -> None:
    extract()
    credentials = ["acme.acme-openai", "globex.globex-openai", "initech.initech-openai"]
    assert metadata_of(instance, "2026-11-03")["credentials"] == credentials


def test_a_refused_credential_fails_the_run_at_once(
    extract: Callable[[], dg.ExecuteInProcessResult], home: Any
) -> None:
    home.simulator.set_fault("openai", "unauthorized", org="globex")
    result = extract()
    [failure] = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert failure.error is not None
    assert not result.success
    assert not any(event.is_step_up_for_retry for event in result.all_events)
    assert "openai.payg globex/globex-openai 2026-11-02 to 2026-11-04 (3 days)" in failure.error.message
    assert "401" in failure.error.message


def test_the_other_organisations_are_landed_though_the_run_fails(
    extract: Callable[[], dg.ExecuteInProcessResult], home: Any
) -> None:
    home.simulator.set_fault("openai", "unauthorized", org="globex")
    extract()
    assert [landing_file(home, org).exists() for org in ("acme", "globex", "initech")] == [True, False, True]


@pytest.mark.parametrize(
    ("kind", "allow_retries"), [("overloaded", True), ("unauthorized", False), ("missing_field", False)]
)
def test_only_what_may_pass_is_left_to_dagsters_retries(
    home: Any, instance: dg.DagsterInstance, kind: str, allow_retries: bool
) -> None:
    home.simulator.set_fault("openai", kind, org="globex", path_prefix="usage/completions")
    asset = build_usage_asset("openai", "payg", provider_configs(home.settings)["openai"])
    context = dg.build_asset_context(instance=instance, partition_key=LAST.isoformat())
    with pytest.raises(dg.Failure) as failed:
        asset(context, config={"orgs": []}, platform=PlatformResource())
    assert failed.value.allow_retries is allow_retries


@pytest.fixture
def one_day_at_a_time(home: Any, quick_configs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One series of requests per day, so that a fault can hit a single day."""
    folder = tmp_path / "one_day_at_a_time"
    folder.mkdir()
    for path in quick_configs.glob("*.yml"):
        (folder / path.name).write_text(path.read_text().replace("window_days: 31", "window_days: 1"))
    monkeypatch.setenv("GENAI_FINOPS_PROVIDER_CONFIGS", str(folder))


@pytest.mark.usefixtures("one_day_at_a_time")
def test_days_that_went_well_for_everyone_are_materialised_although_another_failed(
    home: Any, extract: Callable[[], dg.ExecuteInProcessResult], instance: dg.DagsterInstance
) -> None:
    home.simulator.set_fault("openai", "unknown_tier", org="globex", path_prefix="usage/completions", after=1, times=1)
    assert not extract().success
    assert instance.get_materialized_partitions(OPENAI) == {"2026-11-02", "2026-11-04"}


def test_stored_rows_are_what_the_run_reported(
    extract: Callable[[], dg.ExecuteInProcessResult], check: Callable[[], dg.AssetCheckResult]
) -> None:
    extract()
    assert check().passed


def test_a_lost_landing_file_is_noticed(
    extract: Callable[[], dg.ExecuteInProcessResult], check: Callable[[], dg.AssetCheckResult], home: Any
) -> None:
    extract()
    landing_file(home).unlink()
    assert not check().passed


def test_a_landing_file_of_another_content_is_noticed(
    extract: Callable[[], dg.ExecuteInProcessResult], check: Callable[[], dg.AssetCheckResult], home: Any
) -> None:
    extract()
    landing_file(home).write_bytes(landing_file(home, "globex").read_bytes())
    assert not check().passed


def test_a_range_is_consolidated_in_one_run_that_passes_every_check(
    extract: Callable[[], dg.ExecuteInProcessResult],
    home: Any,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
) -> None:
    extract()
    result = definitions.resolve_job_def("consolidate").execute_in_process(
        instance=instance, tags=range_tags(FIRST, LAST), run_config=QUIET, raise_on_error=False
    )
    evaluations = result.get_asset_check_evaluations()
    assert result.success
    failed = {evaluation.check_name: evaluation.severity for evaluation in evaluations if not evaluation.passed}
    # The defaults of models that are no longer sold differ from the catalogue, which decides.
    assert failed == {"sources_agree_on_prices": dg.AssetCheckSeverity.WARN}
    assert {"unpriced_share", "assert_usage_is_conserved"} <= {evaluation.check_name for evaluation in evaluations}
    assert instance.get_materialized_partitions(dg.AssetKey(["focus", "cost_and_usage"])) == DAYS
    assert [path for path in (home.settings.home / "focus").iterdir() if path.suffix == ".parquet"]
