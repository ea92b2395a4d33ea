"""Answers of the Converse API of Bedrock as boto3 gives them. Cached tokens are beside the input."""

from typing import Any

from genai_finops.record.answers.answer import Answer, count, field, text
from genai_finops.record.given import Counts


def converse(answer: Any, usage: Any) -> Answer:
    """An answer, or the last event of its stream. It does not name its model, unless a prompt router chose it."""
    lifetimes = {"5m": 0, "1h": 0}
    for written in field(usage, "cacheDetails") or ():
        ttl = text(written, "ttl")
        if ttl in lifetimes:
            lifetimes[ttl] += count(written, "inputTokens")
    counts = Counts(
        input_includes_cache=False,
        input_tokens=count(usage, "inputTokens"),
        output_tokens=count(usage, "outputTokens"),
        cache_read_tokens=count(usage, "cacheReadInputTokens", "cacheReadInputTokenCount"),
        cache_write_tokens=count(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount"),
        cache_write_5m_tokens=lifetimes["5m"],
        cache_write_1h_tokens=lifetimes["1h"],
    )
    return Answer(
        likely_provider="aws_bedrock",
        model=text(field(field(answer, "trace"), "promptRouter"), "invokedModelId"),
        request_id=text(field(answer, "ResponseMetadata"), "RequestId"),
        service_tier=text(field(answer, "serviceTier"), "type"),
        counts=counts,
    )
