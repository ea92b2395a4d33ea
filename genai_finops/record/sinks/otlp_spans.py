"""Events as spans of OTLP/JSON, in the names of OpenTelemetry's GenAI conventions.

What the conventions have no name for goes under `genai_finops.` and the name of the column.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from genai_finops.attribution.formats.own_names import (
    COST,
    CURRENCY,
    EMBEDDING_INPUT,
    IS_CACHE_HIT,
    OWN_COUNTS,
    OWN_PARTS,
    OWN_START,
    OWN_TEXTS,
    RECORDED,
    TAGS,
)
from genai_finops.record.event import TOKEN_METERS, Event
from genai_finops.record.lines import decimal_text

_SCOPE = "genai_finops.record"
_CLIENT_SPAN = 3
_ERROR = 2
_PROVIDERS = {
    "gemini": "gcp.gemini",
    "gcp_vertex": "gcp.vertex_ai",
    "azure_openai": "azure.ai.openai",
    "aws_bedrock": "aws.bedrock",
}
_INPUT = tuple(meter for meter in TOKEN_METERS if not meter.startswith("output"))
_OUTPUT = tuple(meter for meter in TOKEN_METERS if meter.startswith("output"))
_SUBSETS = {
    "gen_ai.usage.cache_read.input_tokens": ("cache_read", "cache_read_audio"),
    "gen_ai.usage.cache_write.input_tokens": ("cache_write", "cache_write_5m", "cache_write_1h"),
    "gen_ai.usage.audio.input_tokens": ("uncached_input_audio", "cache_read_audio"),
    "gen_ai.usage.image.input_tokens": ("uncached_input_image",),
    "gen_ai.usage.video.input_tokens": ("uncached_input_video",),
    "gen_ai.usage.audio.output_tokens": ("output_audio",),
    "gen_ai.usage.image.output_tokens": ("output_image",),
}
#: Columns with a name that others know.
_TEXTS = {
    "provider_model_id": "gen_ai.response.model",
    "request_id": "gen_ai.response.id",
    "tenant_id": "tenant.id",
    "user_id": "user.id",
    "task": "gen_ai.agent.name",
    "conversation_id": "gen_ai.conversation.id",
}
_OPENAI = frozenset({"openai", "azure_openai"})


def trace_request(events: Sequence[Event], *, service: str) -> bytes:
    """The body of one export request. The same events give the same bytes, ids included."""
    resource = {"attributes": [_attribute("service.name", service)]}
    scopes = [{"scope": {"name": _SCOPE}, "spans": [_span(event) for event in events]}]
    document = {"resourceSpans": [{"resource": resource, "scopeSpans": scopes}]}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _span(event: Event) -> dict[str, Any]:
    identity = hashlib.blake2b(event["request_id"].encode("utf-8", "replace"), digest_size=24).hexdigest()
    # Spans must have an operation, and others know embeddings by this name only.
    operation = "embeddings" if event.get("embedding_input") else event.get("operation") or "chat"
    started = event["started_at"]
    return {
        "traceId": identity[:32],
        "spanId": identity[32:],
        "name": f"{operation} {event.get('provider_model_id') or ''}".strip(),
        "kind": _CLIENT_SPAN,
        "startTimeUnixNano": str(started * 1000),
        "endTimeUnixNano": str((event.get("ended_at") or started) * 1000),
        "attributes": [_attribute(name, value) for name, value in _attributes(event, operation)],
        "status": {"code": _ERROR} if event["status"] == "failure" else {},
    }


def _attributes(event: Event, operation: str) -> Iterator[tuple[str, Any]]:
    provider = event.get("provider")
    yield "gen_ai.operation.name", operation
    if provider is not None:
        yield "gen_ai.provider.name", _PROVIDERS.get(provider, provider)
    yield "gen_ai.usage.input_tokens", sum(event.get(meter, 0) for meter in _INPUT)
    yield "gen_ai.usage.output_tokens", sum(event.get(meter, 0) for meter in _OUTPUT)
    for name, meters in _SUBSETS.items():
        quantity = sum(event.get(meter, 0) for meter in meters)
        if quantity:
            yield name, quantity
    for column, name in _TEXTS.items():
        if event.get(column) is not None:
            yield name, event[column]
    tier = event.get("service_tier")
    if tier is not None:
        yield ("openai" if provider in _OPENAI else "gen_ai") + ".response.service_tier", tier
    if event["status"] == "failure":
        yield "error.type", "_OTHER"
    yield from _own_attributes(event)


def _own_attributes(event: Event) -> Iterator[tuple[str, Any]]:
    yield OWN_START + RECORDED, True
    for column in (*OWN_TEXTS, TAGS, CURRENCY):
        if event.get(column) is not None:
            yield OWN_START + column, event[column]
    for column in (*OWN_PARTS, EMBEDDING_INPUT, *OWN_COUNTS):
        if event.get(column):
            yield OWN_START + column, event[column]
    if event["is_cache_hit"]:
        yield OWN_START + IS_CACHE_HIT, True
    cost = event.get("reported_cost")
    if cost is not None:
        # A text: a double would not be the amount.
        yield OWN_START + COST, decimal_text(cost)
        if event["reported_currency"] == "USD":
            yield "gen_ai.usage.cost", decimal_text(cost)


def _attribute(name: str, value: str | int | bool) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"key": name, "value": {"boolValue": value}}
    if isinstance(value, int):
        return {"key": name, "value": {"intValue": str(value)}}
    return {"key": name, "value": {"stringValue": value}}
