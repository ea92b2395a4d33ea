"""`dagster dev` as `make dev` starts it: a backfill launched from the UI's own interface."""

import contextlib
import datetime as dt
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.slow

DAYS = ["2026-11-01", "2026-11-02", "2026-11-03"]
ASSET = ["landing", "openai", "payg_usage"]

_LAUNCH = """
mutation Launch($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
    ... on PartitionKeysNotFoundError { message }
  }
}
"""
_BACKFILL = """
query Backfill($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    __typename
    ... on PartitionBackfill { status error { message } runs(limit: 10) { id status } }
  }
}
"""
_LOCATIONS = """
{
  workspaceOrError {
    ... on Workspace { locationEntries { name locationOrLoadError { __typename ... on PythonError { message } } } }
  }
}
"""
_ASSET = """
query Asset($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      groupName
      description
      partitionStats { numMaterialized numFailed }
      assetMaterializations(limit: 10) { partition metadataEntries { label } }
    }
  }
}
"""


class Ui:
    """Dagster's web server, asked as its pages ask it."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=60)

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self._client.post("/graphql", json={"query": query, "variables": variables}).raise_for_status().json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def is_ready(self) -> bool:
        try:
            entries = self.ask(_LOCATIONS)["workspaceOrError"]["locationEntries"]
        except httpx.HTTPError:
            return False
        return [entry["locationOrLoadError"]["__typename"] for entry in entries if entry["locationOrLoadError"]] == [
            "RepositoryLocation"
        ]


def wait_for(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:.0f} s"
        time.sleep(0.5)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def platform(
    platform_with_organisations: Callable[[Path, Any], Any], tmp_path_factory: pytest.TempPathFactory, simulator: Any
) -> Any:
    platform = platform_with_organisations(tmp_path_factory.mktemp("dev") / "home", simulator)
    assert platform.command("dagster-home").returncode == 0
    return platform


@pytest.fixture(scope="module")
def ui(platform: Any, repository: Path, finops_command: list[str]) -> Iterator[Ui]:
    """The UI of `dagster dev`: web server, daemon and code location, each a process."""
    port = free_port()
    log = platform.settings.home / "dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [Path(finops_command[0]).with_name("dagster"), "dev", "-w", "workspace.yaml", "-p", str(port)],
            env=platform.environ,
            cwd=repository,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    found = Ui(f"http://127.0.0.1:{port}")
    try:
        wait_for(lambda: process.poll() is not None or found.is_ready(), "the UI", 180)
        assert process.poll() is None, log.read_text()
        yield found
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(timeout=30)
        finally:
            # Whatever of the group has not ended by itself: the session is this fixture's own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def backfill(ui: Ui) -> Any:
    """A backfill of three days, launched as the button of the UI does, after its end."""
    launched = ui.ask(
        _LAUNCH,
        params={"assetSelection": [{"path": ASSET}], "partitionNames": DAYS, "title": "three days"},
    )["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched

    def state() -> Any:
        return ui.ask(_BACKFILL, id=launched["backfillId"])["partitionBackfillOrError"]

    wait_for(lambda: state()["status"] not in {"REQUESTED", "COMPLETING"}, "the end of the backfill", 300)
    return state()


def test_a_backfill_ends_well_as_one_run(backfill: Any) -> None:
    assert backfill["status"] == "COMPLETED_SUCCESS", backfill["error"]
    assert [run["status"] for run in backfill["runs"]] == ["SUCCESS"]


def test_its_days_are_materialised(backfill: Any, ui: Ui) -> None:
    asset = ui.ask(_ASSET, key={"path": ASSET})["assetNodeOrError"]
    assert asset["partitionStats"] == {"numMaterialized": 3, "numFailed": 0}
    assert sorted(found["partition"] for found in asset["assetMaterializations"]) == DAYS


def test_the_ui_shows_what_each_day_brought(backfill: Any, ui: Ui) -> None:
    asset = ui.ask(_ASSET, key={"path": ASSET})["assetNodeOrError"]
    labels = {entry["label"] for entry in asset["assetMaterializations"][0]["metadataEntries"]}
    assert {"dagster/partition_row_count", "requests", "tokens", "credentials"} <= labels
    assert (asset["groupName"], asset["description"][:6]) == ("ingest_payg", "OpenAI")


@pytest.mark.parametrize("day", DAYS)
def test_its_days_are_in_the_lake(backfill: Any, platform: Any, day: str) -> None:
    paths = [path for path in platform.lake.find("landing") if f"day={day}/openai/" in path]
    assert len(paths) == 3
    assert dt.date.fromisoformat(day) in {row["usage_date"] for row in platform.landing_rows()[paths[0]].to_dicts()}


def test_no_secret_is_in_what_dagster_keeps(backfill: Any, platform: Any, simulator: Any) -> None:
    secrets = [
        simulator.admin_key(org, provider).encode() for org in simulator.scenario.orgs for provider in ("openai",)
    ]
    files = [path for path in platform.settings.home.rglob("*") if path.is_file()]
    assert [path for path in files for secret in secrets if secret in path.read_bytes()] == []
    assert re.search("schedules|runs", " ".join(str(path) for path in files))
