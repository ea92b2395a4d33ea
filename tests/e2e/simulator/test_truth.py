"""Reports and lists against the truth behind them."""

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

import httpx
import pytest

from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

START = int(dt.datetime(2026, 10, 26, tzinfo=dt.UTC).timestamp())
END = int(dt.datetime(2026, 11, 5, tzinfo=dt.UTC).timestamp())
WINDOW = [("start_time", START), ("end_time", END)]
CLAUDE_WINDOW = [("starting_at", "2026-10-26T00:00:00Z"), ("ending_at", "2026-11-05T00:00:00Z")]
COMPLETIONS = "organization/usage/completions"
COSTS = "organization/costs"
MESSAGES = "v1/organizations/usage_report/messages"
COST_REPORT = "v1/organizations/cost_report"
OPENAI_SOURCES = (
    "completions",
    "embeddings",
    "moderations",
    "images",
    "audio_speeches",
    "audio_transcriptions",
    "vector_stores",
    "code_interpreter_sessions",
    "file_search_calls",
    "web_search_calls",
)


def test_the_usage_of_openai_is_the_truth(simulator: Simulator, openai: Any) -> None:
    rows = [row for row in simulator.truth()["rows"] if (row["org"], row["provider"]) == ("acme", "openai")]
    meters: Counter[str] = Counter()
    for row in rows:
        meters[row["meter"]] += row["quantity"]
    shown = {source: openai.totals(f"organization/usage/{source}", WINDOW) for source in OPENAI_SOURCES}
    completions = shown["completions"]
    inputs = ("uncached_input", "uncached_input_audio", "cache_read", "cache_read_audio", "cache_write")
    assert completions["input_tokens"] == sum(meters[meter] for meter in inputs)
    assert completions["output_tokens"] == meters["output"] + meters["output_audio"]
    assert (
        sum(counts["num_model_requests"] for source, counts in shown.items() if "search" not in source)
        == meters["request"]
    )
    assert shown["web_search_calls"]["num_requests"] == meters["web_search"]
    assert shown["vector_stores"]["usage_bytes"] == meters["storage_byte"]


def test_the_usage_of_anthropic_is_the_truth(simulator: Simulator, anthropic: Any) -> None:
    rows = [row for row in simulator.truth()["rows"] if (row["org"], row["provider"]) == ("acme", "anthropic")]
    meters: Counter[str] = Counter()
    for row in rows:
        meters[row["meter"]] += row["quantity"]
    assert anthropic.totals(MESSAGES, CLAUDE_WINDOW) == {
        "uncached_input_tokens": meters["uncached_input"],
        "cache_read_input_tokens": meters["cache_read"],
        "ephemeral_5m_input_tokens": meters["cache_write_5m"],
        "ephemeral_1h_input_tokens": meters["cache_write_1h"],
        "output_tokens": meters["output"],
        "web_search_requests": meters["web_search"],
    }


def _true_cost(simulator: Simulator, provider: str) -> tuple[Decimal, Decimal]:
    """The truth's cost, and what the cost report shows beyond it."""
    truth = simulator.truth()
    (total,) = [t for t in truth["totals"] if (t["org"], t["provider"]) == ("acme", provider)]
    beyond = [c for c in truth["reported_only"] if (c["org"], c["provider"]) == ("acme", provider)]
    return Decimal(total["cost"]), sum((Decimal(charge["amount"]) for charge in beyond), Decimal(0))


@pytest.mark.parametrize("grouping", [[], [("group_by", "line_item")], [("group_by[]", "api_key_id")]], ids=str)
def test_the_costs_of_openai_are_the_truth_in_dollars(
    simulator: Simulator, openai: Any, grouping: list[tuple[str, str]]
) -> None:
    rows = openai.rows(COSTS, WINDOW + grouping)
    assert sum(Decimal(row["amount"]["value"]) for row in rows) == sum(_true_cost(simulator, "openai"))


@pytest.mark.parametrize("grouping", [[], [("group_by[]", "description"), ("group_by[]", "workspace_id")]], ids=str)
def test_the_costs_of_anthropic_are_the_truth_in_cents(
    simulator: Simulator, anthropic: Any, grouping: list[tuple[str, str]]
) -> None:
    rows = anthropic.rows(COST_REPORT, CLAUDE_WINDOW + grouping)
    assert sum(Decimal(row["amount"]) for row in rows) == 100 * sum(_true_cost(simulator, "anthropic"))


def test_the_costs_of_openai_hold_what_a_reader_must_survive(openai: Any) -> None:
    rows = openai.rows(COSTS, [*WINDOW, ("group_by[]", "line_item")])
    assert any(Decimal(row["amount"]["value"]) < 0 for row in rows)
    assert {"Vector storage", "web search tool calls"} < {row["line_item"] for row in rows}
    assert all("organization_id" in row for row in rows)


def test_the_cost_report_of_anthropic_has_no_priority_and_has_code_execution(anthropic: Any) -> None:
    rows = anthropic.rows(COST_REPORT, [*CLAUDE_WINDOW, ("group_by[]", "description")])
    assert {row["service_tier"] for row in rows} == {"standard", "batch", None}
    assert {row["cost_type"] for row in rows} == {"tokens", "web_search", "code_execution"}


def test_parsed_cost_fields_are_null_without_descriptions(anthropic: Any) -> None:
    row = anthropic(COST_REPORT, CLAUDE_WINDOW).json()["data"][0]["results"][0]
    assert {name for name, value in row.items() if value is not None} == {"amount", "currency"}


def _input_tokens(answer: httpx.Response) -> int:
    return sum(row["input_tokens"] for bucket in answer.json()["data"] for row in bucket["results"])


def test_a_recent_day_read_later_has_grown() -> None:
    now = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
    scenario = Scenario(first_day=dt.date(2026, 11, 2), orgs=("acme",))
    with running_simulator(scenario=scenario, now=now) as simulator:
        headers = {"authorization": f"Bearer {simulator.admin_key('acme', 'openai')}"}
        params = {"start_time": END - 86400, "end_time": END}
        with httpx.Client(base_url=simulator.base_url("openai"), headers=headers, params=params) as client:
            early = _input_tokens(client.get(COMPLETIONS))
            simulator.advance(now + dt.timedelta(days=3))
            late = _input_tokens(client.get(COMPLETIONS))
    assert early < late


def test_archived_projects_are_listed_only_when_asked_for(openai: Any) -> None:
    sizes = [
        len(openai("organization/projects", [("include_archived", value)]).json()["data"])
        for value in ("false", "true")
    ]
    assert sizes[1] == sizes[0] + 1


def test_lists_are_paged_by_the_last_id(openai: Any) -> None:
    params = [("include_archived", "true"), ("limit", "1")]
    ids: list[str] = []
    after: list[tuple[str, str]] = []
    while True:
        page = openai("organization/projects", params + after).json()
        ids += [found["id"] for found in page["data"]]
        if not page["has_more"]:
            break
        after = [("after", page["last_id"])]
    assert ids == [p["id"] for p in openai("organization/projects", params[:1]).json()["data"]]


def test_the_keys_of_an_archived_project_are_refused(openai: Any) -> None:
    projects = openai("organization/projects", [("include_archived", "true")]).json()["data"]
    archived = next(project["id"] for project in projects if project["status"] == "archived")
    assert openai(f"organization/projects/{archived}/api_keys").status_code == 400


def test_a_deleted_key_has_usage_and_no_name(anthropic: Any) -> None:
    listed = {key["id"] for key in anthropic("v1/organizations/api_keys", [("limit", 1000)]).json()["data"]}
    buckets = anthropic.buckets(MESSAGES, [*CLAUDE_WINDOW, ("group_by[]", "api_key_id")])
    used = {row["api_key_id"] for bucket in buckets for row in bucket["results"]}
    assert used - listed - {None}


def test_anthropic_names_its_organisation(simulator: Simulator, anthropic: Any) -> None:
    assert anthropic("v1/organizations/me").json()["id"] == simulator.account_id("acme", "anthropic")
