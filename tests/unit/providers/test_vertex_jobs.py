"""When a custom job's machines are billed, and when they are not."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.providers.base import SourceAccount, UsageRow, Window
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import page_of
from genai_finops.providers.vertex_infrastructure import VertexInfrastructure

from .test_host_places import CONFIGS

DAY = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 1))
POOL = {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": "3"}


def rows_of(*, listed_at: str = "2026-10-02T06:00:00+00:00", repeated: int = 1, **fields: Any) -> list[UsageRow]:
    """Rows of the day of one job of three machines; `jobSpec` adds to its specification."""
    spec = {"workerPoolSpecs": [POOL], **fields.pop("jobSpec", {})}
    job = {"name": "projects/1/locations/us-central1/customJobs/7", "displayName": "Train", "jobSpec": spec, **fields}
    body = json.dumps({"customJobs": [job] * repeated}).encode()
    page = page_of(body, source="customJobs", request={"location": "us-central1", "listed_at": listed_at})
    config = load_provider_configs(CONFIGS, {})["gcp_vertex"]
    account = SourceAccount(id="acme-prod-1", options={"locations": "us-central1"})
    source = VertexInfrastructure(config, config.flows["infrastructure"], None, account)  # type: ignore[arg-type]
    return list(source.normalise([page], DAY))


def hours(rows: list[UsageRow]) -> list[tuple[int, Decimal]]:
    return [(row.period_start.hour, row.quantity) for row in rows]


def test_a_job_is_cut_at_midnight_and_at_each_hour():
    rows = rows_of(startTime="2026-09-30T22:00:00Z", endTime="2026-10-01T01:20:00Z")
    assert hours(rows) == [(0, Decimal(3)), (1, Decimal(1))]


def test_a_job_that_still_runs_is_billed_until_it_was_listed():
    rows = rows_of(startTime="2026-10-01T05:30:00Z", listed_at="2026-10-01T06:00:01+00:00")
    assert hours(rows) == [(5, Decimal("1.5")), (6, Decimal("0.000833"))]


def test_a_job_that_failed_is_billed():
    rows = rows_of(startTime="2026-10-01T05:00:00.5Z", endTime="2026-10-01T05:00:01Z", state="JOB_STATE_FAILED")
    assert hours(rows) == [(5, Decimal("0.000417"))]


def test_a_job_that_never_got_machines_is_not():
    assert rows_of(endTime="2026-10-01T05:00:00Z", state="JOB_STATE_CANCELLED") == []


def test_a_job_that_two_pages_name_is_billed_once():
    assert hours(rows_of(startTime="2026-10-01T05:00:00Z", endTime="2026-10-01T06:00:00Z", repeated=2)) == [
        (5, Decimal(3))
    ]


@pytest.mark.parametrize(
    ("strategy", "tier"),
    [
        ("STANDARD", "standard"),
        ("SPOT", "spot"),
        ("LOW_COST", "spot"),
        ("FLEX_START", "flex"),
        ("ON_DEMAND", "standard"),
    ],
)
def test_the_strategy_of_scheduling_decides_the_tier(strategy, tier):
    [row] = rows_of(
        startTime="2026-10-01T05:00:00Z",
        endTime="2026-10-01T06:00:00Z",
        jobSpec={"scheduling": {"strategy": strategy}},
    )
    assert (row.service_tier, row.provider_service_tier) == (tier, "training")


def test_machines_that_are_kept_for_jobs_are_not_those_of_a_job(caplog):
    rows = rows_of(
        startTime="2026-10-01T05:00:00Z", endTime="2026-10-01T06:00:00Z", jobSpec={"persistentResourceId": "kept"}
    )
    assert rows == []
    assert "custom_job=7: on a persistent resource" in caplog.text
