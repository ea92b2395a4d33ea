"""What is particular to OpenAI: overlapping counts, tiers, ten endpoints, a clock that must not run ahead."""

import dataclasses
import datetime as dt
import json
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_finops.providers.base import (
    MalformedPageError,
    Page,
    UsageRow,
    Window,
)
from genai_finops.providers.http import page_of
from genai_finops.providers.openai import _ENDPOINTS

from .openai_answers import START, empty_page, page, source_over
from .scripted_source import DAY

ENDPOINTS = sorted(_ENDPOINTS)
INPUTS = ("uncached_input", "cache_read", "cache_write")


def as_page(source: str, content: Any, *, group_by: tuple[str, ...] | None = None) -> Page:
    grouped = _ENDPOINTS[source].group_by if group_by is None else group_by
    return page_of(json.dumps(content).encode(), source=source, request={"group_by": ",".join(grouped)})


def rows_of(results: list[Any], source: str = "usage/completions", *, extra: tuple[Page, ...] = ()) -> list[UsageRow]:
    """Rows of one endpoint's results, the others being empty."""
    pages = [as_page(name, page(results if name == source else [])) for name in ENDPOINTS]
    with source_over(empty_page) as openai:
        return list(openai.normalise([*pages, *extra], DAY))


def completion(**changes: Any) -> dict[str, Any]:
    row = {
        "object": "organization.usage.completions.result",
        "input_tokens": 1000,
        "input_cached_tokens": 400,
        "input_cache_write_tokens": 100,
        "input_uncached_tokens": 500,
        "input_text_tokens": 400,
        "input_audio_tokens": 50,
        "input_image_tokens": 50,
        "input_cached_text_tokens": 300,
        "input_cached_audio_tokens": 50,
        "input_cached_image_tokens": 50,
        "output_tokens": 500,
        "output_text_tokens": 400,
        "output_audio_tokens": 50,
        "output_image_tokens": 50,
        "num_model_requests": 5,
        "project_id": "proj_web",
        "user_id": None,
        "api_key_id": "key_1",
        "model": "gpt-5.5-2026-04-23",
        "batch": False,
        "service_tier": "default",
    }
    return {name: value for name, value in (row | changes).items() if value is not ...}


OLDER = dict.fromkeys(
    [
        "input_uncached_tokens",
        "input_cache_write_tokens",
        "input_text_tokens",
        "input_image_tokens",
        "input_cached_text_tokens",
        "input_cached_image_tokens",
        "output_text_tokens",
        "output_image_tokens",
    ],
    ...,
)


def meters(rows: list[UsageRow]) -> dict[str, int]:
    return {row.meter: int(row.quantity) for row in rows}


def test_overlapping_counts_become_disjoint_meters():
    assert meters(rows_of([completion()])) == {
        "uncached_input": 400,
        "uncached_input_audio": 50,
        "uncached_input_image": 50,
        "cache_read": 300,
        "cache_read_audio": 50,
        "cache_read_image": 50,
        "cache_write": 100,
        "output": 400,
        "output_audio": 50,
        "output_image": 50,
        "request": 5,
    }


def test_a_row_of_older_shape_counts_cached_audio_once():
    row = completion(**OLDER, input_cached_tokens=400, input_audio_tokens=150, input_cached_audio_tokens=50)
    assert meters(rows_of([row])) == {
        "uncached_input": 500,
        "uncached_input_audio": 100,
        "cache_read": 350,
        "cache_read_audio": 50,
        "output": 450,
        "output_audio": 50,
        "request": 5,
    }


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"input_tokens": 1001}, "input_tokens 1001", id="total-too-large"),
        pytest.param({"input_uncached_tokens": 501}, "input_tokens 1000", id="uncached-too-large"),
        pytest.param({"input_text_tokens": 401}, "input_uncached_tokens 500", id="uncached-parts"),
        pytest.param({"input_cached_text_tokens": 299}, "input_cached_tokens 400", id="cached-parts"),
        pytest.param({"output_audio_tokens": 501, "output_text_tokens": ...}, "output_tokens 500", id="output-parts"),
        pytest.param({**OLDER, "input_cached_tokens": 1001}, "input_tokens 1000", id="older-more-cached-than-input"),
        pytest.param({**OLDER, "input_audio_tokens": 49}, "input_audio_tokens 49", id="older-less-audio-than-cached"),
        pytest.param({"input_tokens": -1}, "input_tokens", id="negative"),
        pytest.param({"input_tokens": True}, "input_tokens", id="boolean"),
        pytest.param({"input_tokens": "1000"}, "input_tokens", id="text"),
        pytest.param({"output_tokens": 10**20}, "output_tokens", id="beyond-the-column"),
        pytest.param({"num_model_requests": ...}, "num_model_requests", id="missing-count"),
        pytest.param({"model": ...}, "model", id="missing-dimension"),
        pytest.param({"object": "organization.usage.embeddings.result"}, "object", id="other-object"),
        pytest.param({"service_tier": "turbo"}, "turbo", id="unknown-tier"),
        pytest.param({"batch": "yes"}, "batch", id="batch-is-no-flag"),
        pytest.param({"details": {"input_video_tokens": 3}}, "details", id="nested-unknown-usage"),
    ],
)
def test_counts_that_contradict_each_other_are_refused_with_field_and_page(changes, named):
    content = page([completion(**changes)])
    with pytest.raises(MalformedPageError) as refused:
        rows_of([completion(**changes)])
    message = str(refused.value)
    assert named in message
    assert "usage/completions data[0] results[0]" in message
    assert as_page("usage/completions", content).sha256 in message


@pytest.mark.parametrize(
    ("tier", "batch", "canonical"),
    [
        (None, None, "standard"),
        ("auto", False, "standard"),
        ("default", False, "standard"),
        ("flex", False, "flex"),
        ("priority", False, "priority"),
        ("fast", False, "priority"),
        ("scale", False, "committed"),
        ("default", True, "batch"),
        ("flex", True, "batch"),
    ],
)
def test_tiers_are_canonical_and_keep_the_providers_spelling(tier, batch, canonical):
    rows = rows_of([completion(service_tier=tier, batch=batch)])
    assert {(row.service_tier, row.provider_service_tier) for row in rows} == {(canonical, tier)}


def test_rows_with_one_key_are_added_up():
    assert meters(rows_of([completion(), completion()]))["output"] == 800


def test_searches_do_not_count_the_model_requests_of_completions_again():
    row = {
        "object": "organization.usage.web_searches.result",
        "num_requests": 4,
        "num_model_requests": 3,
        "project_id": "proj_web",
        "api_key_id": "key_1",
        "model": "gpt-5.5-2026-04-23",
        "context_level": "medium",
    }
    rows = rows_of([row], "usage/web_search_calls")
    assert [(row.meter, row.quantity, row.variant) for row in rows] == [("web_search", Decimal(4), "medium")]


def test_images_carry_source_and_size():
    row = {
        "object": "organization.usage.images.result",
        "images": 2,
        "num_model_requests": 2,
        "size": "1024x1024",
        "source": "image.edit",
        "project_id": None,
        "api_key_id": None,
        "model": "gpt-image-1",
    }
    assert {row.variant for row in rows_of([row], "usage/images")} == {"image.edit:1024x1024"}


def test_file_searches_name_their_vector_store():
    row = {
        "object": "organization.usage.file_searches.result",
        "num_requests": 2,
        "project_id": "proj_web",
        "api_key_id": None,
        "vector_store_id": "vs_1",
    }
    (found,) = rows_of([row], "usage/file_search_calls")
    assert (found.meter, found.resource_id, found.resource_type) == ("file_search", "vs_1", "Vector Store")


def test_projects_have_their_name_or_else_their_id():
    projects = {"data": [{"id": "proj_web", "name": "Web shop"}], "has_more": False}
    listed = page_of(json.dumps(projects).encode(), source="projects", request={})
    rows = rows_of([completion(), completion(project_id="proj_gone")], extra=(listed,))
    assert {(row.sub_account_id, row.sub_account_name, row.sub_account_type) for row in rows} == {
        ("proj_web", "Web shop", "Project"),
        ("proj_gone", "proj_gone", "Project"),
    }


def test_a_bucket_that_ends_before_it_was_asked_to_is_refused():
    pages = [as_page(name, page([], end=START + 3600)) for name in ENDPOINTS]
    with source_over(empty_page) as openai, pytest.raises(MalformedPageError, match="cut short"):
        list(openai.normalise(pages, DAY))


def test_a_day_that_comes_twice_is_refused():
    pages = [as_page(name, page([])) for name in [*ENDPOINTS, "usage/images"]]
    with source_over(empty_page) as openai, pytest.raises(MalformedPageError, match="comes twice"):
        list(openai.normalise(pages, DAY))


def test_an_endpoint_that_is_not_among_the_pages_is_missed():
    pages = [as_page(name, page([])) for name in ENDPOINTS if name != "usage/images"]
    with source_over(empty_page) as openai, pytest.raises(MalformedPageError, match=r"usage/images: no bucket"):
        list(openai.normalise(pages, DAY))


@st.composite
def completion_rows(draw: st.DrawFn) -> dict[str, Any]:
    """Rows that hold OpenAI's identities, with any of the optional splits left out."""
    count = st.integers(0, 10**12)
    parts = {name: [draw(count) for _ in range(3)] for name in ("uncached", "cached", "output")}
    written = draw(count)
    uncached, cached = sum(parts["uncached"]), sum(parts["cached"])
    modalities = ("text", "audio", "image")
    optional = {
        "input_cache_write_tokens": written,
        **{f"input_{name}_tokens": part for name, part in zip(modalities, parts["uncached"], strict=True)},
        **{f"input_cached_{name}_tokens": part for name, part in zip(modalities, parts["cached"], strict=True)},
        **{f"output_{name}_tokens": part for name, part in zip(modalities, parts["output"], strict=True)},
    }
    left_out = draw(st.sets(st.sampled_from([name for name in optional if "_text_" in name])))
    return completion(
        **(optional | dict.fromkeys(left_out, ...)),
        input_tokens=uncached + cached + written,
        input_uncached_tokens=uncached,
        input_cached_tokens=cached,
        output_tokens=sum(parts["output"]),
    )


@given(st.lists(completion_rows(), max_size=4))
def test_classes_add_up_to_openais_totals_for_any_rows(results):
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of(results):
        sums["input" if row.meter.startswith(INPUTS) else row.meter.partition("_")[0]] += row.quantity
    assert sums["input"] == sum(row["input_tokens"] for row in results)
    assert sums["output"] == sum(row["output_tokens"] for row in results)


@given(st.lists(completion_rows(), min_size=1, max_size=4), st.randoms())
def test_the_order_of_rows_does_not_matter(results, chance):
    shuffled = [*results]
    chance.shuffle(shuffled)

    def without_page(rows: list[UsageRow]) -> set[UsageRow]:
        return {dataclasses.replace(row, page="") for row in rows}

    assert without_page(rows_of(results)) == without_page(rows_of(shuffled))


@pytest.fixture
def recorded() -> Path:
    root = os.environ.get("GENAI_FINOPS_TEST_DATA")
    if not root:
        pytest.skip("GENAI_FINOPS_TEST_DATA is not set: the provider's published examples are not at hand")
    return Path(root) / "payloads" / "openai"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("usage/completions", 1000 + 500 + 5),
        ("usage/embeddings", 16 + 2),
        ("usage/moderations", 16 + 2),
        ("usage/images", 2 + 2),
        ("usage/audio_speeches", 45 + 1),
        ("usage/audio_transcriptions", 20 + 1),
        ("usage/vector_stores", 1024),
        ("usage/code_interpreter_sessions", 1),
        ("usage/file_search_calls", 2),
        ("usage/web_search_calls", 2),
    ],
)
def test_the_published_example_of_each_endpoint_is_read_whole(recorded, source, expected):
    content = json.loads((recorded / f"official_{source.replace('/', '_')}.json").read_text())
    start = dt.datetime.fromtimestamp(content["data"][0]["start_time"], dt.UTC)
    window = Window.of_days(start.date(), start.date())
    empty = {**content, "data": [{**content["data"][0], "results": []}]}
    pages = [as_page(name, content if name == source else empty) for name in ENDPOINTS]
    with source_over(empty_page) as openai:
        assert sum(row.quantity for row in openai.normalise(pages, window)) == expected
