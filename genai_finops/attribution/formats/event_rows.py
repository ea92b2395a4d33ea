"""Events of nested formats: one tuple each while a piece is read, one frame at its end."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from genai_finops.attribution.log_format import EVENT_COLUMNS, PieceEvents, Reject
from genai_finops.attribution.token_classes import DisjointCounts
from genai_finops.schemas.tables.events import EVENTS_RAW
from genai_finops.schemas.types import TYPES


class Consumer(NamedTuple):
    """Who caused a request, as far as its log says."""

    tenant_id: str | None = None
    user_id: str | None = None
    task: str | None = None
    conversation_id: str | None = None
    #: Serialised flat JSON object of the labels that the source is configured to keep.
    tags: str | None = None


class Request(NamedTuple):
    """What one request was, its tokens and its consumer apart. Times in microseconds since 1970."""

    started_at: int
    ended_at: int | None = None
    request_id: str | None = None
    provider: str | None = None
    resource_id: str | None = None
    provider_model_id: str | None = None
    service_tier: str | None = None
    region_id: str | None = None
    geography: str | None = None
    operation: str | None = None
    failed: bool = False
    account_id: str | None = None
    sub_account_id: str | None = None
    api_key_id: str | None = None
    image: int = 0
    character: int = 0
    web_search: int = 0
    #: Answered by a cache of the gateway: the provider charges nothing.
    is_cache_hit: bool = False
    #: Of what the log claims the request to cost.
    reported_currency: str = "USD"


_TYPES = {column.name: TYPES[column.type].polars for column in EVENTS_RAW.columns}
_SCHEMA = {name: _TYPES[name] for name in EVENT_COLUMNS}
_TIMES = {"started_at", "ended_at"}
#: An end before its start is a skewed clock.
_ENDED_BEFORE_START = "ended_before_start"


class EventRows:
    """Collects what one piece tells."""

    def __init__(self) -> None:
        self.skipped = 0
        self.mended: Counter[str] = Counter()
        self.rejects: list[Reject] = []
        self._rows: list[tuple[Any, ...]] = []

    def add(
        self, line: int, request: Request, counts: DisjointCounts, consumer: Consumer, reported_cost: Decimal | None
    ) -> None:
        """One event, from a line or record of the file. `reported_cost` in the request's currency."""
        ended = request.ended_at
        if ended is not None and ended < request.started_at:
            ended = None
            self.mended[_ENDED_BEFORE_START] += 1
        if counts.mended:
            self.mended.update(counts.mended)
        # In the order of EVENT_COLUMNS.
        self._rows.append(
            (
                request.request_id,
                request.started_at,
                ended,
                request.provider,
                request.sub_account_id,
                request.resource_id,
                request.api_key_id,
                request.provider_model_id,
                request.service_tier,
                request.region_id,
                request.geography,
                request.operation,
                "failure" if request.failed else "success",
                request.is_cache_hit,
                *counts[:14],
                request.image,
                request.character,
                request.web_search,
                *consumer,
                reported_cost,
                None if reported_cost is None else request.reported_currency,
                line,
                request.account_id,
            )
        )

    def reject(self, line: int, reason: str) -> None:
        """A record that is no event although it should be one."""
        self.rejects.append(Reject(line=line, reason=reason))

    def result(self) -> PieceEvents:
        """All of it, in the order of the file."""
        columns: Sequence[Sequence[Any]] = list(zip(*self._rows, strict=True)) or [()] * len(_SCHEMA)
        series = [_series(name, dtype, values) for (name, dtype), values in zip(_SCHEMA.items(), columns, strict=True)]
        return PieceEvents(
            events=pl.DataFrame(series), rejects=self.rejects, skipped=self.skipped, mended=dict(self.mended)
        )


def _series(name: str, dtype: pl.DataType, values: Sequence[Any]) -> pl.Series:
    if name in _TIMES:
        return pl.Series(name, values, dtype=pl.Int64).cast(dtype)
    return pl.Series(name, values, dtype=dtype)
