"""GenerateContentResponse of the Gemini API and of Vertex AI, as JSON or as an object of either client library.

Source: `usageMetadata`. Thoughts are beside the candidates, prompts of tools beside the prompt, cached tokens in it.
"""

from collections.abc import Mapping
from typing import Any

from genai_finops.record.answers.answer import Answer, count, field, text
from genai_finops.record.given import Counts


def generated(answer: Any, usage: Any) -> Answer:
    """Anything with usage metadata."""
    prompt = _by_modality(usage, "prompt_tokens_details", "promptTokensDetails")
    tool = _by_modality(usage, "tool_use_prompt_tokens_details", "toolUsePromptTokensDetails")
    cached = _by_modality(usage, "cache_tokens_details", "cacheTokensDetails")
    candidates = _by_modality(usage, "candidates_tokens_details", "candidatesTokensDetails")
    traffic = text(usage, "traffic_type", "trafficType")
    named = text(usage, "service_tier", "serviceTier")
    is_embedding = field(answer, "embeddings", "embedding") is not None
    counts = Counts(
        input_tokens=count(usage, "prompt_token_count", "promptTokenCount")
        + count(usage, "tool_use_prompt_token_count", "toolUsePromptTokenCount"),
        output_tokens=count(usage, "candidates_token_count", "candidatesTokenCount")
        + count(usage, "thoughts_token_count", "thoughtsTokenCount"),
        input_includes_cache=True,
        cache_read_tokens=count(usage, "cached_content_token_count", "cachedContentTokenCount"),
        input_audio_tokens=prompt.get("AUDIO", 0) + tool.get("AUDIO", 0),
        cache_read_audio_tokens=cached.get("AUDIO", 0),
        # Cached ones are no class of their own, unlike cached audio.
        input_image_tokens=max(prompt.get("IMAGE", 0) + tool.get("IMAGE", 0) - cached.get("IMAGE", 0), 0),
        input_video_tokens=max(prompt.get("VIDEO", 0) + tool.get("VIDEO", 0) - cached.get("VIDEO", 0), 0),
        output_audio_tokens=candidates.get("AUDIO", 0),
        output_image_tokens=candidates.get("IMAGE", 0),
    )
    return Answer(
        # Only Vertex AI says how traffic was charged, and only it says when an answer was made.
        likely_provider="gcp_vertex" if traffic or field(answer, "create_time", "createTime") else "gemini",
        model=text(answer, "model_version", "modelVersion"),
        request_id=text(answer, "response_id", "responseId"),
        operation="embeddings" if is_embedding else "generate_content",
        created=field(answer, "create_time", "createTime"),
        service_tier=traffic or named,
        counts=counts,
    )


def _by_modality(usage: Any, *names: str) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for part in field(usage, *names) or ():
        modality = text(part, "modality") or text(field(part, "modality"), "name")
        if modality is not None:
            counts[modality] = counts.get(modality, 0) + count(part, "token_count", "tokenCount")
    return counts
