"""Buckets, pages and rows of the usage reports."""

import datetime as dt
from collections import Counter
from typing import Any

import httpx
import pytest

START = int(dt.datetime(2026, 10, 26, tzinfo=dt.UTC).timestamp())
END = int(dt.datetime(2026, 11, 5, tzinfo=dt.UTC).timestamp())
WINDOW = [("start_time", START), ("end_time", END)]
CLAUDE_WINDOW = [("starting_at", "2026-10-26T00:00:00Z"), ("ending_at", "2026-11-05T00:00:00Z")]
COMPLETIONS = "organization/usage/completions"
COSTS = "organization/costs"
MESSAGES = "v1/organizations/usage_report/messages"
FAST = {"anthropic-beta": "fast-mode-2026-02-01"}
FULL_GROUPING = [("group_by[]", name) for name in ("project_id", "api_key_id", "model", "batch", "service_tier")]
CLAUDE_GROUPING = [
    ("group_by[]", name) for name in ("workspace_id", "api_key_id", "model", "service_tier", "context_window")
]
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


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


@pytest.mark.parametrize("source", OPENAI_SOURCES)
def test_every_endpoint_of_openai_reports_usage(openai: Any, source: str) -> None:
    assert openai.totals(f"organization/usage/{source}", WINDOW)


@pytest.mark.parametrize("limit", [1, 3, 7, 10])
def test_pages_of_any_size_hold_the_same_buckets(openai: Any, limit: int) -> None:
    whole = openai(COMPLETIONS, [*WINDOW, *FULL_GROUPING, ("limit", 31)]).json()["data"]
    assert openai.buckets(COMPLETIONS, [*WINDOW, *FULL_GROUPING, ("limit", limit)]) == whole


@pytest.mark.parametrize("limit", [1, 4, 31])
def test_anthropic_pages_of_any_size_hold_the_same_buckets(anthropic: Any, limit: int) -> None:
    whole = anthropic(MESSAGES, [*CLAUDE_WINDOW, *CLAUDE_GROUPING, ("limit", 31)]).json()["data"]
    assert anthropic.buckets(MESSAGES, [*CLAUDE_WINDOW, *CLAUDE_GROUPING, ("limit", limit)]) == whole


def test_a_page_token_is_refused_with_another_query(openai: Any) -> None:
    token = openai(COMPLETIONS, [*WINDOW, ("limit", 3)]).json()["next_page"]
    assert refusal(openai(COMPLETIONS, [*WINDOW, ("limit", 4), ("page", token)]))[0] == 400


@pytest.mark.parametrize(
    ("source", "has_more"), [("embeddings", True), ("moderations", False), ("completions", None)], ids=str
)
def test_some_last_pages_name_a_next_one_that_is_empty(openai: Any, source: str, has_more: bool | None) -> None:
    path, params = f"organization/usage/{source}", [*WINDOW, ("limit", 31)]
    last = openai(path, params).json()
    following = openai(path, [*params, ("page", last["next_page"])]).json() if last["next_page"] else None
    assert (last["has_more"] if following else None) == has_more
    assert following in (None, {"object": "page", "data": [], "has_more": False, "next_page": None})


def test_the_first_bucket_is_clipped_and_days_without_usage_are_there(openai: Any) -> None:
    start = START - 3 * 86400 + 5 * 3600
    buckets = openai(COMPLETIONS, [("start_time", start), ("end_time", START + 86400)]).json()["data"]
    assert [bucket["start_time"] for bucket in buckets] == [start, *range(START - 2 * 86400, START + 1, 86400)]
    assert [bool(bucket["results"]) for bucket in buckets] == [False, False, False, True]


def test_costs_move_the_start_back_to_midnight(openai: Any) -> None:
    bucket = openai(COSTS, [("start_time", START + 5 * 3600), ("end_time", END)]).json()["data"][0]
    assert bucket["start_time"] == START


def test_anthropic_moves_the_start_back_to_the_bucket(anthropic: Any) -> None:
    params = [("starting_at", "2026-10-27T17:31:00+02:00"), ("bucket_width", "1h"), ("limit", 1)]
    assert anthropic(MESSAGES, params).json()["data"][0]["starting_at"] == "2026-10-27T15:00:00Z"


@pytest.mark.parametrize(("width", "limit"), [("1h", 24), ("1m", 1440)])
def test_finer_buckets_add_up_to_the_day(openai: Any, width: str, limit: int) -> None:
    day = [("start_time", END - 86400), ("end_time", END)]
    fine = openai.buckets(COMPLETIONS, [*day, ("bucket_width", width), ("limit", limit)])
    assert len(fine) == limit
    assert openai.totals(COMPLETIONS, [*day, ("bucket_width", width), ("limit", limit)]) == openai.totals(
        COMPLETIONS, day
    )


def test_dimensions_are_null_unless_grouped(openai: Any) -> None:
    row = openai(COMPLETIONS, WINDOW).json()["data"][0]["results"]
    names = ("project_id", "user_id", "api_key_id", "model", "batch", "service_tier")
    assert [[found[name] for name in names] for found in row] == [[None] * 6]


@pytest.mark.parametrize("names", [("model",), ("user_id",), ("batch", "service_tier"), ("project_id", "api_key_id")])
def test_totals_do_not_depend_on_the_grouping(openai: Any, names: tuple[str, ...]) -> None:
    grouped = openai.totals(COMPLETIONS, WINDOW + [("group_by[]", name) for name in names])
    whole = openai.totals(COMPLETIONS, WINDOW)
    fields = ("input_tokens", "output_tokens", "input_cached_tokens", "num_model_requests")
    assert [grouped[name] for name in fields] == [whole[name] for name in fields]


def test_filters_part_the_total(openai: Any) -> None:
    parts = [openai.totals(COMPLETIONS, [*WINDOW, ("batch", value)]) for value in ("true", "false")]
    assert all(parts)
    assert parts[0] + parts[1] == openai.totals(COMPLETIONS, WINDOW)


def test_token_classes_of_every_whole_row_add_up(openai: Any) -> None:
    rows = [
        r for b in openai(COMPLETIONS, [*WINDOW, *FULL_GROUPING, ("limit", 31)]).json()["data"] for r in b["results"]
    ]
    whole = [row for row in rows if "input_uncached_tokens" in row]
    assert any(row["input_cached_audio_tokens"] for row in whole)
    assert any(row["input_cache_write_tokens"] for row in whole)
    for row in whole:
        uncached = sum(row[f"input_{kind}_tokens"] for kind in ("text", "audio", "image"))
        cached = sum(row[f"input_cached_{kind}_tokens"] for kind in ("text", "audio", "image"))
        assert row["input_uncached_tokens"] == uncached
        assert row["input_cached_tokens"] == cached
        assert row["input_tokens"] == cached + uncached + row["input_cache_write_tokens"]
        assert row["output_tokens"] == row["output_text_tokens"] + row["output_audio_tokens"]


def test_rows_of_older_models_lack_the_newer_fields(openai: Any) -> None:
    params = [*WINDOW, ("group_by[]", "model"), ("models[]", "o3-mini-2025-01-31")]
    row = openai(COMPLETIONS, params).json()["data"][0]["results"][0]
    counts = {name for name, value in row.items() if isinstance(value, int)}
    assert counts == {"input_tokens", "output_tokens", "num_model_requests"}


@pytest.mark.parametrize(
    ("name", "values"),
    [("inference_geos[]", ("global", "us", "not_available")), ("speeds[]", ("standard", "fast"))],
    ids=["geography", "speed"],
)
def test_price_dimensions_that_are_filtered_add_up_to_the_whole(
    anthropic: Any, name: str, values: tuple[str, ...]
) -> None:
    whole = anthropic.totals(MESSAGES, CLAUDE_WINDOW + CLAUDE_GROUPING, headers=FAST)
    parts = [
        anthropic.totals(MESSAGES, [*CLAUDE_WINDOW, *CLAUDE_GROUPING, (name, value)], headers=FAST) for value in values
    ]
    assert all(parts)
    assert sum(parts, Counter()) == whole


def test_anthropic_splits_some_keys_into_two_rows(anthropic: Any) -> None:
    buckets = anthropic.buckets(MESSAGES, CLAUDE_WINDOW + CLAUDE_GROUPING)
    names = [name for _, name in CLAUDE_GROUPING]
    keys = Counter((b["starting_at"], *(row[name] for name in names)) for b in buckets for row in b["results"])
    assert set(keys.values()) == {1, 2}


def test_usage_of_the_default_workspace_and_the_workbench_has_null_ids(anthropic: Any) -> None:
    buckets = anthropic.buckets(MESSAGES, CLAUDE_WINDOW + CLAUDE_GROUPING)
    rows = [row for bucket in buckets for row in bucket["results"] if row["workspace_id"] is None]
    assert {row["api_key_id"] is None for row in rows} == {True, False}
