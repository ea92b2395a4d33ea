"""What a recorded request is, between its reading and its writing."""

from typing import Any, TypeAlias

from genai_finops.attribution.token_classes import DisjointCounts

#: Columns of `genai_usage_events_raw` that say something. Times in microseconds since 1970, costs as Decimal, tags as
#: JSON; absent is null or 0. request_id, started_at, status and is_cache_hit are always there.
Event: TypeAlias = dict[str, Any]

#: The meters that are tokens, in the order of DisjointCounts.
TOKEN_METERS = DisjointCounts._fields[:14]
