"""Pages as Anthropic writes them, and a source that reads them."""

from typing import Any

import httpx

from genai_finops.providers.source import HttpUsageSource

from .scripted_source import Answer, scripted_source

SERIES = [(geo, speed) for geo in ("global", "us", "not_available") for speed in ("standard", "fast")]


def source_over(answer: Answer, **options: Any) -> HttpUsageSource:
    return scripted_source("anthropic", "sk-ant-admin01-test-0123456789", answer, options=options)


def page(results: list[Any]) -> dict[str, Any]:
    bucket = {"starting_at": "2026-10-01T00:00:00Z", "ending_at": "2026-10-02T00:00:00Z", "results": results}
    return {"data": [bucket], "has_more": False, "next_page": None}


def empty_page(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=page([]) if "usage_report" in request.url.path else {"data": [], "has_more": False})


def usage(**changes: Any) -> dict[str, Any]:
    row = {
        "uncached_input_tokens": 1500,
        "cache_creation": {"ephemeral_1h_input_tokens": 100, "ephemeral_5m_input_tokens": 200},
        "cache_read_input_tokens": 4000,
        "output_tokens": 300,
        "server_tool_use": {"web_search_requests": 25},
        "account_id": None,
        "api_key_id": "apikey_1",
        "context_window": "0-200k",
        "inference_geo": None,
        "model": "claude-opus-5",
        "service_account_id": None,
        "service_tier": "standard",
        "workspace_id": "wrkspc_1",
    }
    return {name: value for name, value in (row | changes).items() if value is not ...}
