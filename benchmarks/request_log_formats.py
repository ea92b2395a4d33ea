"""How fast nested formats of request logs become events, on one core: rows per second of each, and megabytes.

    .venv/bin/python benchmarks/request_log_formats.py --rows 50000 --prompt 600

The logs are made in memory, without drawing random numbers, with a prompt and an answer of that many characters each.
"""

import argparse
import json
import time
from collections.abc import Iterator
from typing import Any

from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.attribution.log_format import Piece

_START_SECONDS = 1_793_520_000
_SPANS_A_LINE = 64


def _attributes(values: dict[str, str | int | float]) -> list[dict[str, Any]]:
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    return [
        {"key": key, "value": {kinds[type(value)]: str(value) if isinstance(value, int) else value}}
        for key, value in values.items()
    ]


def _otlp(rows: int, text: str, *, attributes: Any) -> Iterator[Any]:
    resource = {"attributes": _attributes({"service.name": "support", "tenant.id": "acme"})}
    for first in range(0, rows, _SPANS_A_LINE):
        spans = [
            {
                "traceId": f"{number + 1:032x}",
                "spanId": f"{number + 1:016x}",
                "parentSpanId": "00f067aa0ba902b7",
                "name": "chat",
                "kind": 3,
                "startTimeUnixNano": f"{_START_SECONDS + number}000000000",
                "endTimeUnixNano": f"{_START_SECONDS + number + 2}000000000",
                "attributes": _attributes(attributes(number, text)),
                "status": {},
            }
            for number in range(first, min(first + _SPANS_A_LINE, rows))
        ]
        yield {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "x"}, "spans": spans}]}]}


def _genai(number: int, text: str) -> dict[str, str | int | float]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-sonnet-4-6",
        "gen_ai.response.model": "claude-sonnet-4-6",
        "gen_ai.request.max_tokens": 1024,
        "gen_ai.response.id": f"msg_{number}",
        "gen_ai.usage.input_tokens": 5200 + number % 97,
        "gen_ai.usage.cache_read.input_tokens": 4000,
        "gen_ai.usage.output_tokens": 310,
        "gen_ai.conversation.id": f"c-{number % 5000}",
        "user.id": f"u-{number % 700}",
        "gen_ai.agent.name": "triage",
        "server.address": "api.anthropic.com",
        "server.port": 443,
        "gen_ai.input.messages": text,
        "gen_ai.output.messages": text,
    }


def _openinference(number: int, text: str) -> dict[str, str | int | float]:
    return {
        "openinference.span.kind": "LLM",
        "llm.provider": "openai",
        "llm.system": "openai",
        "llm.model_name": "gpt-5.4-mini",
        "llm.token_count.prompt": 1800,
        "llm.token_count.completion": 310,
        "llm.token_count.total": 2110,
        "llm.token_count.prompt_details.cache_read": 1024,
        "llm.cost.total": 0.0020538,
        "session.id": f"c-{number % 5000}",
        "user.id": f"u-{number % 700}",
        "metadata": '{"tenant_id": "acme"}',
        "input.value": text,
        "output.value": text,
        "llm.input_messages.0.message.content": text,
    }


def _langfuse(rows: int, text: str) -> Iterator[Any]:
    for number in range(rows):
        trace = f"{number:032x}"
        yield {
            "trace": {"id": trace, "name": "summarize", "userId": "u-7", "sessionId": "c-42", "tags": ["tenant:acme"]},
            "observations": [
                {
                    "id": f"{number:016x}",
                    "traceId": trace,
                    "type": "GENERATION",
                    "name": "llm",
                    "startTime": "2026-11-02T09:20:46.900Z",
                    "endTime": "2026-11-02T09:20:48.100Z",
                    "model": "gpt-5.4-mini",
                    "input": text,
                    "output": text,
                    "usageDetails": {"input": 776, "input_cached_tokens": 1024, "output": 310, "total": 2110},
                    "costDetails": {"input": 0.00077, "output": 0.001284, "total": 0.002054},
                    "latency": 1.2,
                }
            ],
        }


def _bedrock(rows: int, text: str) -> Iterator[Any]:
    for number in range(rows):
        yield {
            "schemaType": "ModelInvocationLog",
            "schemaVersion": "1.0",
            "timestamp": "2026-11-02T09:20:46Z",
            "accountId": "111122223333",
            "region": "us-east-1",
            "requestId": f"r-{number}",
            "operation": "Converse",
            "modelId": "us.anthropic.claude-sonnet-4-6",
            "requestMetadata": {"tenant_id": "acme", "task": "summarize", "conversation_id": f"c-{number % 5000}"},
            "identity": {"arn": "arn:aws:sts::111122223333:assumed-role/app/u-7"},
            "input": {"inputTokenCount": 1200, "cacheReadInputTokenCount": 4000, "inputBodyJson": {"messages": [text]}},
            "output": {
                "outputTokenCount": 310,
                "outputBodyJson": {"output": text, "usage": {"inputTokens": 1200, "outputTokens": 310}},
            },
        }


def _coding_agent(rows: int, text: str) -> Iterator[Any]:
    for number in range(rows):
        yield {
            "type": "assistant",
            "sessionId": f"s-{number % 5000}",
            "timestamp": "2026-11-02T09:20:46.900Z",
            "cwd": "/srv/acme/summarize",
            "requestId": f"req_{number}",
            "costUSD": 0.0123,
            "message": {
                "id": f"msg_{number}",
                "model": "claude-opus-4-6[1m]",
                "content": [{"type": "text", "text": text}, {"type": "text", "text": text}],
                "usage": {
                    "input_tokens": 12,
                    "cache_read_input_tokens": 52_000,
                    "cache_creation_input_tokens": 900,
                    "cache_creation": {"ephemeral_5m_input_tokens": 900, "ephemeral_1h_input_tokens": 0},
                    "output_tokens": 310,
                    "service_tier": "standard",
                },
            },
        }


def _measure(label: str, name: str, records: Iterator[Any], rows: int, repeats: int) -> None:
    content = b"\n".join(json.dumps(record).encode() for record in records)
    shortest = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        told = FORMATS[name].read(Piece(content=content, first_line=1), {})
        shortest = min(shortest, time.perf_counter() - began)
    if told.events.height != rows or told.rejects:
        raise SystemExit(f"{label}: {told.events.height} events and {len(told.rejects)} rejects of {rows} rows")
    print(f"{label:28} {rows / shortest:>10,.0f} rows/s  {len(content) / shortest / 1e6:>8,.0f} MB/s  {shortest:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--prompt", type=int, default=600, help="characters of a prompt and of an answer")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    rows, text = arguments.rows, 'Say "x": 1.5 or cost. ' * (arguments.prompt // 22)
    for label, name, records in (
        ("otlp, GenAI conventions", "otlp", _otlp(rows, text, attributes=_genai)),
        ("otlp, OpenInference", "otlp", _otlp(rows, text, attributes=_openinference)),
        ("langfuse, JSON lines", "langfuse", _langfuse(rows, text)),
        ("bedrock", "bedrock", _bedrock(rows, text)),
        ("coding_agent", "coding_agent", _coding_agent(rows, text)),
    ):
        _measure(label, name, records, rows, arguments.repeats)


if __name__ == "__main__":
    main()
