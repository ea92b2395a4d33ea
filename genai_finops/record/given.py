"""What a caller said of one request, unchecked: nothing that takes time happens while it waits."""

from collections.abc import Mapping
from typing import NamedTuple

from genai_finops.record.consumers import Consumer


class Counts(NamedTuple):
    """What was used, in counts that overlap as those of `record_llm_cost` do."""

    input_tokens: object = 0
    output_tokens: object = 0
    #: None: as the provider counts.
    input_includes_cache: object = None
    cache_read_tokens: object = 0
    cache_write_tokens: object = 0
    cache_write_5m_tokens: object = 0
    cache_write_1h_tokens: object = 0
    input_audio_tokens: object = 0
    cache_read_audio_tokens: object = 0
    input_image_tokens: object = 0
    input_video_tokens: object = 0
    output_audio_tokens: object = 0
    output_image_tokens: object = 0
    images: object = 0
    characters: object = 0
    web_searches: object = 0


class Given(NamedTuple):
    """One request as it was given. Values may be of any type until they are read in the background."""

    #: Nanoseconds since 1970 of the call.
    called_at: int
    #: As the surrounding block says.
    around: Consumer
    provider: object
    #: What the shape of an answer suggests where the caller names no provider.
    likely_provider: str | None
    model: object
    counts: Counts
    tenant_id: object
    user_id: object
    task: object
    conversation_id: object
    tags: Mapping[str, object] | None
    request_id: object
    started_at: object
    ended_at: object
    operation: object
    status: object
    is_cache_hit: object
    service_tier: object
    account_id: object
    sub_account_id: object
    resource_id: object
    api_key_id: object
    region_id: object
    geography: object
    reported_cost: object
    reported_currency: object
    cost_type: object
