"""Spans as the OpenTelemetry collector's file exporter writes them: current names, older ones, OpenInference."""

import datetime as dt
import json
from typing import Any

from genai_finops.simulator.noise import token
from genai_finops.simulator.request_logs.formats.written import LogWriter, Written

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CLIENT = 3
_TEXT = {"uncached_input", "input", "cache_read", "output", "embedding_input"}
_NAMES = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "gcp.gemini",
    "azure_openai": "azure.ai.openai",
    "gcp_vertex": "gcp.vertex_ai",
}
_OLD_NAMES = {**_NAMES, "gemini": "gemini", "azure_openai": "az.ai.openai", "gcp_vertex": "vertex_ai"}
#: What OpenAI calls the tiers of the platform's vocabulary.
_TIERS = {"standard": "default", "committed": "scale"}


def _value(value: str | int | float) -> dict[str, Any]:
    match value:
        case int():
            # 64-bit integers are text in OTLP's JSON.
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": value}


def _attributes(values: dict[str, str | int | float | None]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value is not None]


def _nanoseconds(moment: dt.datetime) -> str:
    return str((moment - _EPOCH) // dt.timedelta(microseconds=1) * 1000)


def _span(told: Written, name: str, values: dict[str, str | int | float | None]) -> dict[str, Any]:
    resource = {"service.name": "assistant", "tenant.id": told.tenant_id}
    span = {
        "traceId": token(32, told.request.id, "trace"),
        "spanId": token(16, told.request.id, "span"),
        "name": name,
        "kind": _CLIENT,
        "startTimeUnixNano": _nanoseconds(told.started_at),
        "endTimeUnixNano": _nanoseconds(told.ended_at),
        "attributes": _attributes(values),
        "status": {},
    }
    scope = {"scope": {"name": "simulated.instrumentation", "version": "1.0"}, "spans": [span]}
    return {"resourceSpans": [{"resource": {"attributes": _attributes(dict(resource))}, "scopeSpans": [scope]}]}


def _current(told: Written) -> dict[str, Any]:
    consumer = told.request.consumer
    operation = "embeddings" if told.is_embedding else "chat"
    values: dict[str, str | int | float | None] = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": _NAMES[told.provider],
        "gen_ai.request.model": told.model,
        "gen_ai.response.model": told.model,
        "gen_ai.response.id": told.request.id,
        "gen_ai.usage.input_tokens": told.prompt_tokens,
        "gen_ai.usage.output_tokens": told.completion_tokens or None,
        "gen_ai.usage.cache_read.input_tokens": told.cached_tokens or None,
        "gen_ai.usage.cache_write.input_tokens": told.cache_write_tokens or None,
        "gen_ai.conversation.id": consumer.conversation_id,
        "gen_ai.agent.name": consumer.task,
        "user.id": consumer.user_id,
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": told.prompt()}]}]),
        "gen_ai.output.messages": told.answer(),
    }
    if told.provider == "openai":
        values["openai.response.service_tier"] = _TIERS.get(told.tier, told.tier)
    return _span(told, f"{operation} {told.model}", values)


def _old(told: Written) -> dict[str, Any]:
    consumer = told.request.consumer
    values: dict[str, str | int | float | None] = {
        "gen_ai.operation.name": "embeddings" if told.is_embedding else "chat",
        "gen_ai.system": _OLD_NAMES[told.provider],
        "gen_ai.request.model": told.model,
        "gen_ai.response.model": told.model,
        "gen_ai.response.id": told.request.id,
        "gen_ai.usage.prompt_tokens": told.prompt_tokens,
        "gen_ai.usage.completion_tokens": told.completion_tokens or None,
        "gen_ai.usage.cache_read_input_tokens": told.cached_tokens or None,
        "session.id": consumer.conversation_id,
        "gen_ai.agent.name": consumer.task,
        "enduser.id": consumer.user_id,
        "gen_ai.prompt.0.content": told.prompt(),
        "gen_ai.completion.0.content": told.answer(),
    }
    return _span(told, f"chat {told.model}", values)


def _openinference(told: Written) -> dict[str, Any]:
    consumer = told.request.consumer
    values: dict[str, str | int | float | None] = {
        "openinference.span.kind": "EMBEDDING" if told.is_embedding else "LLM",
        "llm.provider": {"gemini": "google", "gcp_vertex": "vertexai"}.get(told.provider, told.provider),
        "llm.system": {"gemini": "gemini", "gcp_vertex": "vertexai"}.get(told.provider, told.provider),
        "llm.model_name": told.model,
        "llm.token_count.prompt": told.prompt_tokens,
        "llm.token_count.completion": told.completion_tokens,
        "llm.token_count.total": told.prompt_tokens + told.completion_tokens,
        "llm.token_count.prompt_details.cache_read": told.cached_tokens or None,
        "session.id": consumer.conversation_id,
        "user.id": consumer.user_id,
        "agent.name": consumer.task,
        "input.value": told.prompt(),
        "output.value": told.answer(),
        "llm.input_messages.0.message.content": told.prompt(),
    }
    return _span(told, "ChatCompletion", values)


CURRENT = LogWriter(
    format="otlp", suffix="jsonl", expresses=frozenset({*_TEXT, "cache_write"}), record=_current, has_identity=False
)
OLD = LogWriter(format="otlp", suffix="jsonl", expresses=frozenset(_TEXT), record=_old, has_identity=False)
OPENINFERENCE = LogWriter(
    format="otlp", suffix="jsonl", expresses=frozenset(_TEXT), record=_openinference, has_identity=False
)
