"""Control endpoints and the command line."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

START = int(dt.datetime(2026, 10, 26, tzinfo=dt.UTC).timestamp())
END = int(dt.datetime(2026, 11, 5, tzinfo=dt.UTC).timestamp())
WINDOW = [("start_time", START), ("end_time", END)]
COMPLETIONS = "organization/usage/completions"


def test_faults_can_be_set_and_cleared_over_http(simulator: Simulator, openai: Any) -> None:
    told = {"provider": "openai", "org": "acme", "path_prefix": "completions", "kind": "rate_limited", "after": 1}
    assert httpx.post(f"{simulator.url}/_sim/faults", json={**told, "retry_after": 3}).status_code == 204
    answers = [openai(COMPLETIONS, WINDOW) for _ in range(2)]
    httpx.delete(f"{simulator.url}/_sim/faults")
    assert [*(answer.status_code for answer in answers), openai(COMPLETIONS, WINDOW).status_code] == [200, 429, 200]
    assert answers[1].headers["retry-after"] == "3"


@pytest.mark.parametrize(
    "told", [{"provider": "openai", "kind": "gremlin"}, {"provider": "acme", "kind": "empty"}, ["no", "object"]]
)
def test_a_fault_that_makes_no_sense_is_refused(simulator: Simulator, told: Any) -> None:
    assert httpx.post(f"{simulator.url}/_sim/faults", json=told).status_code == 400


def test_the_clock_cannot_go_back(simulator: Simulator) -> None:
    answer = httpx.post(f"{simulator.url}/_sim/clock", json={"now": "2026-11-01T00:00:00Z"})
    assert answer.status_code == 400
    assert "cannot go back" in answer.json()["error"]


def test_the_truth_is_served(simulator: Simulator) -> None:
    assert httpx.get(f"{simulator.url}/_sim/truth").json() == simulator.truth()


def test_requests_are_remembered_without_their_keys(simulator: Simulator, openai: Any) -> None:
    openai(COMPLETIONS, [*WINDOW, ("limit", "2")])
    text = httpx.get(f"{simulator.url}/_sim/requests").text
    (seen,) = json.loads(text)["requests"]
    assert (seen["path"], seen["org"], seen["status"]) == (f"/{COMPLETIONS}", "acme", 200)
    assert ["limit", "2"] in seen["params"]
    assert simulator.admin_key("acme", "openai") not in text


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    executable = Path(sys.executable).with_name("genai-finops")
    command = [str(executable), "simulate", "serve", "--port", "0", "--orgs", "acme"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        status = httpx.get(f"{told['base_urls']['openai']}/{COMPLETIONS}").status_code
        process.terminate()
        process.wait(timeout=10)
    assert (status, told["orgs"], process.returncode) == (401, ["acme"], 0)


def test_the_command_prints_the_truth_as_the_server_has_it() -> None:
    executable = Path(sys.executable).with_name("genai-finops")
    options = ["--from", "2026-11-02", "--orgs", "acme", "--seed", "3"]
    told = subprocess.run([str(executable), "simulate", "truth", "--json", *options], capture_output=True, check=True)
    scenario = Scenario(seed=3, first_day=dt.date(2026, 11, 2), orgs=("acme",))
    with running_simulator(scenario=scenario) as simulator:
        assert json.loads(told.stdout) == simulator.truth()


def test_the_command_names_the_remedy_for_days_in_the_wrong_order() -> None:
    executable = Path(sys.executable).with_name("genai-finops")
    command = [str(executable), "simulate", "truth", "--from", "2026-11-02", "--to", "2026-11-01"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "Correct --from, --to or --orgs" in told.stderr
