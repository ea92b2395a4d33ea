"""Each fault as it arrives at a client."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from genai_finops.simulator.running import Simulator

START = int(dt.datetime(2026, 10, 26, tzinfo=dt.UTC).timestamp())
END = int(dt.datetime(2026, 11, 5, tzinfo=dt.UTC).timestamp())
WINDOW = [("start_time", START), ("end_time", END)]
CLAUDE_WINDOW = [("starting_at", "2026-10-26T00:00:00Z"), ("ending_at", "2026-11-05T00:00:00Z")]
COMPLETIONS = "organization/usage/completions"
MESSAGES = "v1/organizations/usage_report/messages"
FULL_GROUPING = [("group_by[]", name) for name in ("project_id", "api_key_id", "model", "batch", "service_tier")]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("unauthorized", 401),
        ("forbidden", 403),
        ("rate_limited", 429),
        ("server_error", 500),
        ("unavailable", 503),
        ("overloaded", 529),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_status_fault_answers_with_the_error_shape_of_the_provider(
    request: pytest.FixtureRequest, provider: str, kind: str, status: int
) -> None:
    path = {"openai": COMPLETIONS, "anthropic": MESSAGES}[provider]
    answer = request.getfixturevalue(provider)(path, headers={"x-sim-fault": kind})
    assert answer.status_code == status
    assert {"message", "type"} <= set(answer.json()["error"])
    assert "retry-after" not in answer.headers


def test_a_rate_limit_can_say_when_to_come_back(openai: Any) -> None:
    assert openai(COMPLETIONS, headers={"x-sim-fault": "rate_limited;retry_after=2"}).headers["retry-after"] == "2"


def test_a_held_answer_runs_into_the_timeout_of_the_client(openai: Any) -> None:
    with pytest.raises(httpx.ReadTimeout):
        openai(COMPLETIONS, WINDOW, headers={"x-sim-fault": "timeout;seconds=5"}, timeout=0.2)


def test_a_cut_connection_ends_in_the_middle_of_the_body(openai: Any) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        openai(COMPLETIONS, WINDOW, headers={"x-sim-fault": "disconnect"})


def test_a_truncated_body_arrives_whole_as_http_and_broken_as_json(openai: Any) -> None:
    answer = openai(COMPLETIONS, WINDOW, headers={"x-sim-fault": "truncated_body"})
    assert (answer.status_code, int(answer.headers["content-length"])) == (200, len(answer.content))
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_an_html_page_can_come_with_status_200(openai: Any) -> None:
    answer = openai(COMPLETIONS, WINDOW, headers={"x-sim-fault": "not_json"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_a_repeated_token_leads_nowhere(openai: Any) -> None:
    fault = {"x-sim-fault": "repeated_page_token"}
    first = openai(COMPLETIONS, WINDOW, headers=fault).json()
    second = openai(COMPLETIONS, [*WINDOW, ("page", first["next_page"])], headers=fault).json()
    assert (second["has_more"], second["next_page"]) == (True, first["next_page"])


def test_endless_pages_have_a_new_token_each_time(simulator: Simulator, anthropic: Any) -> None:
    simulator.set_fault("anthropic", "endless_pages")
    tokens: list[str] = []
    for _ in range(4):
        page = [("page", token) for token in tokens[-1:]]
        tokens.append(anthropic(MESSAGES, CLAUDE_WINDOW + page).json()["next_page"])
    assert len(set(tokens)) == 4


def test_a_next_page_can_be_promised_without_a_token(anthropic: Any) -> None:
    page = anthropic(MESSAGES, CLAUDE_WINDOW, headers={"x-sim-fault": "has_more_without_next_page"}).json()
    assert (page["has_more"], page["next_page"]) == (True, None)


def _first_rows(
    ask: Any, path: str, params: list[tuple[str, Any]], fault: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first row without and with a fault."""
    good = ask(path, params).json()["data"][0]["results"][0]
    bad = ask(path, params, headers={"x-sim-fault": fault}).json()["data"][0]["results"][0]
    return good, bad


@pytest.mark.parametrize(
    ("fault", "field", "change"),
    [
        ("missing_field", "input_tokens", lambda _: None),
        ("missing_field;field=output_tokens", "output_tokens", lambda _: None),
        ("unknown_field", "sim_annotation", lambda _: {"note": "not in any documentation"}),
        ("unknown_usage_field", "hologram_tokens", lambda _: 17),
        ("unknown_model", "model", lambda _: "mystery-model-9"),
        ("unknown_tier", "service_tier", lambda _: "platinum"),
        ("negative_quantity", "input_tokens", lambda count: -count - 1),
        ("wrong_type", "input_tokens", lambda count: f"{count} or so"),
        ("bad_identity", "input_uncached_tokens", lambda count: count + 1),
    ],
)
def test_a_page_fault_changes_one_thing(openai: Any, fault: str, field: str, change: Callable[[Any], Any]) -> None:
    good, bad = _first_rows(openai, COMPLETIONS, WINDOW + FULL_GROUPING, fault)
    expected = {**good, field: change(good.get(field))}
    assert {**bad, field: bad.get(field)} == expected


def test_filtered_parts_of_anthropic_can_disagree_with_the_whole(anthropic: Any) -> None:
    params = [*CLAUDE_WINDOW, ("inference_geos[]", "us")]
    good, bad = _first_rows(anthropic, MESSAGES, params, "bad_identity")
    assert bad["uncached_input_tokens"] == good["uncached_input_tokens"] + 1


def test_an_empty_answer_has_all_buckets_and_no_rows(openai: Any) -> None:
    buckets = openai(COMPLETIONS, WINDOW, headers={"x-sim-fault": "empty"}).json()["data"]
    assert [bucket["results"] for bucket in buckets] == [[]] * 7


def test_lists_can_be_cut_into_pages_of_one(simulator: Simulator, openai: Any) -> None:
    simulator.set_fault("openai", "short_list_pages")
    page = openai("organization/projects").json()
    assert (len(page["data"]), page["has_more"]) == (1, True)


def test_a_fault_of_one_organisation_spares_the_other(simulator: Simulator, openai: Any) -> None:
    simulator.set_fault("openai", "server_error", org="globex")
    theirs = {"authorization": f"Bearer {simulator.admin_key('globex', 'openai')}"}
    assert [openai(COMPLETIONS, WINDOW, headers=h).status_code for h in ({}, theirs)] == [200, 500]


def test_an_unknown_fault_is_refused(openai: Any) -> None:
    assert refusal(openai(COMPLETIONS, WINDOW, headers={"x-sim-fault": "gremlin"}))[0] == 400
