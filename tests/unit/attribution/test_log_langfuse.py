"""Langfuse exports: which observations are requests, and how their usage is read."""

import json
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.attribution.formats.langfuse import LangfuseFormat
from genai_finops.attribution.log_format import Piece, PieceEvents
from genai_finops.errors import FinopsError

LANGFUSE = LangfuseFormat()
TRACE = {
    "id": "t1",
    "name": "summarize",
    "userId": "u-7",
    "sessionId": "c-42",
    "tags": ["dev", "tenant:acme"],
    "metadata": None,
}
GENERATION = {
    "id": "o1",
    "traceId": "t1",
    "type": "GENERATION",
    "name": "llm",
    "startTime": "2026-11-02T09:20:46.900Z",
    "endTime": "2026-11-02T09:20:48.100Z",
    "model": "gpt-5.4-mini",
    "usageDetails": {"input": 776, "input_cached_tokens": 1024, "output": 310, "total": 2110},
    "costDetails": {"input": 0.001, "output": 0.0010, "total": 0.002054},
}


def read(content: bytes | Any, **options: Any) -> PieceEvents:
    LANGFUSE.check_options(options)
    encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
    return LANGFUSE.read(Piece(content=encoded, first_line=1), options)


def only(told: PieceEvents) -> dict[str, Any]:
    assert (told.events.height, list(told.rejects)) == (1, [])
    return told.events.row(0, named=True)


def snake(value: dict[str, Any]) -> dict[str, Any]:
    renamed = {"traceId": "trace_id", "startTime": "start_time", "endTime": "end_time", "usageDetails": "usage_details"}
    renamed |= {"costDetails": "cost_details", "userId": "user_id", "sessionId": "session_id"}
    return {renamed.get(name, name): content for name, content in value.items()}


SHAPES = {
    "trace_and_observations": {"trace": TRACE, "observations": [GENERATION]},
    "trace_with_observations": TRACE | {"observations": [GENERATION]},
    "array": [{"trace": TRACE, "observations": [GENERATION]}],
    "lists_of_the_api": [{"data": [GENERATION], "meta": {"page": 1}}, {"data": [TRACE | {"observations": ["o1"]}]}],
    "lines": json.dumps(GENERATION).encode() + b"\n" + json.dumps(TRACE).encode(),
    "tables": [snake(GENERATION), snake(TRACE)],
    "indented": json.dumps({"trace": TRACE, "observations": [GENERATION]}, indent=1).encode(),
}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_every_shape_of_an_export_says_the_same(content: Any) -> None:
    event = only(read(content))

    names = ("request_id", "uncached_input", "cache_read", "output", "reported_cost", "reported_currency")
    assert tuple(event[name] for name in names) == ("o1", 776, 1024, 310, Decimal("0.002054"), "USD")
    consumer = ("tenant_id", "user_id", "task", "conversation_id")
    assert tuple(event[name] for name in consumer) == ("acme", "u-7", "summarize", "c-42")


READINGS = [
    ({"input": 100, "output": 10}, (100, 0, 10), {}),
    ({"input": 60, "cache_read_input_tokens": 40, "output": 10, "total": 110}, (60, 40, 10), {}),
    ({"input": 100, "input_cache_read": 40, "output": 10, "total": 110}, (60, 40, 10), {}),
    ({"input": 100, "prompt_details.cache_read": 40, "output": 10, "total": 110}, (60, 40, 10), {}),
    ({"input": 60, "prompt_details.cache_read": 40, "output": 10, "total": 110}, (60, 40, 10), {}),
    ({"input": 100, "output": 4, "output_reasoning_tokens": 6, "total": 110}, (100, 0, 10), {}),
    ({"input": 100, "output": 10, "completion_details.reasoning": 6, "total": 110}, (100, 0, 10), {}),
    ({"input": 100, "output": 10, "total": 300}, (100, 0, 10), {"usage_total_differs": 1}),
    ({"input": 100, "output": 10, "credits": 3}, (100, 0, 10), {"unknown_usage_key": 1}),
    ({}, (0, 0, 0), {}),
]


@pytest.mark.parametrize(("details", "counts", "mended"), READINGS)
def test_usage_keys_are_parts_or_summands_as_the_total_says(
    details: dict[str, int], counts: tuple[int, int, int], mended: dict[str, int]
) -> None:
    told = read(GENERATION | {"usageDetails": details})

    event = only(told)
    assert (event["uncached_input"], event["cache_read"], event["output"]) == counts
    assert told.mended == mended


def test_cache_writes_keep_their_lifetimes() -> None:
    details = {"input": 5, "input_cache_creation_5m": 30, "input_cache_creation_1h": 20, "input_cache_creation": 7}

    event = only(read(GENERATION | {"usageDetails": details}))

    assert [event[name] for name in ("uncached_input", "cache_write", "cache_write_5m", "cache_write_1h")] == [
        5,
        7,
        30,
        20,
    ]


@pytest.mark.parametrize(
    "usage",
    [
        {"usage": {"input": 100, "output": 10, "total": 110, "unit": "TOKENS"}},
        {"usage": {"promptTokens": 100, "completionTokens": 10}},
        {"promptTokens": 100, "completionTokens": 10, "totalTokens": 110, "calculatedTotalCost": 0.5},
    ],
)
def test_the_old_form_of_usage_is_read(usage: dict[str, Any]) -> None:
    old = {name: value for name, value in GENERATION.items() if name != "usageDetails"}

    event = only(read(old | usage))

    assert (event["uncached_input"], event["output"]) == (100, 10)


def test_spans_are_skipped_and_so_is_a_generation_around_another() -> None:
    wrapper = GENERATION | {"id": "w", "parentObservationId": "s"}
    call = GENERATION | {"id": "c", "parentObservationId": "w"}
    agent = GENERATION | {"id": "s", "type": "AGENT"}

    told = read({"trace": TRACE, "observations": [agent, wrapper, call]})

    assert (told.events["request_id"].to_list(), told.mended) == (["c"], {"repeated_by_parent": 1})


def test_a_cost_keeps_every_digit_that_the_file_has() -> None:
    content = json.dumps(GENERATION).encode().replace(b"0.002054", b"1.23456789012345678e-05")

    assert only(read(content))["reported_cost"] == Decimal("0.000012345678901235")


def test_the_provider_is_null_unless_a_framework_left_it() -> None:
    told = [read(GENERATION | {"metadata": metadata}) for metadata in (None, {"ls_provider": "azure"})]

    assert [only(each)["provider"] for each in told] == [None, "azure_openai"]


def test_a_place_that_is_no_label_is_refused() -> None:
    with pytest.raises(FinopsError, match="'input'"):
        LANGFUSE.check_options({"task": ["input"]})


def test_defects_of_observations_name_the_line_and_the_field() -> None:
    lines = [GENERATION, GENERATION | {"startTime": "soon"}, GENERATION | {"usageDetails": {"input": -1}}, 5]

    told = read(b"\n".join(json.dumps(each).encode() for each in lines) + b"\n{oops\n")

    assert told.events["log_line"].to_list() == [1]
    assert [(each.line, each.reason) for each in sorted(told.rejects, key=lambda reject: reject.line)] == [
        (2, "startTime is text that is no date and time"),
        (3, "usageDetails is negative"),
        (4, "a number in place of a trace or observation"),
        (5, "not JSON"),
    ]


def test_a_document_that_is_cut_off_is_one_reject() -> None:
    told = read(json.dumps({"observations": [GENERATION]}, indent=1).encode()[:-20])

    assert [(each.line, each.reason) for each in told.rejects] == [(1, "not JSON")]
