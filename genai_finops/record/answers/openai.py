"""The shapes of OpenAI, in which Azure OpenAI, LiteLLM and many gateways answer, too.

Source: usage objects of the OpenAI API description. Cached tokens are part of the input.
"""

from typing import Any

from genai_finops.record.answers.answer import NOT_AN_ANSWER, NOT_FINAL, Answer, Unreadable, count, field, text
from genai_finops.record.given import Counts

#: Events of a stream of the responses API that carry the whole response, with its usage.
_FINAL_EVENTS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_FAILED = frozenset({"failed", "cancelled"})


def response_of_event(event: Any, kind: str | None) -> Any:
    """The response that an event of a stream ends with. Raises Unreadable for other events of the stream."""
    if kind not in _FINAL_EVENTS:
        raise Unreadable(NOT_FINAL)
    return field(event, "response")


def chat_or_embeddings(answer: Any, usage: Any) -> Answer:
    """An answer whose usage counts a prompt and a completion."""
    prompt = field(usage, "prompt_tokens_details")
    completion = field(usage, "completion_tokens_details")
    input_tokens, output_tokens = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    # Gemini and xAI leave reasoning out of the completion when they answer in this shape; their totals hold it.
    apart = max(count(usage, "total_tokens") - input_tokens - output_tokens, 0)
    counts = Counts(
        input_tokens=input_tokens,
        output_tokens=output_tokens + apart,
        input_includes_cache=True,
        cache_read_tokens=count(prompt, "cached_tokens"),
        # The second name is LiteLLM's.
        cache_write_tokens=count(prompt, "cache_write_tokens", "cache_creation_tokens"),
        input_audio_tokens=count(prompt, "audio_tokens"),
        input_image_tokens=count(prompt, "image_tokens"),
        output_audio_tokens=count(completion, "audio_tokens"),
        output_image_tokens=count(completion, "image_tokens"),
        web_searches=count(field(usage, "server_tool_use"), "web_search_requests"),
    )
    return Answer(
        likely_provider=_provider_of(answer),
        model=text(answer, "model"),
        request_id=_request_id(answer),
        operation="embeddings" if text(answer, "object") == "list" else "chat",
        created=field(answer, "created"),
        service_tier=text(answer, "service_tier"),
        counts=counts,
    )


def response(answer: Any, usage: Any) -> Answer:
    """An answer of the responses API, or of an endpoint for images or audio that counts tokens as it does."""
    inputs = field(usage, "input_tokens_details", "input_token_details")
    outputs = field(usage, "output_tokens_details", "output_token_details")
    kind = text(answer, "object")
    if kind is None and inputs is None:
        raise Unreadable(NOT_AN_ANSWER)
    output_tokens = count(usage, "output_tokens")
    is_image = kind is None and field(answer, "text") is None
    counts = Counts(
        input_tokens=count(usage, "input_tokens"),
        output_tokens=output_tokens,
        input_includes_cache=True,
        cache_read_tokens=count(inputs, "cached_tokens"),
        # Written for 30 minutes or 12 hours: neither is a lifetime that has a meter.
        cache_write_tokens=count(inputs, "cache_write_tokens"),
        input_audio_tokens=count(inputs, "audio_tokens"),
        input_image_tokens=count(inputs, "image_tokens"),
        output_audio_tokens=count(outputs, "audio_tokens"),
        # The endpoint for images answers with nothing but images where it does not say otherwise.
        output_image_tokens=output_tokens if is_image and outputs is None else count(outputs, "image_tokens"),
        web_searches=count(field(field(answer, "tool_usage"), "web_search"), "num_requests"),
    )
    return Answer(
        likely_provider=_provider_of(answer),
        model=text(answer, "model"),
        request_id=_request_id(answer),
        operation="image_generation" if is_image else "responses" if kind else "transcription",
        conversation_id=text(field(answer, "conversation"), "id"),
        created=field(answer, "created_at", "created"),
        service_tier=text(answer, "service_tier"),
        status="failure" if text(answer, "status") in _FAILED else "success",
        counts=counts,
    )


def _provider_of(answer: Any) -> str:
    """Azure's filter results are what tells its answers from OpenAI's; LiteLLM says whom it called."""
    if field(answer, "prompt_filter_results", "content_filters") is not None:
        return "azure_openai"
    return text(field(answer, "_hidden_params"), "custom_llm_provider") or "openai"


def _request_id(answer: Any) -> str | None:
    # Embeddings have no id of their own; the client library adds that of the HTTP response.
    return text(answer, "id", "_request_id")
