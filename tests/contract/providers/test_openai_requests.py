"""What OpenAI is asked, and how its refusals are understood."""

import datetime as dt

import httpx
import pytest

from genai_finops.providers.base import (
    CredentialError,
    PermanentProviderError,
    Window,
)

from .openai_answers import START, empty_page, page, source_over
from .scripted_source import DAY

SPEECH = {
    "object": "organization.usage.audio_speeches.result",
    "characters": 45,
    "num_model_requests": 1,
    "project_id": None,
    "api_key_id": None,
    "model": "tts-1",
}


def test_all_ten_endpoints_are_asked_with_all_their_groups():
    asked: dict[str, list[str]] = {}

    def handler(request: httpx.Request) -> httpx.Response:
        asked[request.url.path.rpartition("/v1/organization/")[2]] = request.url.params.get_list("group_by[]")
        return empty_page(request)

    with source_over(handler) as openai:
        list(openai.fetch(DAY))
    by_model = ["project_id", "api_key_id", "model"]
    assert asked == {
        "projects": [],
        "usage/completions": [*by_model, "batch", "service_tier"],
        "usage/embeddings": by_model,
        "usage/moderations": by_model,
        "usage/images": [*by_model, "size", "source"],
        "usage/audio_speeches": by_model,
        "usage/audio_transcriptions": by_model,
        "usage/vector_stores": ["project_id"],
        "usage/code_interpreter_sessions": ["project_id"],
        "usage/file_search_calls": ["project_id", "api_key_id", "vector_store_id"],
        "usage/web_search_calls": [*by_model, "context_level"],
    }


def test_a_long_window_is_asked_in_series_of_at_most_31_days():
    starts: list[tuple[int, int]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        query = request.url.params
        starts.append((int(query["start_time"]), int(query["end_time"])))
        return httpx.Response(200, json={"object": "page", "data": [], "has_more": False, "next_page": None})

    with source_over(handler, now="2026-12-01T00:00:00+00:00", project_names=False) as openai:
        list(openai.fetch(Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 11, 4))))
    november = START + 31 * 86400
    assert set(starts) == {(START, november), (november, november + 4 * 86400)}


def test_projects_are_not_listed_where_the_key_may_not():
    paths: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return empty_page(request)

    with source_over(handler, project_names=False) as openai:
        list(openai.fetch(DAY))
    assert not [path for path in paths if path.endswith("/projects")]


@pytest.mark.parametrize("reported_end", ["2026-10-01T06:30:15+00:00", "2026-10-02T00:00:00+00:00"])
def test_a_day_that_is_not_over_is_asked_up_to_now(reported_end):
    now = "2026-10-01T06:30:15.900000+00:00"
    ends: set[str] = set()

    def handler(request: httpx.Request) -> httpx.Response:
        ends.add(request.url.params.get("end_time", ""))
        end = int(dt.datetime.fromisoformat(reported_end).timestamp())
        is_speech = request.url.path.endswith("/audio_speeches")
        return httpx.Response(200, json=page([SPEECH] if is_speech else [], end=end))

    with source_over(handler, now=now, project_names=False) as openai:
        rows = list(openai.normalise(list(openai.fetch(DAY)), DAY))
    assert ends == {str(START + 6 * 3600 + 30 * 60 + 15)}
    assert [(row.meter, row.quantity) for row in rows] == [("character", 45), ("request", 1)]


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_scope_is_a_credential_error_that_names_the_scope(status):
    body = {"error": {"message": "Missing scopes: api.usage.read.", "type": "invalid_request_error", "code": None}}
    with (
        source_over(lambda _: httpx.Response(status, json=body)) as openai,
        pytest.raises(CredentialError, match=r"sk-admin-\.\.\.\) of this organisation with scope api\.usage\.read"),
    ):
        list(openai.fetch(DAY))


def test_a_start_too_far_back_names_the_first_day_allowed():
    body = {"error": {"message": "Earliest allowed is 2025-10-06.", "code": "reporting_lookback_exceeded"}}
    with (
        source_over(lambda _: httpx.Response(400, json=body)) as openai,
        pytest.raises(PermanentProviderError, match=r"2025-10-06.*start the backfill"),
    ):
        list(openai.fetch(DAY))
