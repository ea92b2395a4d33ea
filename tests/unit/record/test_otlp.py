"""Events posted to a real HTTP server."""

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from genai_finops.attribution.formats.otlp import OtlpFormat
from genai_finops.attribution.log_format import Piece
from genai_finops.record import attributed, close, configure, default, flush, record_llm_cost, stats


@dataclass
class Collector:
    """Takes traces; answers as it is told first, then that all is well."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector on a free port."""
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
            found.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status, headers, content = found.answers.pop(0) if found.answers else (200, {}, b'{"partialSuccess":{}}')
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        configure(to=found.url, service="bot", headers={"Authorization": "Bearer s3cret"}, flush_seconds=0.01)
        yield found
        close()
        default.shared.recorder = None
        server.shutdown()


def test_the_reader_of_traces_reads_what_was_recorded(collector: Collector) -> None:
    with attributed(tenant_id="acme", user_id="u", task="t", conversation_id="c"):
        record_llm_cost(
            provider="bedrock",
            model="us.anthropic.claude-sonnet-4-6",
            input_tokens=100,
            cache_read_tokens=4000,
            cache_write_tokens=30,
            output_tokens=10,
            service_tier="priority",
            request_id="r-1",
            reported_cost="0.000000000000000001",
            status="failure",
            started_at=1793520000,
        )
    assert flush()

    ((path, headers, body),) = collector.requests
    assert (path, headers["authorization"]) == ("/v1/traces", "Bearer s3cret")
    read = OtlpFormat().read(Piece(content=body + b"\n", first_line=1), {})
    assert not read.rejects
    (event,) = read.events.to_dicts()
    found = {name: value for name, value in event.items() if value not in (None, 0)}
    expected = {
        "request_id": "r-1",
        "provider": "aws_bedrock",
        "provider_model_id": "us.anthropic.claude-sonnet-4-6",
        "uncached_input": 100,
        "cache_read": 4000,
        "cache_write": 30,
        "output": 10,
        "service_tier": "priority",
        "tenant_id": "acme",
        "user_id": "u",
        "task": "t",
        "conversation_id": "c",
        "status": "failure",
        "operation": "chat",
        "reported_currency": "USD",
    }
    assert {name: found[name] for name in expected} == expected
    assert f"{found['reported_cost']:f}" == "0.000000000000000001"


def test_a_busy_endpoint_is_asked_again_with_the_same_spans(collector: Collector) -> None:
    collector.answers += [(429, {"Retry-After": "0"}, b""), (503, {"Retry-After": "0"}, b"")]
    record_llm_cost(provider="openai", model="gpt-5", input_tokens=1)
    assert flush()

    assert len({body for _, _, body in collector.requests}) == 1
    assert (len(collector.requests), stats().written, stats().failed) == (3, 1, 2)


@pytest.mark.parametrize(
    "answer",
    [
        (400, {}, b""),
        (307, {"Location": "http://127.0.0.1:9/elsewhere"}, b""),
        (200, {}, json.dumps({"partialSuccess": {"rejectedSpans": "1"}}).encode()),
    ],
)
def test_what_the_endpoint_refuses_is_counted_and_not_sent_again(
    collector: Collector, answer: tuple[int, dict[str, str], bytes]
) -> None:
    collector.answers.append(answer)
    record_llm_cost(provider="openai", model="gpt-5", input_tokens=1)
    assert flush()

    assert (len(collector.requests), stats().dropped) == (1, {"refused": 1})
