"""Credentials and parameters: what the providers refuse, and in which words."""

import datetime as dt
from typing import Any

import httpx
import pytest

from genai_finops.simulator.running import Simulator

START = int(dt.datetime(2026, 10, 26, tzinfo=dt.UTC).timestamp())
END = int(dt.datetime(2026, 11, 5, tzinfo=dt.UTC).timestamp())
WINDOW = [("start_time", START), ("end_time", END)]
CLAUDE_WINDOW = [("starting_at", "2026-10-26T00:00:00Z"), ("ending_at", "2026-11-05T00:00:00Z")]
COMPLETIONS = "organization/usage/completions"
COSTS = "organization/costs"
MESSAGES = "v1/organizations/usage_report/messages"
COST_REPORT = "v1/organizations/cost_report"
FULL_GROUPING = [("group_by[]", name) for name in ("project_id", "api_key_id", "model", "batch", "service_tier")]
CLAUDE_GROUPING = [
    ("group_by[]", name) for name in ("workspace_id", "api_key_id", "model", "service_tier", "context_window")
]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer sk-admin-wrong"}], ids=["none", "wrong"])
def test_openai_refuses_a_missing_or_wrong_key_with_401(simulator: Simulator, header: dict[str, str]) -> None:
    answer = httpx.get(f"{simulator.base_url('openai')}/{COMPLETIONS}", headers=header)
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")


def test_openai_refuses_an_inference_key_for_its_scope(simulator: Simulator) -> None:
    headers = {"authorization": f"Bearer {simulator.inference_key('acme', 'openai')}"}
    status, message = refusal(httpx.get(f"{simulator.base_url('openai')}/{COMPLETIONS}", headers=headers))
    assert status == 403
    assert "Missing scopes: api.usage.read" in message


def test_the_missing_scope_can_come_as_401(simulator: Simulator, openai: Any) -> None:
    simulator.set_fault("openai", "forbidden", status=401)
    answer = openai(COMPLETIONS, WINDOW)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "insufficient_scope")


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({}, 401, "authentication_error"),
        ({"x-api-key": "sk-ant-admin01-wrong"}, 401, "authentication_error"),
        ({"x-api-key": "sk-ant-api03-anything"}, 403, "permission_error"),
    ],
    ids=["none", "wrong", "inference"],
)
def test_anthropic_refuses_other_keys(simulator: Simulator, headers: dict[str, str], status: int, kind: str) -> None:
    answer = httpx.get(f"{simulator.base_url('anthropic')}/{MESSAGES}", headers=headers)
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)
    assert answer.json()["request_id"] == answer.headers["request-id"]


def test_anthropic_requires_its_version_header(simulator: Simulator) -> None:
    headers = {"x-api-key": simulator.admin_key("acme", "anthropic")}
    answer = httpx.get(f"{simulator.base_url('anthropic')}/{MESSAGES}", headers=headers)
    assert refusal(answer) == (400, "anthropic-version: header is required")


def test_a_key_shows_its_own_organisation_only(simulator: Simulator, openai: Any) -> None:
    theirs = {"authorization": f"Bearer {simulator.admin_key('globex', 'openai')}"}
    ids = [{found["id"] for found in openai("organization/projects", headers=h).json()["data"]} for h in ({}, theirs)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_every_answer_of_openai_has_a_request_id(openai: Any) -> None:
    ids = {openai(path).headers["x-request-id"] for path in (COMPLETIONS, "organization/projects", "nowhere")}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("path", "params", "expected"),
    [
        (COMPLETIONS, [("end_time", END)], "Missing required parameter: 'start_time'."),
        (COMPLETIONS, [("start_time", "yesterday")], "Invalid type for 'start_time'"),
        (COMPLETIONS, [*WINDOW, ("limit", 32)], "Invalid limit provided: 32. Limit must be less than or equal to 31."),
        (COMPLETIONS, [*WINDOW, ("bucket_width", "1h"), ("limit", 169)], "Limit must be less than or equal to 168."),
        (COSTS, [*WINDOW, ("limit", 366)], "Invalid limit provided: 366. Limit must be less than or equal to 180."),
        (COSTS, [*WINDOW, ("bucket_width", "1h")], "Invalid value: '1h'."),
        (COMPLETIONS, [*WINDOW, ("group_by", "color")], "Invalid value: 'color'."),
        ("organization/usage/vector_stores", [*WINDOW, ("group_by[]", "model")], "Invalid value: 'model'."),
        (COMPLETIONS, [*WINDOW, ("group_by[]", "model,batch")], "Invalid value: 'model,batch'."),
        (COMPLETIONS, [*WINDOW, ("colour", "red")], "Unknown parameter: 'colour'."),
        (COMPLETIONS, [*WINDOW, ("batch", "maybe")], "Invalid type for 'batch'"),
        (COMPLETIONS, [("start_time", START), ("end_time", END + 10**6)], "must not be in the future"),
        (COMPLETIONS, [("start_time", END), ("end_time", START)], "must be before 'end_time'"),
        (COSTS, [("start_time", 1764892800), ("group_by", "api_key_id")], "available from 2025-12-06"),
    ],
)
def test_openai_refuses_wrong_parameters(openai: Any, path: str, params: list[tuple[str, Any]], expected: str) -> None:
    status, message = refusal(openai(path, params))
    assert status == 400
    assert expected in message


def test_openai_names_the_earliest_day_that_it_still_reports(openai: Any) -> None:
    answer = openai(COMPLETIONS, [("start_time", START - 400 * 86400), ("end_time", END)])
    assert answer.json()["error"]["code"] == "reporting_lookback_exceeded"
    assert "2025-11-05" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "params", "expected"),
    [
        (MESSAGES, [], "starting_at: Field required"),
        (MESSAGES, [("starting_at", "2026-10-26")], "starting_at: Input should have timezone info"),
        (MESSAGES, [*CLAUDE_WINDOW, ("group_by", "model")], "Did you mean group_by[]?"),
        (MESSAGES, [*CLAUDE_WINDOW, ("models", "claude-opus-5")], "Did you mean models[]?"),
        (MESSAGES, [*CLAUDE_WINDOW, ("group_by[]", "speed")], "group_by[]: Input should be"),
        (MESSAGES, [*CLAUDE_WINDOW, ("speeds[]", "fast")], "speeds[]: Extra inputs are not permitted"),
        (MESSAGES, [*CLAUDE_WINDOW, ("inference_geos[]", "mars")], "inference_geos[]: Input should be"),
        (MESSAGES, [*CLAUDE_WINDOW, ("limit", 32)], "limit: Input should be between 1 and 31"),
        (COST_REPORT, [*CLAUDE_WINDOW, ("group_by[]", "model")], "group_by[]: Input should be"),
        (COST_REPORT, [*CLAUDE_WINDOW, ("bucket_width", "1h")], "bucket_width: Input should be '1d'"),
        (COST_REPORT, [("starting_at", "2026-11-05T00:00:00Z")], "ending date must be after starting date"),
    ],
)
def test_anthropic_refuses_wrong_parameters(
    anthropic: Any, path: str, params: list[tuple[str, Any]], expected: str
) -> None:
    status, message = refusal(anthropic(path, params))
    assert status == 400
    assert expected in message


def test_anthropic_groups_by_five_dimensions_at_most(anthropic: Any) -> None:
    answer = anthropic(MESSAGES, [*CLAUDE_WINDOW, *CLAUDE_GROUPING, ("group_by[]", "inference_geo")])
    assert answer.json()["error"] == {
        "type": "invalid_request_error",
        "message": "Cannot specify more than 5 group_by[] dimensions.",
    }


def test_openai_takes_arrays_with_and_without_brackets(openai: Any) -> None:
    plain = [(name.removesuffix("[]"), value) for name, value in FULL_GROUPING]
    assert (
        openai(COMPLETIONS, WINDOW + plain).json()["data"] == openai(COMPLETIONS, WINDOW + FULL_GROUPING).json()["data"]
    )
