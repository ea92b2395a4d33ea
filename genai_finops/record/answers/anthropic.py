"""Messages of Anthropic, from its own API or through Bedrock and Vertex AI.

Source: `usage` of the Messages API. `input_tokens` excludes what was read from and written to the cache.
"""

from collections import defaultdict
from typing import Any

from genai_finops.record.answers.answer import Answer, count, field, text
from genai_finops.record.given import Counts

_IDS_OF_CLOUDS = (("msg_bdrk_", "aws_bedrock"), ("msg_vrtx_", "gcp_vertex"))


def messages(answer: Any, usage: Any) -> tuple[Answer, ...]:
    """The message, and what other models were asked for its sake (advisors, fallbacks), each as its own call.

    Where the usage lists its iterations, they are what is billed: its own counts leave compactions and advisors out.
    """
    model, request_id = text(answer, "model"), text(answer, "id", "_request_id")
    geography = text(usage, "inference_geo")
    searches = count(field(usage, "server_tool_use"), "web_search_requests")
    first = Answer(
        likely_provider=_provider_of(request_id or ""),
        model=model,
        request_id=request_id,
        service_tier="fast" if text(usage, "speed") == "fast" else text(usage, "service_tier"),
        geography=None if geography == "not_available" else geography,
    )
    iterations = field(usage, "iterations")
    if not isinstance(iterations, list | tuple) or not iterations:
        return (first._replace(counts=_counts([usage], searches)),)
    by_model = defaultdict(list)
    for iteration in iterations:
        by_model[text(iteration, "model") or model].append(iteration)
    own = first._replace(counts=_counts(by_model.pop(model, []), searches))
    return own, *(
        first._replace(model=other, request_id=request_id and f"{request_id}#{other}", counts=_counts(parts, 0))
        for other, parts in by_model.items()
    )


def _counts(parts: list[Any], searches: int) -> Counts:
    lifetimes = [field(part, "cache_creation") for part in parts]
    return Counts(
        input_tokens=sum(count(part, "input_tokens") for part in parts),
        output_tokens=sum(count(part, "output_tokens") for part in parts),
        input_includes_cache=False,
        cache_read_tokens=sum(count(part, "cache_read_input_tokens") for part in parts),
        cache_write_tokens=sum(count(part, "cache_creation_input_tokens") for part in parts),
        cache_write_5m_tokens=sum(count(part, "ephemeral_5m_input_tokens") for part in lifetimes),
        cache_write_1h_tokens=sum(count(part, "ephemeral_1h_input_tokens") for part in lifetimes),
        web_searches=searches,
    )


def _provider_of(request_id: str) -> str:
    return next((cloud for start, cloud in _IDS_OF_CLOUDS if request_id.startswith(start)), "anthropic")
