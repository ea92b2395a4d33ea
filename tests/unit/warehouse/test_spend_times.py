"""Until when spend is known, by what was read when."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from genai_finops.lake.files import LakeFiles
from genai_finops.lake.landed_days import last_landed_days
from genai_finops.warehouse.spend_times import data_times

from .hand_made import DAY, warehouse_of

ONE = dt.timedelta(days=1)
KEY = ("acme", "toy")
NOON = dt.datetime.combine(DAY, dt.time(12), dt.UTC)
END = dt.datetime.combine(DAY + ONE, dt.time(), dt.UTC)


def usage(day: dt.date, read_at: dt.datetime) -> dict[str, Any]:
    return {"x_org_slug": "acme", "provider": "toy", "usage_date": day, "x_ingested_at": read_at}


def request(at: dt.datetime) -> dict[str, Any]:
    return {"x_org_slug": "acme", "provider": "toy", "started_at": at, "x_ingestion_date": at.date()}


CLOSED = usage(DAY, END + dt.timedelta(hours=2))
OPEN = usage(DAY + ONE, END + dt.timedelta(hours=3))
CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], dict[tuple[str, str], dt.date], dt.datetime]] = {
    "closed day": ([CLOSED], [], {}, END),
    "read at its very end": ([usage(DAY, END)], [], {}, END),
    "rows of today, read some hours ago": ([CLOSED, OPEN], [], {}, END + dt.timedelta(hours=3)),
    "day between that nobody read": (
        [CLOSED, usage(DAY + 2 * ONE, END + 1.5 * ONE)],
        [],
        {},
        END,
    ),
    "newer request": ([CLOSED], [request(END + dt.timedelta(hours=5))], {}, END + dt.timedelta(hours=5)),
    "older request": ([CLOSED], [request(NOON)], {}, END),
    "days of which the provider told nothing": ([CLOSED], [], {KEY: DAY + 2 * ONE}, END + 2 * ONE),
    "credential that is late": ([CLOSED], [], {KEY: DAY - ONE}, END - ONE),
    "landed while it was open": ([CLOSED, OPEN], [], {KEY: DAY + ONE}, END + dt.timedelta(hours=3)),
}


@pytest.mark.parametrize("name", CASES)
def test_spend_is_known_until(name: str, tmp_path: Path) -> None:
    rows, requests, landed, expected = CASES[name]
    tables = {"genai_usage_daily_unified": rows, "genai_usage_events": requests}
    with warehouse_of(tmp_path / "warehouse.duckdb", tables) as warehouse:
        assert data_times(warehouse, landed) == {KEY: expected}


def test_logs_that_flow_do_not_hide_a_provider_that_is_late(tmp_path: Path) -> None:
    tables = {"genai_usage_daily_unified": [CLOSED], "genai_usage_events": [request(END + 3 * ONE)]}
    with warehouse_of(tmp_path / "warehouse.duckdb", tables) as warehouse:
        assert data_times(warehouse, with_requests=False) == {KEY: END}


def test_the_credential_furthest_behind_counts_and_removed_ones_do_not(tmp_path: Path) -> None:
    files = LakeFiles(str(tmp_path))
    landed = {"quick": DAY, "slow": DAY - ONE, "removed": DAY - 5 * ONE, "today": DAY + ONE}
    for credential, day in landed.items():
        files.replace(f"landing/genai_payg_usage_raw/day={day}/toy/acme.{credential}.parquet", b"")
    known = [("acme", "toy", "quick"), ("acme", "toy", "slow"), ("acme", "toy", "today")]
    assert last_landed_days(files, known, before=DAY + ONE) == {KEY: DAY - ONE}
