"""Pages as OpenAI writes them, and a source that reads them."""

from typing import Any

import httpx

from genai_finops.providers.source import HttpUsageSource

from .scripted_source import DAY, NOW, Answer, scripted_source

START = int(DAY.start.timestamp())


def source_over(answer: Answer, *, now: str = NOW, **options: Any) -> HttpUsageSource:
    return scripted_source("openai", "sk-admin-test-0123456789", answer, options=options, now=now)


def empty_page(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/projects"):
        return httpx.Response(200, json={"object": "list", "data": [], "has_more": False})
    return httpx.Response(200, json=page([]))


def page(results: list[Any], *, end: int = START + 86400) -> dict[str, Any]:
    bucket = {"object": "bucket", "start_time": START, "end_time": end, "results": results}
    return {"object": "page", "data": [bucket], "has_more": False, "next_page": None}
