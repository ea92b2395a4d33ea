"""Recognises whose answer an object is, by its shape alone: no client library is imported."""

from typing import Any

from genai_finops.record.answers import anthropic, bedrock, google, openai
from genai_finops.record.answers.answer import NOT_AN_ANSWER, NOT_FINAL, Answer, Unreadable, field, text

_STREAMED = ("chat.completion.chunk", "text_completion")


def read_answer(given: Any) -> tuple[Answer, ...]:
    """The calls that an answer, or the last event of its stream, tells of. Raises Unreadable."""
    if isinstance(given, str | bytes | int | float | list | tuple):
        raise Unreadable(NOT_AN_ANSWER)
    answer = _unwrapped(given)
    usage = field(answer, "usage")
    if usage is not None:
        return _by_usage(answer, usage)
    metadata = field(answer, "usage_metadata", "usageMetadata")
    if metadata is not None:
        return (google.generated(answer, metadata),)
    raise Unreadable(NOT_FINAL if _is_piece(answer) else NOT_AN_ANSWER)


def _unwrapped(given: Any) -> Any:
    """The answer within an event of a stream."""
    kind = text(given, "type")
    if kind is not None and kind.startswith("response."):
        return openai.response_of_event(given, kind)
    # The last event of a stream of Converse.
    inner = field(given, "metadata")
    return inner if field(field(inner, "usage"), "inputTokens") is not None else given


def _by_usage(answer: Any, usage: Any) -> tuple[Answer, ...]:
    if field(usage, "prompt_tokens") is not None:
        return (openai.chat_or_embeddings(answer, usage),)
    if field(usage, "inputTokens") is not None:
        return (bedrock.converse(answer, usage),)
    if field(usage, "input_tokens", "output_tokens") is None:
        raise Unreadable(NOT_AN_ANSWER)
    if text(answer, "type") in {"message", "message_delta"} or _counts_cache_beside(usage):
        return anthropic.messages(answer, usage)
    return (openai.response(answer, usage),)


def _counts_cache_beside(usage: Any) -> bool:
    return field(usage, "cache_creation_input_tokens", "cache_read_input_tokens") is not None


def _is_piece(answer: Any) -> bool:
    """An event of a stream that comes before the usage does."""
    kind = text(answer, "type") or ""
    return (
        text(answer, "object") in _STREAMED
        or kind.startswith(("message_", "content_block_"))
        or any(
            field(answer, name) is not None
            for name in (
                *("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop"),
                # Of Google's streams every event but the last may come without.
                "candidates",
            )
        )
    )
