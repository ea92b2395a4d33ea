"""Spend logs of the LiteLLM proxy, and exports of Langfuse."""

import json
from typing import Any

from genai_finops.simulator.noise import token
from genai_finops.simulator.request_logs.formats.written import LogWriter, Written, iso

_MICROSECONDS = "%Y-%m-%d %H:%M:%S.%f"
_HOSTS = {"azure_openai": "azure", "aws_bedrock": "bedrock", "gcp_vertex": "vertex_ai"}


#: Owner of the gateway's own keys, who is named where the caller names nobody.
GATEWAY_USER = "svc-gateway"


def _litellm(told: Written) -> dict[str, Any]:
    consumer = told.request.consumer
    usage = {
        "prompt_tokens": told.prompt_tokens,
        "completion_tokens": told.completion_tokens,
        "total_tokens": told.prompt_tokens + told.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": told.cached_tokens},
    }
    return {
        "request_id": told.request.id,
        "litellm_call_id": token(32, told.request.id, "call"),
        "call_type": "aembedding" if told.is_embedding else "acompletion",
        "api_key": token(64, told.request.stream.api_key_id, "virtual key"),
        "spend": round(told.prompt_tokens * 1e-6, 9),
        "prompt_tokens": told.prompt_tokens,
        "completion_tokens": told.completion_tokens,
        "total_tokens": told.prompt_tokens + told.completion_tokens,
        "startTime": f"{told.started_at:{_MICROSECONDS}}",
        "endTime": f"{told.ended_at:{_MICROSECONDS}}",
        "model": told.model,
        "custom_llm_provider": _HOSTS.get(told.provider, told.provider),
        "user": GATEWAY_USER,
        "end_user": consumer.user_id or "",
        "team_id": told.tenant_id,
        "session_id": consumer.conversation_id,
        "request_tags": json.dumps([consumer.task] if consumer.task else []),
        "metadata": json.dumps({"usage_object": usage}),
        "messages": json.dumps([{"role": "user", "content": told.prompt()}]),
        "response": json.dumps({"content": told.answer()}),
        "cache_hit": "None",
        "status": "success",
    }


def _langfuse(told: Written) -> dict[str, Any]:
    consumer = told.request.consumer
    details = {
        "input": told.count("uncached_input") + told.count("input") + told.count("embedding_input"),
        "input_cached_tokens": told.cached_tokens,
        "input_cache_creation_5m": told.count("cache_write_5m"),
        "input_cache_creation_1h": told.count("cache_write_1h"),
        "output": told.completion_tokens,
    }
    details = {name: count for name, count in details.items() if count}
    trace_id = token(32, told.request.id, "trace")
    return {
        "trace": {
            "id": trace_id,
            "timestamp": iso(told.started_at),
            "name": consumer.task,
            "userId": consumer.user_id,
            "sessionId": consumer.conversation_id,
            "tags": [],
            "metadata": {"tenant_id": told.tenant_id},
            "input": told.prompt(),
            "output": told.answer(),
        },
        "observations": [
            {
                "id": told.request.id,
                "traceId": trace_id,
                "type": "EMBEDDING" if told.is_embedding else "GENERATION",
                "name": "llm",
                "startTime": iso(told.started_at),
                "endTime": iso(told.ended_at),
                "model": told.model,
                "usageDetails": {**details, "total": sum(details.values())},
                "costDetails": {"total": round(sum(details.values()) * 1e-6, 9)},
                "input": {"messages": [{"role": "user", "content": told.prompt()}]},
                "output": told.answer(),
            }
        ],
    }


LITELLM = LogWriter(
    format="litellm",
    suffix="jsonl",
    expresses=frozenset({"uncached_input", "input", "cache_read", "output", "embedding_input"}),
    record=_litellm,
    has_identity=False,
)
LANGFUSE = LogWriter(
    format="langfuse",
    suffix="json",
    layout="array",
    expresses=frozenset(
        {"uncached_input", "input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "embedding_input"}
    ),
    record=_langfuse,
    has_identity=False,
)
