"""What an application calls. None of it waits, and none of it raises into the caller but `configure`."""

import time
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal

from genai_finops.record import default
from genai_finops.record.answers.answer import Unreadable
from genai_finops.record.answers.reading import read_answer
from genai_finops.record.consumers import current_consumer
from genai_finops.record.given import Counts, Given
from genai_finops.record.sinks.sink import Durability
from genai_finops.record.statistics import UNREADABLE, Statistics

#: A datetime (local time without a zone), seconds since 1970, or ISO 8601.
Moment = datetime | float | str


def record_llm_cost(
    *,
    provider: str,
    model: str | None,
    input_tokens: int = 0,
    output_tokens: int = 0,
    tenant_id: str | None = None,
    user_id: str | None = None,
    task: str | None = None,
    conversation_id: str | None = None,
    cache_read_tokens: int = 0,
    cache_write_tokens: int = 0,
    cache_write_5m_tokens: int = 0,
    cache_write_1h_tokens: int = 0,
    input_includes_cache: bool | None = None,
    input_audio_tokens: int = 0,
    cache_read_audio_tokens: int = 0,
    input_image_tokens: int = 0,
    input_video_tokens: int = 0,
    output_audio_tokens: int = 0,
    output_image_tokens: int = 0,
    images: int = 0,
    characters: int = 0,
    web_searches: int = 0,
    service_tier: str | None = None,
    operation: str | None = "chat",
    status: Literal["success", "failure"] = "success",
    is_cache_hit: bool = False,
    request_id: str | None = None,
    started_at: Moment | None = None,
    ended_at: Moment | None = None,
    account_id: str | None = None,
    sub_account_id: str | None = None,
    resource_id: str | None = None,
    api_key_id: str | None = None,
    region_id: str | None = None,
    geography: str | None = None,
    reported_cost: Decimal | float | str | None = None,
    reported_currency: str | None = None,
    cost_type: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Record one request by its counts.

    `input_tokens` is the provider's own count: of OpenAI, Azure and Google it includes what was read from and written
    to a cache, of Anthropic and Bedrock it does not; `input_includes_cache` says so where this does not fit. Cache
    reads, cache writes (all, or by lifetime), audio, images and video are given beside it. `output_tokens` is all
    output that is billed, reasoning and thoughts included. With operation `embeddings` all input is embedding input.

    `is_cache_hit`: a cache of the application answered; it costs nothing, and what it would have cost counts as saved.
    Without `started_at` the request is of the moment of the call, without `request_id` it gets one of its own. The
    `api_key_id` is the provider's id of a key, never the key. `cost_type` (input, output, other) says what the
    `reported_cost` is for. Tenant, user, task and conversation come from `attributed` where they are not given.
    """
    try:
        recorder = default.shared.recorder or default.recorder()
        recorder.record(
            Given(
                time.time_ns(),
                current_consumer.get(),
                provider,
                None,
                model,
                Counts(
                    input_tokens,
                    output_tokens,
                    input_includes_cache,
                    cache_read_tokens,
                    cache_write_tokens,
                    cache_write_5m_tokens,
                    cache_write_1h_tokens,
                    input_audio_tokens,
                    cache_read_audio_tokens,
                    input_image_tokens,
                    input_video_tokens,
                    output_audio_tokens,
                    output_image_tokens,
                    images,
                    characters,
                    web_searches,
                ),
                tenant_id,
                user_id,
                task,
                conversation_id,
                None if tags is None else dict(tags),
                request_id,
                started_at,
                ended_at,
                operation,
                status,
                is_cache_hit,
                service_tier,
                account_id,
                sub_account_id,
                resource_id,
                api_key_id,
                region_id,
                geography,
                reported_cost,
                reported_currency,
                cost_type,
            )
        )
    except Exception:  # noqa: BLE001 # values of any type; the caller's work goes on
        _count_unreadable()


def record_response(
    response: object,
    *,
    provider: str | None = None,
    model: str | None = None,
    tenant_id: str | None = None,
    user_id: str | None = None,
    task: str | None = None,
    conversation_id: str | None = None,
    service_tier: str | None = None,
    status: Literal["success", "failure"] | None = None,
    is_cache_hit: bool = False,
    request_id: str | None = None,
    started_at: Moment | None = None,
    ended_at: Moment | None = None,
    account_id: str | None = None,
    sub_account_id: str | None = None,
    resource_id: str | None = None,
    api_key_id: str | None = None,
    region_id: str | None = None,
    geography: str | None = None,
    reported_cost: Decimal | float | str | None = None,
    reported_currency: str | None = None,
    cost_type: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Record the request that an answer of a provider's client library came from; objects and their JSON alike.

    Reads the usage, id, model, tier, region and moment of an answer, never what was said: chat completions, responses,
    embeddings and images of OpenAI and Azure OpenAI, messages of Anthropic, GenerateContentResponse of Gemini and
    Vertex AI, Converse of Bedrock. Of a stream, give the last event. Arguments win over what the answer says;
    `provider` is needed where an endpoint only looks like OpenAI's, `model` where the answer does not name it
    (Converse, images).
    """
    try:
        recorder = default.shared.recorder or default.recorder()
        try:
            answers = read_answer(response)
        except Unreadable as reason:
            recorder.drop(str(reason))
            return
        called_at, around = time.time_ns(), current_consumer.get()
        copied = None if tags is None else dict(tags)
        for answer in answers:
            is_first = answer is answers[0]
            recorder.record(
                Given(
                    called_at,
                    around,
                    provider,
                    answer.likely_provider,
                    model if model is not None and is_first else answer.model,
                    answer.counts,
                    tenant_id,
                    user_id,
                    task,
                    answer.conversation_id if conversation_id is None else conversation_id,
                    copied,
                    request_id if request_id is not None and is_first else answer.request_id,
                    answer.created if started_at is None else started_at,
                    ended_at,
                    answer.operation,
                    answer.status if status is None else status,
                    is_cache_hit,
                    answer.service_tier if service_tier is None else service_tier,
                    account_id,
                    sub_account_id,
                    resource_id,
                    api_key_id,
                    region_id,
                    answer.geography if geography is None else geography,
                    reported_cost if is_first else None,
                    reported_currency,
                    cost_type,
                )
            )
    except Exception:  # noqa: BLE001 # attributes of any object; the caller's work goes on
        _count_unreadable()


def configure(
    *,
    to: str | None = None,
    service: str | None = None,
    queue_size: int | None = None,
    flush_seconds: float | None = None,
    exit_seconds: float | None = None,
    headers: Mapping[str, str] | None = None,
    durability: Durability | None = None,
    metrics: bool | None = None,
    most_series: int | None = None,
    org: str | None = None,
) -> None:
    """Record from here on as told; what is not named comes from GENAI_FINOPS_RECORD_*, else from Configuration.

    `to` is a folder or the URL of an OTLP endpoint. What was recorded before is written first. Raises FinopsError.
    """
    default.use(locals())


def flush(timeout: float = 5.0) -> bool:
    """Wait until all that was recorded before is written or dropped; False where it takes longer."""
    return default.recorder().flush(timeout)


def stats() -> Statistics:
    """What became of the requests of this process."""
    return default.recorder().statistics()


def close(timeout: float = 5.0) -> None:
    """Write what was recorded and take nothing more. The end of the process does it by itself."""
    default.recorder().close(timeout)


def _count_unreadable() -> None:
    if default.shared.recorder is not None:
        default.shared.recorder.drop(UNREADABLE)
