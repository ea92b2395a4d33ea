"""Session files of a coding agent. A message is written while it streams and once more when it is done."""

from typing import Any

from genai_finops.simulator.request_logs.consumers import Consumer
from genai_finops.simulator.request_logs.formats.written import LogWriter, Written, iso

#: Who runs the agents; no line says so.
AGENT_USER = "build-agents"


def session_of(consumer: Consumer) -> str:
    """What a batch of unattended runs has for a session is its task."""
    return consumer.conversation_id or f"unattended-{consumer.task}"


def _record(told: Written) -> dict[str, Any]:
    stream, consumer = told.request.stream, told.request.consumer
    tier, _, speed = (stream.plan.provider_service_tier or "standard").partition("+")
    usage: dict[str, Any] = {
        "input_tokens": told.count("uncached_input"),
        "cache_read_input_tokens": told.count("cache_read"),
        "cache_creation_input_tokens": told.cache_write_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": told.count("cache_write_5m"),
            "ephemeral_1h_input_tokens": told.count("cache_write_1h"),
        },
        "output_tokens": told.completion_tokens,
        "server_tool_use": {"web_search_requests": told.count("web_search")},
        "service_tier": tier,
        "inference_geo": stream.plan.geography or "not_available",
    }
    if speed:
        usage["speed"] = speed
    return {
        "type": "assistant",
        "sessionId": session_of(consumer),
        "timestamp": iso(told.started_at),
        "cwd": f"/srv/{told.tenant_id}/{consumer.task}",
        "version": "2.1.0",
        "requestId": f"req_{told.request.id}",
        "message": {
            "id": f"msg_{told.request.id}",
            "role": "assistant",
            "model": told.model,
            "content": [{"type": "text", "text": told.answer()}],
            "usage": usage,
        },
    }


SESSIONS = LogWriter(
    format="coding_agent",
    suffix="jsonl",
    expresses=frozenset({"uncached_input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "web_search"}),
    record=_record,
    has_identity=False,
    options={"cwd_pattern": "^/srv/(?P<tenant_id>[^/]+)/(?P<task>[^/]+)"},
)
