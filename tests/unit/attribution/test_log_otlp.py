"""OTLP traces: which spans are requests, and what they say."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.attribution.formats.otlp import OtlpFormat
from genai_finops.attribution.log_format import EVENT_COLUMNS, Piece, PieceEvents
from genai_finops.errors import FinopsError

START = 1_793_520_000_000_000_000
OTLP = OtlpFormat()


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    def value_of(value: Any) -> dict[str, Any]:
        match value:
            case bool():
                return {"boolValue": value}
            case int():
                return {"intValue": str(value)}
            case float():
                return {"doubleValue": value}
            case list():
                return {"arrayValue": {"values": [value_of(each) for each in value]}}
            case _:
                return {"stringValue": value}

    return [{"key": key, "value": value_of(value)} for key, value in values.items()]


def span(values: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "traceId": "5b8aa5a2d2c872e8321cf37308d69df2",
        "spanId": "051581bf3cb55c13",
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 2_100_000_000),
        "attributes": attributes(values),
        "status": {},
    } | fields


def line(*spans: Any, resource: dict[str, Any] | None = None) -> bytes:
    scopes = [{"scope": {"name": "example"}, "spans": list(spans)}]
    batch = {"resource": {"attributes": attributes(resource or {})}, "scopeSpans": scopes}
    return json.dumps({"resourceSpans": [batch]}).encode()


def read(*lines: bytes, **options: Any) -> PieceEvents:
    OTLP.check_options(options)
    told = OTLP.read(Piece(content=b"\n".join(lines), first_line=1), options)
    assert tuple(told.events.columns) == EVENT_COLUMNS
    return told


def only(told: PieceEvents) -> dict[str, Any]:
    assert (told.events.height, list(told.rejects)) == (1, [])
    return told.events.row(0, named=True)


CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5.4-mini",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 10,
}


def test_a_span_of_the_current_conventions_is_an_event_with_all_it_says() -> None:
    values = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-sonnet-4-6",
        "gen_ai.response.id": "msg_01",
        "gen_ai.usage.input_tokens": 5200,
        "gen_ai.usage.cache_read.input_tokens": 4000,
        "gen_ai.usage.cache_write.input_tokens": 200,
        "gen_ai.usage.output_tokens": 310,
        "gen_ai.usage.reasoning.output_tokens": 300,
        "gen_ai.conversation.id": "c-42",
        "user.id": "u-7",
        "gen_ai.agent.name": "triage",
    }

    event = only(read(line(span(values), resource={"tenant.id": "acme"})))

    said = {name: value for name, value in event.items() if value not in {None, 0}}
    assert said == {
        "request_id": "msg_01",
        "started_at": dt.datetime(2026, 11, 1, 8, tzinfo=dt.UTC),
        "ended_at": dt.datetime(2026, 11, 1, 8, 0, 2, 100_000, tzinfo=dt.UTC),
        "provider": "anthropic",
        "provider_model_id": "claude-sonnet-4-6",
        "operation": "chat",
        "status": "success",
        "uncached_input": 1000,
        "cache_read": 4000,
        "cache_write": 200,
        "output": 310,
        "tenant_id": "acme",
        "user_id": "u-7",
        "task": "triage",
        "conversation_id": "c-42",
        "log_line": 1,
    }


OLDER = [
    {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "az.ai.openai",
        "gen_ai.usage.prompt_tokens": 100,
        "gen_ai.usage.cache_read_input_tokens": 40,
        "gen_ai.usage.completion_tokens": 10,
        "enduser.id": "u-7",
        "session.id": "c-42",
    },
    {
        "openinference.span.kind": "LLM",
        "llm.provider": "azure",
        "llm.system": "openai",
        "llm.token_count.prompt": 100,
        "llm.token_count.prompt_details.cache_read": 40,
        "llm.token_count.completion": 10,
        "session.id": "c-42",
        "user.id": "u-7",
    },
    {
        "llm.request.type": "chat",
        "gen_ai.system": "Azure",
        "gen_ai.usage.prompt_tokens": 100,
        "gen_ai.usage.cache_read_input_tokens": 40,
        "gen_ai.usage.completion_tokens": 10,
        "llm.usage.total_tokens": 110,
        "traceloop.association.properties.user_id": "u-7",
        "traceloop.association.properties.session_id": "c-42",
    },
    {
        "langfuse.observation.type": "generation",
        "gen_ai.system": "azure",
        "langfuse.observation.usage_details": '{"input": 60, "input_cached_tokens": 40, "output": 10, "total": 110}',
        "langfuse.user.id": "u-7",
        "langfuse.session.id": "c-42",
    },
]


@pytest.mark.parametrize("values", OLDER, ids=["older", "openinference", "openllmetry", "langfuse"])
def test_other_vocabularies_say_the_same(values: dict[str, Any]) -> None:
    event = only(read(line(span(values))))

    names = ("provider", "uncached_input", "cache_read", "output", "user_id", "conversation_id")
    assert tuple(event[name] for name in names) == ("azure_openai", 60, 40, 10, "u-7", "c-42")


@pytest.mark.parametrize("operation", ["fetch_response", "invoke_agent", "execute_tool", "invoke_workflow"])
def test_spans_that_repeat_or_cause_requests_are_skipped(operation: str) -> None:
    told = read(line(span(CHAT | {"gen_ai.operation.name": operation})))

    assert (told.events.height, list(told.rejects), told.skipped, told.mended) == (0, [], 1, {})


def test_an_operation_that_nobody_described_is_skipped_and_named() -> None:
    told = read(line(span(CHAT | {"gen_ai.operation.name": "dream"})))

    assert (told.events.height, told.mended) == (0, {"unknown_operation_skipped": 1})


def test_a_wrapper_around_the_call_that_it_makes_is_not_counted_again() -> None:
    wrapper = span(CHAT, spanId="a" * 16)
    call = span(CHAT, spanId="b" * 16, parentSpanId="a" * 16)

    told = read(line(call), line(wrapper))

    assert told.events["request_id"].to_list() == [f"span:{call['traceId']}:{'b' * 16}"]
    assert told.mended == {"repeated_by_parent": 1}


def test_a_caller_of_a_call_without_tokens_keeps_its_own() -> None:
    caller = span(CHAT, spanId="a" * 16)
    failed = span({"gen_ai.operation.name": "chat", "error.type": "429"}, spanId="b" * 16, parentSpanId="a" * 16)

    told = read(line(caller, failed))

    assert told.events["output"].to_list() == [10, 0]
    assert told.events["status"].to_list() == ["success", "failure"]


@pytest.mark.parametrize("count", ["100", 100, "100.0", 100.0])
def test_counts_may_be_texts_numbers_or_doubles(count: Any) -> None:
    told = span(CHAT)
    told["attributes"] = [each for each in told["attributes"] if each["key"] != "gen_ai.usage.input_tokens"]
    kind = "doubleValue" if isinstance(count, float) else "intValue"
    told["attributes"].append({"key": "gen_ai.usage.input_tokens", "value": {kind: count}})

    assert only(read(line(told)))["uncached_input"] == 100


def test_an_older_count_that_excludes_the_cache_is_found_by_its_total() -> None:
    values = CHAT | {"gen_ai.usage.cache_read.input_tokens": 40, "gen_ai.usage.total_tokens": 150}

    told = read(line(span(values)))

    assert (only(told)["uncached_input"], told.mended) == (100, {"cached_beside_input": 1})


def test_more_cached_than_input_is_counted_beside_it() -> None:
    told = read(line(span(CHAT | {"gen_ai.usage.cache_read.input_tokens": 4000})))

    assert (only(told)["uncached_input"], told.mended) == (100, {"cached_above_input": 1})


def test_reasoning_that_a_source_counts_beside_the_output_is_added() -> None:
    told = read(line(span(CHAT | {"gen_ai.usage.reasoning.output_tokens": 500})))

    assert (only(told)["output"], told.mended) == (510, {"reasoning_beside_output": 1})


def test_embeddings_are_input_of_their_own_class() -> None:
    event = only(read(line(span(CHAT | {"gen_ai.operation.name": "embeddings"}))))

    assert (event["embedding_input"], event["uncached_input"], event["output"]) == (100, 0, 0)


def test_a_cost_keeps_every_digit_that_the_file_has() -> None:
    content = line(span(CHAT | {"gen_ai.usage.cost": 0.5})).replace(b"0.5", b"0.123456789012345678")

    assert only(read(content))["reported_cost"] == Decimal("0.123456789012345678")


def test_places_of_consumers_are_options() -> None:
    values = CHAT | {
        "customer": "globex",
        "metadata": '{"who": "u-9"}',
        "tag.tags": ["x", "job:sum"],
        "env": "prod",
        "tenant.id": "acme",
    }
    options = {"tenant_id": ["customer"], "user_id": "metadata.who", "task": ["tag:job"], "tags": ["env", "none"]}

    event = only(read(line(span(values)), **options))

    assert [event[name] for name in ("tenant_id", "user_id", "task", "tags")] == [
        "globex",
        "u-9",
        "sum",
        '{"env":"prod"}',
    ]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"tenants": ["x"]}, "tenants"),
        ({"tenant_id": 5}, "tenant_id"),
        ({"tenant_id": ["gen_ai.input.messages"]}, "gen_ai.input.messages"),
        ({"input_includes_cache": "perhaps"}, "input_includes_cache"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(options: dict[str, Any], named: str) -> None:
    with pytest.raises(FinopsError, match=named):
        OTLP.check_options(options)


def test_lines_of_other_signals_are_skipped_and_broken_ones_rejected_by_number() -> None:
    told = read(b'{"resourceLogs": []}', b"{oops", line(span(CHAT)), b'{"a": 1}', b"[" * 5000, b"")

    assert (told.events["log_line"].to_list(), told.skipped) == ([3], 1)
    assert [(each.line, each.reason) for each in told.rejects] == [
        (2, "not JSON"),
        (4, "no resourceSpans: not a line of OTLP"),
        (5, "not JSON"),
    ]


BROKEN = [
    ({"startTimeUnixNano": None}, "startTimeUnixNano is missing"),
    ({"startTimeUnixNano": "12"}, "startTimeUnixNano is before 2020 or after 2099"),
    ({"startTimeUnixNano": "9" * 20}, "startTimeUnixNano is before 2020 or after 2099"),
    ({"attributes": {"a": 1}}, "attributes are not a list of keys and values"),
    (span(CHAT | {"gen_ai.usage.input_tokens": -5}), "input_tokens is negative"),
    (span(CHAT | {"gen_ai.usage.input_tokens": 10**30}), "input_tokens is too large"),
    (span(CHAT | {"gen_ai.usage.input_tokens": 10**15}), "input_tokens is too large"),
    (span(CHAT | {"gen_ai.usage.output_tokens": "many"}), "output_tokens is text, not a count"),
    (span(CHAT | {"gen_ai.usage.cost": "NaN"}), "cost is text, not an amount"),
    (span(CHAT | {"user.id": ["a"]}), "user.id is a list, not a name"),
]


@pytest.mark.parametrize(("fields", "reason"), BROKEN)
def test_a_span_with_a_defect_is_rejected_and_its_neighbours_are_not(fields: dict[str, Any], reason: str) -> None:
    told = read(line(span(CHAT), span(CHAT) | fields))

    assert (told.events.height, [each.reason for each in told.rejects]) == (1, [reason])


def test_a_document_over_many_lines_is_read_as_one() -> None:
    document = json.dumps(json.loads(line(span(CHAT))), indent=1).encode()

    assert only(read(document))["output"] == 10
