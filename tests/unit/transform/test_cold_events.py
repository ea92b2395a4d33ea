"""Events leave the warehouse only where the lake is known to keep them."""

import datetime as dt
from collections.abc import Collection
from pathlib import Path

import duckdb
import pytest

from genai_finops.attribution.retention import RetentionLimits
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings
from genai_finops.transform.cold_events import drop_cold_events

TODAY = dt.date(2026, 11, 5)
LIMITS = RetentionLimits(hot_days=2, cold_days=4, archive_days=6)
Stored = dict[tuple[dt.date, str], int]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse with two events of each of the last seven days."""
    found = Settings.from_environment({"GENAI_FINOPS_HOME": str(tmp_path)}, tmp_path)
    with duckdb.connect(str(found.warehouse_path)) as connection:
        connection.execute(
            "create table genai_usage_events as select day::date as x_ingestion_date, 'acme' as x_org_slug "
            "from range(date '2026-10-30', date '2026-11-06', interval 1 day) days(day), range(2)"
        )
    return found


def two_of_each(days: Collection[dt.date]) -> Stored:
    return dict.fromkeys(((day, "acme") for day in days), 2)


def test_a_dry_run_counts_the_days_that_are_no_longer_hot(settings: Settings) -> None:
    dropped = drop_cold_events(settings, limits=LIMITS, today=TODAY, count_stored=two_of_each, dry_run=True)
    assert dropped == dict.fromkeys((dt.date(2026, 10, 30) + dt.timedelta(days=number) for number in range(5)), 2)


def test_nothing_is_dropped_where_the_lake_has_fewer_events(settings: Settings) -> None:
    def one_is_lost(days: Collection[dt.date]) -> Stored:
        return two_of_each(days) | {(dt.date(2026, 11, 2), "acme"): 1}

    with pytest.raises(FinopsError, match="acme 2026-11-02"):
        drop_cold_events(settings, limits=LIMITS, today=TODAY, count_stored=one_is_lost)


def test_expired_days_need_not_be_in_the_lake(settings: Settings) -> None:
    def none_of_expired(days: Collection[dt.date]) -> Stored:
        return {key: rows for key, rows in two_of_each(days).items() if key[0] > dt.date(2026, 10, 30)}

    assert drop_cold_events(settings, limits=LIMITS, today=TODAY, count_stored=none_of_expired, dry_run=True)


def test_without_a_warehouse_there_is_nothing_to_drop(tmp_path: Path) -> None:
    settings = Settings.from_environment({"GENAI_FINOPS_HOME": str(tmp_path)}, tmp_path)
    assert drop_cold_events(settings, limits=LIMITS, today=TODAY, count_stored=two_of_each) == {}
