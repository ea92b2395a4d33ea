"""Logs of nested formats as nobody meant them: no content comes out, and nothing stops the reader."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.attribution.log_format import Piece, PieceEvents
from genai_finops.schemas.tables.events import EVENT_METERS, EVENT_STATUSES

#: Stands wherever prompts, answers, arguments of tools and descriptions of errors may stand.
SECRET = "SECRET-of-the-user"
untimed = settings(deadline=None, max_examples=60)


def _attribute(key: str, value: Any) -> dict[str, Any]:
    kind = {int: "intValue", float: "doubleValue"}.get(type(value), "stringValue")
    return {"key": key, "value": {kind: value}}


def _messages(value: str) -> dict[str, Any]:
    return {
        "key": "gen_ai.input.messages",
        "value": {"arrayValue": {"values": [{"kvlistValue": {"values": [_attribute("content", value)]}}]}},
    }


def _span(*attributes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "traceId": "5b8aa5a2d2c872e8321cf37308d69df2",
        "spanId": "051581bf3cb55c13",
        "name": f"chat {SECRET}",
        "startTimeUnixNano": "1793520000000000000",
        "endTimeUnixNano": "1793520002100000000",
        "attributes": list(attributes),
        "events": [{"name": "gen_ai.content.prompt", "attributes": [_attribute("gen_ai.prompt", SECRET)]}],
        "status": {"code": 2, "message": SECRET},
    } | fields


_CONTENT = [
    _messages(SECRET),
    _attribute("gen_ai.prompt.0.content", SECRET),
    _attribute("gen_ai.completion.0.content", SECRET),
    _attribute("gen_ai.tool.call.arguments", SECRET),
    _attribute("llm.input_messages.0.message.content", SECRET),
    _attribute("input.value", SECRET),
    _attribute("traceloop.entity.input", SECRET),
    _attribute("langfuse.observation.input", SECRET),
    _attribute("metadata", json.dumps({"tenant_id": "acme", "note": SECRET})),
]
_OTLP = {
    "resourceSpans": [
        {
            "resource": {"attributes": [_attribute("tenant.id", "acme"), _attribute("process.command_args", SECRET)]},
            "scopeSpans": [
                {
                    "spans": [
                        _span(
                            _attribute("gen_ai.operation.name", "chat"),
                            _attribute("gen_ai.system", "openai"),
                            _attribute("gen_ai.request.model", "gpt-5"),
                            _attribute("gen_ai.usage.input_tokens", 100),
                            _attribute("gen_ai.usage.cost", 0.5),
                            *_CONTENT,
                        ),
                        _span(
                            _attribute("openinference.span.kind", "LLM"),
                            _attribute("llm.token_count.prompt", 50),
                            _attribute("langfuse.observation.usage_details", '{"input": 5}'),
                            *_CONTENT,
                        ),
                    ]
                }
            ],
        }
    ]
}
_LANGFUSE = {
    "trace": {"id": "t", "name": "sum", "userId": "u", "input": SECRET, "metadata": {"tenant": "acme", "n": SECRET}},
    "observations": [
        {
            "id": "o",
            "traceId": "t",
            "type": "GENERATION",
            "startTime": "2026-11-02T09:20:46.900Z",
            "model": "gpt-5",
            "modelParameters": {"service_tier": "flex", "stop": SECRET},
            "usageDetails": {"input": 776, "input_cached_tokens": 1024, "total": 1800},
            "costDetails": {"total": 0.002054},
            "usage": {"input": 1, "unit": "TOKENS"},
            "statusMessage": SECRET,
            "input": {"messages": [SECRET]},
            "output": SECRET,
            "metadata": {"ls_provider": "openai", "note": SECRET},
        }
    ],
    "comments": [SECRET],
}
_BEDROCK = {
    "schemaType": "ModelInvocationLog",
    "timestamp": "2026-11-02T09:20:46Z",
    "accountId": "111122223333",
    "region": "us-east-1",
    "requestId": "r-1",
    "modelId": "amazon.nova-pro-v1:0",
    "requestMetadata": {"tenant_id": "acme"},
    "identity": {"arn": "arn:aws:sts::111122223333:assumed-role/app/u-7"},
    "input": {"inputTokenCount": 12, "inputBodyJson": {"messages": [SECRET]}},
    "output": {
        "outputTokenCount": 3,
        "outputBodyJson": {"output": SECRET, "usage": {"inputTokens": 12, "cache_creation": {}, "note": SECRET}},
    },
}
_AGENT = {
    "sessionId": "s",
    "timestamp": "2026-11-02T09:20:46.900Z",
    "cwd": "/srv/acme",
    "requestId": "req",
    "costUSD": 0.5,
    "toolUseResult": SECRET,
    "message": {
        "id": "msg",
        "model": "claude-opus-4-6",
        "content": [{"type": "tool_use", "input": {"command": SECRET}}],
        "usage": {"input_tokens": 1, "cache_creation": {"ephemeral_5m_input_tokens": 2}, "output_tokens": 3},
    },
}
RECORDS = {"otlp": _OTLP, "langfuse": _LANGFUSE, "bedrock": _BEDROCK, "coding_agent": _AGENT}
STRANGE = st.sampled_from(
    [
        None, True, -1, 0, 10**30, -(10**30), 1e308, 0.5, float("nan"), "", "NaN", "1e999999", "-5", "\x00", "\ud800",
        "9" * 400, [], {}, [[]], [None], {"a": {}}, [{"key": {}}], [{"key": "gen_ai.system", "value": 5}], "2026-13-45",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+00:00", '{"a":', "[" * 2000, '{"input": -1}',
    ]
)  # fmt: skip


def read(name: str, *records: Any) -> PieceEvents:
    content = b"\n".join(json.dumps(record).encode() for record in records)
    return FORMATS[name].read(Piece(content=content, first_line=1), {})


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something may be put in the place of something else."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def put(record: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(record)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return changed


@pytest.mark.parametrize("name", RECORDS)
def test_nothing_that_was_asked_or_answered_comes_out(name: str) -> None:
    told = read(name, RECORDS[name])

    assert told.events.height >= 1
    assert SECRET not in json.dumps(told.events.rows(), default=str)


@pytest.mark.parametrize("name", RECORDS)
def test_a_reject_does_not_repeat_what_it_rejects(name: str) -> None:
    record = RECORDS[name]
    changed = [put(record, path, SECRET) for path in places(record)]

    for each in [*changed, f"{SECRET} {{"]:
        assert SECRET not in str(read(name, each).rejects)


@pytest.mark.parametrize("name", RECORDS)
def test_a_file_that_is_no_file_of_the_format_is_rejected_without_an_exception(name: str) -> None:
    for content in (
        b"",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\x00\n\x00",
        b"null",
        b"[[[]]]",
        b"{\n",
    ):
        told = FORMATS[name].read(Piece(content=content, first_line=1), {})

        assert told.events.height == 0


@pytest.mark.parametrize("name", RECORDS)
def test_whatever_stands_in_a_record_it_is_an_event_or_rejected_or_skipped(name: str) -> None:
    record = RECORDS[name]
    paths = list(places(record))

    @untimed
    @given(st.lists(st.tuples(st.sampled_from(paths), STRANGE), min_size=1, max_size=3))
    def check(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
        changed = record
        for path, value in changes:
            try:
                changed = put(changed, path, value)
            except (KeyError, IndexError, TypeError):
                continue
        told = read(name, changed, record)

        # The record that was left alone is there, whatever its neighbour is.
        assert told.events.height >= 1
        assert told.events.select(EVENT_METERS).min_horizontal().min() >= 0
        assert set(told.events["status"]) <= set(EVENT_STATUSES)
        assert told.events["started_at"].null_count() == 0

    check()
