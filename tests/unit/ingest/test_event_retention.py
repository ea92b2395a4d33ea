"""Old events move to fewer files and colder places: checked, once, and readable whenever a run is killed."""

import datetime as dt
import io
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from genai_finops.attribution.retention import RetentionLimits
from genai_finops.ingest.event_files import landed_name
from genai_finops.ingest.event_retention import RetentionReport, retain_events
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import write_landing_sentinel
from genai_finops.schemas.tables.events import EVENT_METERS, EVENTS_RAW
from genai_finops.schemas.types import TYPES

TODAY = dt.date(2026, 11, 5)
LIMITS = RetentionLimits(hot_days=90, cold_days=365, archive_days=2557)
HOT, COLD, ARCHIVED, EXPIRED = (TODAY - dt.timedelta(days=age) for age in (89, 90, 365, 2557))
READ_AT = dt.datetime(2026, 8, 8, tzinfo=dt.UTC)

Event = tuple[str, str, str]


class Killed(BaseException):
    """The process is gone."""


class KilledAfter(LakeFiles):
    """A lake whose process is killed after so many changes."""

    def __init__(self, url: str, changes: int) -> None:
        super().__init__(url)
        self.changes = changes

    def _count(self) -> None:
        if self.changes == 0:
            raise Killed
        self.changes -= 1

    def replace(self, relative: str, content: bytes) -> None:
        self._count()
        super().replace(relative, content)

    def remove(self, relative: str) -> None:
        self._count()
        super().remove(relative)


@pytest.fixture
def lake(tmp_path: Path) -> LakeFiles:
    files = LakeFiles(str(tmp_path))
    write_landing_sentinel(files, EVENTS_RAW)
    return files


def events(
    log_file: str, day: dt.date, count: int, *, org: str, source: str, read_at: dt.datetime, output: int
) -> pl.DataFrame:
    common = {
        "source_id": source,
        "log_file": log_file,
        "usage_date": day,
        "started_at": dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC),
        "provider": "openai",
        "status": "success",
        "is_cache_hit": False,
        **dict.fromkeys(EVENT_METERS, 0),
        "output": output,
        "reported_cost": Decimal("0.000000375"),
        "reported_currency": "USD",
        "x_org_slug": org,
        "x_pipeline_id": f"request_logs.{source}",
        "x_credential_id": source,
        "x_pipeline_run_date": day,
        "x_run_id": "run",
        "x_ingested_at": read_at,
        "x_ingestion_date": day,
        "x_genai_provider": "OPENAI",
    }
    rows = [{**common, "event_id": f"{log_file}-{line}", "log_line": line} for line in range(1, count + 1)]
    schema = {column.name: TYPES[column.type].polars for column in EVENTS_RAW.columns}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def land(
    lake: LakeFiles,
    log_file: str,
    day: dt.date,
    count: int = 2,
    *,
    org: str = "acme",
    source: str = "gateway",
    read_at: dt.datetime = READ_AT,
    output: int = 7,
) -> str:
    path = f"landing/{EVENTS_RAW.name}/day={day}/{org}/{landed_name(source, log_file)}"
    buffer = io.BytesIO()
    events(log_file, day, count, org=org, source=source, read_at=read_at, output=output).write_parquet(buffer)
    lake.replace(path, buffer.getvalue())
    return path


def retain(lake: LakeFiles, *, today: dt.date = TODAY, dry_run: bool = False) -> RetentionReport:
    return retain_events(lake, limits=LIMITS, today=today, dry_run=dry_run)


def told(lake: LakeFiles, places: tuple[str, ...] = ("landing", "archive")) -> Counter[tuple[str, str, str, int]]:
    """Organisation, source, event and output of every row, as the models read them."""
    globs = [f"{lake.url}/{place}/{EVENTS_RAW.name}/*/*/*.parquet" for place in places]
    rows = duckdb.execute(
        "select x_org_slug, source_id, event_id, output from read_parquet(?, hive_partitioning = true)", [globs]
    ).fetchall()
    return Counter(rows)


def kept(lake: LakeFiles, place: str, day: dt.date) -> list[str]:
    return lake.find(f"{place}/{EVENTS_RAW.name}/day={day}")


def test_a_cold_day_is_one_file_for_each_organisation_that_tells_the_same(lake: LakeFiles) -> None:
    for log_file in ("a.jsonl", "b.jsonl", "c.jsonl"):
        land(lake, log_file, COLD)
        land(lake, log_file, COLD, org="globex", source="proxy")
    before = told(lake)

    report = retain(lake)

    assert told(lake) == before
    assert [path.split("/")[3] for path in kept(lake, "landing", COLD)] == ["acme", "globex"]
    assert (report.rows, report.failed) == (12, ())


def test_hot_days_stay_as_they_were_landed(lake: LakeFiles) -> None:
    paths = sorted(land(lake, log_file, HOT) for log_file in ("a.jsonl", "b.jsonl"))
    retain(lake)
    assert kept(lake, "landing", HOT) == paths


def test_an_archived_day_is_no_longer_in_the_landing_folder_and_still_read(lake: LakeFiles) -> None:
    land(lake, "a.jsonl", ARCHIVED)
    land(lake, "b.jsonl", ARCHIVED)
    before = told(lake)

    retain(lake)

    assert kept(lake, "landing", ARCHIVED) == []
    assert told(lake) == told(lake, ("archive",)) == before


def test_an_expired_day_is_nowhere(lake: LakeFiles) -> None:
    land(lake, "a.jsonl", EXPIRED)
    retain(lake, today=TODAY - dt.timedelta(days=1))
    assert told(lake).total() == 2
    retain(lake)
    assert told(lake).total() == 0


@pytest.mark.parametrize("day", [COLD, ARCHIVED], ids=["cold", "archived"])
def test_a_log_file_that_is_read_again_late_replaces_what_was_kept_of_it(lake: LakeFiles, day: dt.date) -> None:
    land(lake, "a.jsonl", day)
    land(lake, "b.jsonl", day)
    retain(lake)
    land(lake, "a.jsonl", day, count=3, read_at=READ_AT + dt.timedelta(days=1), output=9)

    retain(lake)

    assert told(lake) == Counter(
        {("acme", "gateway", f"a.jsonl-{line}", 9): 1 for line in (1, 2, 3)}
        | {("acme", "gateway", f"b.jsonl-{line}", 7): 1 for line in (1, 2)}
    )


def test_of_two_joined_files_the_later_reading_counts(lake: LakeFiles) -> None:
    """As when a run was killed before it deleted the first, and the log file was read again since."""
    land(lake, "a.jsonl", COLD)
    land(lake, "b.jsonl", COLD)
    retain(lake)
    [first] = kept(lake, "landing", COLD)
    content = lake.read(first)
    land(lake, "a.jsonl", COLD, read_at=READ_AT + dt.timedelta(days=1), output=9)
    retain(lake)
    lake.replace(first, content)

    retain(lake)

    assert told(lake)[("acme", "gateway", "a.jsonl-1", 9)] == 1
    assert told(lake).total() == 4


@pytest.mark.parametrize("day", [COLD, ARCHIVED], ids=["cold", "archived"])
@pytest.mark.parametrize("changes", range(4))
def test_a_killed_run_loses_nothing_and_the_next_one_leaves_nothing_twice(
    lake: LakeFiles, day: dt.date, changes: int
) -> None:
    for log_file in ("a.jsonl", "b.jsonl", "c.jsonl"):
        land(lake, log_file, day)
    before = told(lake)

    with pytest.raises(Killed):
        retain(KilledAfter(lake.url, changes))
    assert set(told(lake)) == set(before)

    retain(lake)
    assert told(lake) == before


def test_a_copy_that_does_not_read_back_deletes_nothing(lake: LakeFiles) -> None:
    class Forgetful(LakeFiles):
        def replace(self, relative: str, content: bytes) -> None:
            super().replace(relative, content[:-8] + b"\0" * 8)

    paths = sorted(land(lake, log_file, COLD) for log_file in ("a.jsonl", "b.jsonl"))

    [outcome] = retain(Forgetful(lake.url)).failed

    assert "does not hold what was written" in (outcome.reason or "")
    assert set(paths) <= set(kept(lake, "landing", COLD))


def test_a_file_that_is_landed_again_meanwhile_is_not_deleted(lake: LakeFiles) -> None:
    class Busy(LakeFiles):
        def replace(self, relative: str, content: bytes) -> None:
            super().replace(relative, content)
            land(lake, "a.jsonl", COLD, read_at=READ_AT + dt.timedelta(days=1), output=9)

    land(lake, "a.jsonl", COLD)
    land(lake, "b.jsonl", COLD)

    retain(Busy(lake.url))
    assert told(lake)[("acme", "gateway", "a.jsonl-1", 9)] == 1

    retain(lake)
    assert told(lake).total() == 4


def test_a_damaged_day_stays_and_stops_no_other(lake: LakeFiles) -> None:
    land(lake, "a.jsonl", COLD)
    damaged = land(lake, "b.jsonl", COLD)
    lake.replace(damaged, b"damaged")
    land(lake, "a.jsonl", ARCHIVED)

    report = retain(lake)

    assert [outcome.move.day for outcome in report.failed] == [COLD]
    assert len(kept(lake, "landing", COLD)) == 2
    assert kept(lake, "landing", ARCHIVED) == []


def test_a_dry_run_says_what_would_move_and_changes_nothing(lake: LakeFiles) -> None:
    for day in (HOT, COLD, ARCHIVED, EXPIRED):
        land(lake, "a.jsonl", day)
        land(lake, "b.jsonl", day)
    before = {path: lake.read(path) for path in lake.find("")}

    report = retain(lake, dry_run=True)

    assert [(outcome.move.day, outcome.move.to) for outcome in report.outcomes] == [
        (EXPIRED, "expired"),
        (ARCHIVED, "archive"),
        (COLD, "cold"),
    ]
    assert {path: lake.read(path) for path in lake.find("")} == before


def test_what_is_kept_already_is_left_as_it_is(lake: LakeFiles) -> None:
    for day in (COLD, ARCHIVED):
        land(lake, "a.jsonl", day)
        land(lake, "b.jsonl", day)
    retain(lake)
    assert retain(lake).outcomes == ()
