"""Session files of a coding agent."""

import json
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.attribution.formats.coding_agent import CodingAgentFormat
from genai_finops.attribution.log_format import Piece, PieceEvents
from genai_finops.errors import FinopsError

AGENT = CodingAgentFormat()


def message(output: int = 310, *, identifier: str = "msg_1", **fields: Any) -> dict[str, Any]:
    usage = {
        "input_tokens": 12,
        "cache_read_input_tokens": 5000,
        "cache_creation_input_tokens": 90,
        "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 30},
        "output_tokens": output,
        "service_tier": "standard",
        "server_tool_use": {"web_search_requests": 2},
        "inference_geo": "us",
    }
    return {
        "type": "assistant",
        "sessionId": "s-1",
        "timestamp": "2026-11-02T09:20:46.900Z",
        "cwd": "/srv/acme/triage",
        "requestId": "req_1",
        "costUSD": 0.0123,
        "message": {"id": identifier, "model": "claude-opus-4-6[1m]", "usage": usage},
    } | fields


def read(*records: Any, **options: Any) -> PieceEvents:
    AGENT.check_options(options)
    content = b"\n".join(json.dumps(record).encode() for record in records)
    return AGENT.read(Piece(content=content, first_line=1), options)


def test_a_message_says_what_it_used_and_where() -> None:
    event = read(message()).events.row(0, named=True)

    started = event.pop("started_at")
    assert started.isoformat() == "2026-11-02T09:20:46.900000+00:00"
    assert {name: value for name, value in event.items() if value not in {None, 0}} == {
        "request_id": "msg_1:req_1",
        "provider": "anthropic",
        "provider_model_id": "claude-opus-4-6",
        "service_tier": "standard",
        "geography": "us",
        "operation": "chat",
        "status": "success",
        "uncached_input": 12,
        "cache_read": 5000,
        "cache_write_5m": 60,
        "cache_write_1h": 30,
        "output": 310,
        "web_search": 2,
        "task": "/srv/acme/triage",
        "conversation_id": "s-1",
        "reported_cost": Decimal("0.0123"),
        "reported_currency": "USD",
        "log_line": 1,
    }


def test_the_last_line_of_a_message_counts() -> None:
    told = read(message(1), message(7, identifier="msg_2"), message(310))

    assert told.events.select("request_id", "output", "log_line").rows() == [
        ("msg_2:req_1", 7, 2),
        ("msg_1:req_1", 310, 3),
    ]


def test_lines_without_usage_and_messages_of_the_agent_itself_are_skipped() -> None:
    own = message()
    own["message"]["model"] = "<synthetic>"

    told = read({"type": "user", "message": {"content": "x"}}, {"type": "summary"}, own, message())

    assert (told.events.height, told.skipped, list(told.rejects)) == (1, 3, [])


def test_fast_mode_is_a_tier() -> None:
    fast = message()
    fast["message"]["usage"]["speed"] = "fast"

    assert read(fast).events["service_tier"].to_list() == ["fast"]


def test_a_pattern_takes_tenant_and_task_from_the_working_directory() -> None:
    told = read(
        message(), message(identifier="m2", cwd="/home/x"), cwd_pattern="/srv/(?P<tenant_id>[^/]+)/(?P<task>[^/]+)"
    )

    assert told.events.select("tenant_id", "task").rows() == [("acme", "triage"), (None, "/home/x")]


@pytest.mark.parametrize("pattern", ["(", "/srv/(.*)", "(?P<org>.*)", 5])
def test_a_pattern_that_names_no_consumer_is_refused(pattern: Any) -> None:
    with pytest.raises(FinopsError, match="cwd_pattern"):
        AGENT.check_options({"cwd_pattern": pattern})


def test_defects_are_named_with_their_line() -> None:
    told = read(message(timestamp=None), message(-1), message(costUSD=-2), message() | {"message": {"usage": 5}}, [])

    assert [(each.line, each.reason) for each in told.rejects] == [
        (1, "timestamp is missing"),
        (2, "output_tokens is negative"),
        (3, "costUSD is negative"),
        (4, "message.usage is a number, not an object"),
        (5, "a list in place of an object"),
    ]
