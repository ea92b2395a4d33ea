"""Answers of the providers, as their client libraries give them."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from genai_finops.record.answers.answer import NOT_AN_ANSWER, NOT_FINAL, Answer, Unreadable
from genai_finops.record.answers.reading import read_answer
from genai_finops.record.given import Counts

_CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1793520000,
    "model": "gpt-5.4-mini",
    "service_tier": "default",
    "choices": [{"message": {"content": "secret"}}],
    "usage": {
        "prompt_tokens": 64,
        "completion_tokens": 9,
        "total_tokens": 73,
        "prompt_tokens_details": {"cached_tokens": 12, "cache_write_tokens": 5, "audio_tokens": 44},
        "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 0},
    },
}
_RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1793520000.5,
    "model": "gpt-5.6-sol",
    "status": "completed",
    "conversation": {"id": "conv_1"},
    "usage": {
        "input_tokens": 88,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 86},
        "output_tokens": 14,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 102,
    },
    "tool_usage": {"web_search": {"num_requests": 3}},
}
_MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "model": "claude-sonnet-4-6",
    "usage": {
        "input_tokens": 4,
        "output_tokens": 156,
        "cache_read_input_tokens": 9116,
        "cache_creation_input_tokens": 219,
        "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 19},
        "service_tier": "priority",
        "inference_geo": "us",
        "server_tool_use": {"web_search_requests": 2},
    },
}
_GEMINI = {
    "responseId": "g-1",
    "modelVersion": "gemini-2.5-flash",
    "candidates": [],
    "usageMetadata": {
        "promptTokenCount": 345,
        "candidatesTokenCount": 80,
        "thoughtsTokenCount": 141,
        "toolUsePromptTokenCount": 10,
        "cachedContentTokenCount": 191,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 87}, {"modality": "IMAGE", "tokenCount": 258}],
        "cacheTokensDetails": [{"modality": "IMAGE", "tokenCount": 143}, {"modality": "AUDIO"}],
        "serviceTier": "flex",
    },
}
_CONVERSE = {
    "ResponseMetadata": {"RequestId": "r-1"},
    "usage": {
        "inputTokens": 3,
        "outputTokens": 227,
        "cacheReadInputTokens": 5,
        "cacheWriteInputTokens": 1712,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 1712}],
    },
    "serviceTier": {"type": "priority"},
}


def _object(value: Any) -> Any:
    """What a client library makes of JSON."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: _object(inner) for name, inner in value.items()})
    return [_object(inner) for inner in value] if isinstance(value, list) else value


_READ = [
    (
        _CHAT,
        Answer(
            likely_provider="openai",
            model="gpt-5.4-mini",
            request_id="chatcmpl-1",
            created=1793520000,
            service_tier="default",
            counts=Counts(64, 9, True, 12, 5, input_audio_tokens=44),
        ),
    ),
    (
        _RESPONSE,
        Answer(
            likely_provider="openai",
            model="gpt-5.6-sol",
            request_id="resp_1",
            operation="responses",
            conversation_id="conv_1",
            created=1793520000.5,
            counts=Counts(88, 14, True, 2, 86, web_searches=3),
        ),
    ),
    (
        _MESSAGE,
        Answer(
            likely_provider="anthropic",
            model="claude-sonnet-4-6",
            request_id="msg_1",
            service_tier="priority",
            geography="us",
            counts=Counts(4, 156, False, 9116, 219, 200, 19, web_searches=2),
        ),
    ),
    (
        _GEMINI,
        Answer(
            likely_provider="gemini",
            model="gemini-2.5-flash",
            request_id="g-1",
            operation="generate_content",
            service_tier="flex",
            counts=Counts(355, 221, True, 191, input_image_tokens=115),
        ),
    ),
    (
        _CONVERSE,
        Answer(
            likely_provider="aws_bedrock",
            request_id="r-1",
            service_tier="priority",
            counts=Counts(3, 227, False, 5, 1712, 0, 1712),
        ),
    ),
]


@pytest.mark.parametrize(("answer", "expected"), _READ)
def test_an_answer_is_read_from_json_and_from_an_object_alike(answer: dict[str, Any], expected: Answer) -> None:
    assert read_answer(answer) == (expected,)
    assert read_answer(_object(answer)) == (expected,)


def test_vertex_and_the_clouds_that_host_claude_tell_of_themselves() -> None:
    vertex = {**_GEMINI, "usageMetadata": {**_GEMINI["usageMetadata"], "trafficType": "PROVISIONED_THROUGHPUT"}}  # type: ignore[dict-item]

    assert read_answer(vertex)[0].likely_provider == "gcp_vertex"
    assert read_answer(vertex)[0].service_tier == "PROVISIONED_THROUGHPUT"
    assert read_answer({**_MESSAGE, "id": "msg_bdrk_1"})[0].likely_provider == "aws_bedrock"
    assert read_answer({**_CHAT, "prompt_filter_results": []})[0].likely_provider == "azure_openai"
    assert read_answer({**_CHAT, "_hidden_params": {"custom_llm_provider": "xai"}})[0].likely_provider == "xai"


def test_embeddings_are_known_by_their_list() -> None:
    answer = {"object": "list", "model": "text-embedding-3-small", "usage": {"prompt_tokens": 8, "total_tokens": 8}}

    assert read_answer(answer)[0].operation == "embeddings"


def test_reasoning_that_only_the_total_holds_is_output() -> None:
    usage = {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109}

    assert read_answer({"model": "gemini-2.5-pro", "usage": usage})[0].counts.output_tokens == 74


def test_iterations_are_what_is_billed_and_other_models_are_calls_of_their_own() -> None:
    parts = [
        {"input_tokens": 55_196, "output_tokens": 125, "type": "compaction"},
        {"input_tokens": 220, "output_tokens": 8, "type": "message"},
        {"input_tokens": 2518, "output_tokens": 22, "type": "advisor_message", "model": "claude-opus-4-8"},
    ]
    own, advisor = read_answer({**_MESSAGE, "usage": {"input_tokens": 220, "output_tokens": 8, "iterations": parts}})

    assert own.counts[:2] == (55_416, 133)
    assert (advisor.model, advisor.request_id, advisor.counts[:2]) == (
        "claude-opus-4-8",
        "msg_1#claude-opus-4-8",
        (2518, 22),
    )


def test_the_last_event_of_a_stream_is_the_answer() -> None:
    assert read_answer({"type": "response.completed", "response": _RESPONSE}) == read_answer(_RESPONSE)
    assert read_answer({"metadata": {"usage": _CONVERSE["usage"]}})[0].counts == read_answer(_CONVERSE)[0].counts
    assert read_answer({"type": "message_delta", "usage": _MESSAGE["usage"]})[0].counts == (
        read_answer(_MESSAGE)[0].counts
    )
    assert read_answer({**_CHAT, "object": "chat.completion.chunk", "choices": []}) == read_answer(_CHAT)


@pytest.mark.parametrize(
    "event",
    [
        {"object": "chat.completion.chunk", "id": "c", "choices": [], "usage": None},
        {"type": "response.output_text.delta", "delta": "secret"},
        {"type": "message_start", "message": _MESSAGE},
        {"contentBlockDelta": {"delta": {"text": "secret"}}},
        {"candidates": [{"content": {}}]},
    ],
)
def test_an_earlier_event_of_a_stream_is_told_from_what_is_no_answer(event: object) -> None:
    with pytest.raises(Unreadable, match=NOT_FINAL):
        read_answer(event)


@pytest.mark.parametrize(
    "given",
    [None, "text", 7, [], object(), MagicMock(), {"usage": {}}, {"usage": {"prompt_tokens": "9"}}, {"usage": 5}],
)
def test_what_is_no_answer_is_refused(given: object) -> None:
    with pytest.raises(Unreadable, match=NOT_AN_ANSWER):
        read_answer(given)
