"""What a build leaves behind, whichever way it was asked for."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

from genai_finops.errors import FinopsError
from genai_finops.schemas.register import TABLES
from genai_finops.transform import TransformError, dbt_build, dbt_docs

CASES = yaml.safe_load((Path(__file__).parent / "rating_cases.yml").read_text(encoding="utf-8"))
FLOW_TABLES = (
    "genai_payg_usage_raw",
    "genai_usage_daily_unified",
    "genai_payg_costs_daily",
    "genai_costs_daily_unified",
    "genai_unpriced_usage",
)
MODELS = [*FLOW_TABLES, "genai_payg_pricing"]
DAYS = [dt.date(2026, 10, day) for day in (1, 2, 3, 4)]
#: FOCUS models have tests of their own.
SELECT = [f"+{name}" for name in FLOW_TABLES]


def _four_days(toy: Any) -> list[dict[str, Any]]:
    return [
        toy.usage_row(day, meter=meter, quantity=str(1000 * number), api_key_id=f"key-{number}")
        for day in DAYS
        for meter in ("uncached_input", "output", "request")
        for number in (1, 2)
    ]


def _tables(lake: Any, toy: Any) -> dict[str, list[Any]]:
    return {
        name: toy.contents(lake.settings, name)
        if name != "genai_payg_pricing"
        else sorted(toy.query(lake.settings, "select * from genai_payg_pricing"), key=repr)
        for name in MODELS
    }


@pytest.fixture
def lake(module_toy_lake: Any, toy: Any) -> Any:
    """Four days of usage and no warehouse. One home for all tests: the project is then parsed twice, not for each."""
    _, reference = toy.rating_rows(CASES)
    module_toy_lake.clear()
    module_toy_lake.write_reference(**reference)
    module_toy_lake.land(_four_days(toy))
    return module_toy_lake


def test_a_second_build_changes_nothing(lake: Any, toy: Any) -> None:
    dbt_build(lake.settings, window=None, select=SELECT)
    first = _tables(lake, toy)
    dbt_build(lake.settings, window=None, select=SELECT)
    assert _tables(lake, toy) == first


def test_windows_add_up_to_a_full_build(lake: Any, toy: Any) -> None:
    dbt_build(lake.settings, window=None, select=SELECT)
    full = _tables(lake, toy)
    lake.settings.warehouse_path.unlink()
    dbt_build(lake.settings, window=(DAYS[0], DAYS[1]), select=SELECT)
    dbt_build(lake.settings, window=(DAYS[1], DAYS[3] + dt.timedelta(days=1)), select=SELECT)
    # A window that was built before is replaced, never appended to.
    dbt_build(lake.settings, window=(DAYS[2], DAYS[3]), select=SELECT)
    assert _tables(lake, toy) == full


def test_a_day_that_became_empty_loses_its_rows_and_no_other_does(lake: Any, toy: Any) -> None:
    dbt_build(lake.settings, window=None, select=SELECT)
    lake.empty(DAYS[1])
    dbt_build(lake.settings, window=(DAYS[1], DAYS[2]), select=SELECT)
    left = {
        name: {day for (day,) in toy.query(lake.settings, f"select distinct x_ingestion_date from {name}")}  # noqa: S608
        for name in FLOW_TABLES[:4]
    }
    assert left == {name: {DAYS[0], DAYS[2], DAYS[3]} for name in FLOW_TABLES[:4]}


def test_a_window_reads_the_files_of_its_days_only(lake: Any) -> None:
    broken = lake.root / "landing" / "genai_payg_usage_raw" / "day=2026-10-04" / "toy" / "acme.cred-1.parquet"
    broken.write_bytes(b"not parquet")
    result = dbt_build(lake.settings, window=(DAYS[1], DAYS[2]), select=SELECT)
    assert result.node("genai_payg_usage_raw").rows == 6


def test_periods_shorter_than_a_day_are_added_up(lake: Any, toy: Any) -> None:
    midnight = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    hours = [
        toy.usage_row(
            DAYS[0],
            quantity="0.25",
            period_start=midnight + dt.timedelta(hours=hour),
            period_end=midnight + dt.timedelta(hours=hour + 1),
        )
        for hour in range(24)
    ]
    lake.land(hours)
    dbt_build(lake.settings, window=(DAYS[0], DAYS[1]), select=["+genai_usage_daily_unified"])
    rows = toy.query(lake.settings, "select quantity, x_ingested_at from genai_usage_daily_unified")
    assert rows == [(6, hours[0]["x_ingested_at"])]


def test_a_bad_row_stops_the_build_and_names_the_test(lake: Any, toy: Any) -> None:
    lake.land([toy.usage_row(DAYS[0]), toy.usage_row(DAYS[0], quantity="5")])
    with pytest.raises(TransformError, match="genai_payg_usage_raw_grain_is_unique") as failure:
        dbt_build(lake.settings, window=None, select=SELECT)
    assert failure.value.result.node("genai_costs_daily_unified").status == "skipped"


def test_a_row_outside_its_partition_stops_the_build(lake: Any, toy: Any) -> None:
    lake.land([toy.usage_row(DAYS[0], usage_date=DAYS[1])])
    with pytest.raises(TransformError, match="assert_usage_lies_in_its_partition"):
        dbt_build(lake.settings, window=None, select=SELECT)


def test_results_tell_rows_of_the_window(lake: Any) -> None:
    dbt_build(lake.settings, window=None, select=SELECT)
    result = dbt_build(lake.settings, window=(DAYS[0], DAYS[2]), select=SELECT)
    assert {name: result.node(name).rows for name in FLOW_TABLES} == {
        "genai_payg_usage_raw": 12,
        "genai_usage_daily_unified": 12,
        "genai_payg_costs_daily": 8,
        "genai_costs_daily_unified": 8,
        # A view has no rows of its own.
        "genai_unpriced_usage": None,
    }


def test_a_busy_warehouse_is_waited_for_and_then_named(lake: Any) -> None:
    lake.settings.home.mkdir(parents=True, exist_ok=True)
    with (
        FileLock(lake.settings.home / "warehouse.lock"),
        pytest.raises(FinopsError, match=r"another build has held .*warehouse\.lock"),
    ):
        dbt_build(lake.settings, window=None, lock_timeout_seconds=0.1)


def test_an_empty_window_is_refused(lake: Any) -> None:
    with pytest.raises(FinopsError, match="the window is empty"):
        dbt_build(lake.settings, window=(DAYS[0], DAYS[0]))


def test_the_documentation_describes_every_column(lake: Any) -> None:
    page = dbt_docs(lake.settings).read_text(encoding="utf-8")
    missing = [
        column.name
        for name in MODELS
        for column in TABLES[name].columns
        if column.description.splitlines()[0][:40] not in page
    ]
    assert missing == []
