"""The ten usage endpoints: aggregation over the dimensions that are not grouped, and the shape of their rows."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from genai_finops.simulator.buckets import page_token
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.openai import traffic
from genai_finops.simulator.openai.query import USAGE_LIMITS, ReportQuery, parse_query
from genai_finops.simulator.traffic import Account, Stream
from genai_finops.simulator.wire import WireRequest

Row = dict[str, Any]

#: Models whose rows still have the older shape, without the uncached, text and image fields.
_OLD_SHAPE = {traffic.GPT_4O_MINI, traffic.O3_MINI}
#: Of those, the ones without any cache field: nothing of theirs is ever cached.
_WITHOUT_CACHE = {traffic.O3_MINI}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One usage endpoint. `filters` maps the name of a parameter to its dimension."""

    object_name: str
    group_by: tuple[str, ...]
    filters: Mapping[str, str]
    measures: Callable[[Mapping[str, int], str | None], Row]
    #: The last page names a next one, which is empty.
    dangles: bool = False
    #: What a dangling page says in has_more.
    dangling_has_more: bool = False


def _completions(sums: Mapping[str, int], model: str | None) -> Row:
    def of(*meters: str) -> int:
        return sum(sums.get(meter, 0) for meter in meters)

    cached = of("cache_read", "cache_read_audio")
    uncached = of("uncached_input", "uncached_input_audio")
    row: Row = {"input_tokens": cached + uncached + of("cache_write"), "output_tokens": of("output", "output_audio")}
    if model in _WITHOUT_CACHE:
        return row | {"num_model_requests": of("request")}
    row |= {"input_cached_tokens": cached}
    if model not in _OLD_SHAPE:
        row |= {
            "input_cache_write_tokens": of("cache_write"),
            "input_uncached_tokens": uncached,
            "input_text_tokens": of("uncached_input"),
            "output_text_tokens": of("output"),
            "input_cached_text_tokens": of("cache_read"),
            "input_image_tokens": 0,
            "input_cached_image_tokens": 0,
            "output_image_tokens": 0,
        }
        row |= {"input_cached_audio_tokens": of("cache_read_audio")}
    row |= {"input_audio_tokens": of("uncached_input_audio"), "output_audio_tokens": of("output_audio")}
    return row | {"num_model_requests": of("request")}


def _measures(**fields: str) -> Callable[[Mapping[str, int], str | None], Row]:
    def measures(sums: Mapping[str, int], model: str | None) -> Row:  # noqa: ARG001  # one shape for all models
        return {name: sums.get(meter, 0) for name, meter in fields.items()}

    return measures


_KEYS = ("project_id", "user_id", "api_key_id")
_KEY_FILTERS = {"project_ids": "project_id", "user_ids": "user_id", "api_key_ids": "api_key_id"}
_BY_MODEL = (*_KEYS, "model")
_MODEL_FILTERS = {**_KEY_FILTERS, "models": "model"}

ENDPOINTS = {
    "completions": Endpoint(
        object_name="completions",
        group_by=(*_BY_MODEL, "batch", "service_tier"),
        filters={**_MODEL_FILTERS, "batch": "batch"},
        measures=_completions,
    ),
    "embeddings": Endpoint(
        object_name="embeddings",
        group_by=_BY_MODEL,
        filters=_MODEL_FILTERS,
        measures=_measures(input_tokens="embedding_input", num_model_requests="request"),
        dangles=True,
        dangling_has_more=True,
    ),
    "moderations": Endpoint(
        object_name="moderations",
        group_by=_BY_MODEL,
        filters=_MODEL_FILTERS,
        measures=_measures(input_tokens="moderation_input", num_model_requests="request"),
        dangles=True,
    ),
    "images": Endpoint(
        object_name="images",
        group_by=(*_BY_MODEL, "size", "source"),
        filters={**_MODEL_FILTERS, "sources": "source", "sizes": "size"},
        measures=_measures(images="image", num_model_requests="request"),
    ),
    "audio_speeches": Endpoint(
        object_name="audio_speeches",
        group_by=_BY_MODEL,
        filters=_MODEL_FILTERS,
        measures=_measures(characters="character", num_model_requests="request"),
    ),
    "audio_transcriptions": Endpoint(
        object_name="audio_transcriptions",
        group_by=_BY_MODEL,
        filters=_MODEL_FILTERS,
        measures=_measures(seconds="audio_second", num_model_requests="request"),
    ),
    "vector_stores": Endpoint(
        object_name="vector_stores",
        group_by=("project_id",),
        filters={"project_ids": "project_id"},
        measures=_measures(usage_bytes="storage_byte"),
    ),
    "code_interpreter_sessions": Endpoint(
        object_name="code_interpreter_sessions",
        group_by=("project_id",),
        filters={"project_ids": "project_id"},
        measures=_measures(num_sessions="container_session"),
    ),
    "file_search_calls": Endpoint(
        object_name="file_searches",
        group_by=(*_KEYS, "vector_store_id"),
        filters={**_KEY_FILTERS, "vector_store_ids": "vector_store_id"},
        measures=_measures(num_requests="file_search"),
    ),
    "web_search_calls": Endpoint(
        object_name="web_searches",
        group_by=(*_BY_MODEL, "context_level"),
        filters={**_MODEL_FILTERS, "context_levels": "context_level"},
        measures=_measures(num_requests="web_search", num_model_requests="_model_requests"),
    ),
}


def matches(stream: Stream, query: ReportQuery) -> bool:
    """Whether the traffic passes all filters of the query."""
    return all(stream.plan.dimensions.get(name) in allowed for name, allowed in query.filters.items())


def usage_page(name: str, request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any]:
    """One page of buckets of the endpoint `name`. Raises Refusal."""
    endpoint = ENDPOINTS[name]
    query = parse_query(
        request,
        org=account.org,
        now=ledger.now,
        group_by=endpoint.group_by,
        filters=endpoint.filters,
        limits=USAGE_LIMITS,
    )
    streams = [stream for stream in account.streams.get(name, ()) if matches(stream, query)]

    def rows(start: dt.datetime, end: dt.datetime) -> list[Row]:
        return list(_render(endpoint, query.group_by, _sums(query, streams, ledger, start, end)))

    return envelope(query, rows, endpoint)


def envelope(
    query: ReportQuery,
    rows: Callable[[dt.datetime, dt.datetime], list[Row]],
    endpoint: Endpoint | None = None,
) -> dict[str, Any]:
    """The page that a query asks for, with the results of each bucket from `rows`."""
    buckets = [
        {
            "object": "bucket",
            "start_time": int(start.timestamp()),
            "end_time": int(end.timestamp()),
            "results": rows(start, end),
        }
        for start, end in query.grid.slice(query.position, query.limit)
    ]
    following = query.position + query.limit
    has_more = following < query.grid.count
    token = page_token(query.digest, following) if has_more else None
    if endpoint and endpoint.dangles and buckets and not has_more:
        has_more, token = endpoint.dangling_has_more, page_token(query.digest, query.grid.count)
    return {"object": "page", "data": buckets, "has_more": has_more, "next_page": token}


def _sums(
    query: ReportQuery, streams: list[Stream], ledger: Ledger, start: dt.datetime, end: dt.datetime
) -> dict[tuple[Any, ...], dict[str, int]]:
    groups: dict[tuple[Any, ...], dict[str, int]] = {}
    for stream in streams:
        quantities = ledger.between(stream, start, end)
        if quantities:
            key = tuple(stream.plan.dimensions.get(name) for name in query.group_by)
            sums = groups.setdefault(key, {})
            for meter, quantity in quantities.items():
                sums[meter] = sums.get(meter, 0) + quantity
    return groups


def _render(
    endpoint: Endpoint, group_by: tuple[str, ...], groups: Mapping[tuple[Any, ...], Mapping[str, int]]
) -> Iterator[Row]:
    empty = dict.fromkeys(endpoint.group_by)
    for key, sums in groups.items():
        dimensions = {**empty, **dict(zip(group_by, key, strict=True))}
        yield {
            "object": f"organization.usage.{endpoint.object_name}.result",
            **endpoint.measures(sums, dimensions.get("model")),
            **dimensions,
        }
