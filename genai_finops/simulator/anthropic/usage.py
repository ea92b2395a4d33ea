"""The messages usage report: disjoint token classes, nested cache writes, nulls unless grouped."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from genai_finops.simulator.anthropic.query import USAGE_LIMITS, Filter, ReportQuery, parse_query
from genai_finops.simulator.buckets import page_token
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.noise import draw
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import WireRequest

Row = dict[str, Any]

FAST_MODE_BETA = "fast-mode-2026-02-01"
_DIMENSIONS = (
    "account_id",
    "api_key_id",
    "context_window",
    "inference_geo",
    "model",
    "service_account_id",
    "service_tier",
    "workspace_id",
)
_FILTERS = {
    "account_ids": Filter(dimension="account_id"),
    "api_key_ids": Filter(dimension="api_key_id"),
    "service_account_ids": Filter(dimension="service_account_id"),
    "workspace_ids": Filter(dimension="workspace_id"),
    "models": Filter(dimension="model"),
    "service_tiers": Filter(
        dimension="service_tier",
        values=("standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount"),
    ),
    "context_window": Filter(dimension="context_window", values=("0-200k", "200k-1M")),
    "inference_geos": Filter(dimension="inference_geo", values=("global", "us", "not_available")),
}
_SPEEDS = Filter(dimension="speed", values=("standard", "fast"))
#: One bucket and key in this many comes as two rows that a reader has to add up.
_ROWS_PER_TWIN = 6


def instant(moment: dt.datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def usage_page(request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any]:
    """One page of `/v1/organizations/usage_report/messages`. Raises Refusal."""
    betas = {name.strip() for name in request.headers.get("anthropic-beta", "").split(",")}
    has_speed = FAST_MODE_BETA in betas
    dimensions = (*_DIMENSIONS, "speed") if has_speed else _DIMENSIONS
    query = parse_query(
        request,
        org=account.org,
        now=ledger.now,
        group_by=dimensions,
        filters={**_FILTERS, "speeds": _SPEEDS} if has_speed else _FILTERS,
        limits=USAGE_LIMITS,
        default_end=ledger.now,
    )

    def rows(start: dt.datetime, end: dt.datetime) -> list[Row]:
        groups = _sums(query, account, ledger, start, end)
        return list(_render(query, dimensions, account, start, groups))

    return envelope(query, rows)


def envelope(query: ReportQuery, rows: Callable[[dt.datetime, dt.datetime], list[Row]]) -> dict[str, Any]:
    """The page that a query asks for, with the results of each bucket from `rows`."""
    buckets = [
        {"starting_at": instant(start), "ending_at": instant(end), "results": rows(start, end)}
        for start, end in query.grid.slice(query.position, query.limit)
    ]
    following = query.position + query.limit
    has_more = following < query.grid.count
    return {
        "data": buckets,
        "has_more": has_more,
        "next_page": page_token(query.digest, following) if has_more else None,
    }


def _sums(
    query: ReportQuery, account: Account, ledger: Ledger, start: dt.datetime, end: dt.datetime
) -> dict[tuple[Any, ...], dict[str, int]]:
    groups: dict[tuple[Any, ...], dict[str, int]] = {}
    for stream in account.streams["messages"]:
        own = stream.plan.dimensions
        if not all(own.get(name) in allowed for name, allowed in query.filters.items()):
            continue
        quantities = ledger.between(stream, start, end)
        if quantities:
            sums = groups.setdefault(tuple(own.get(name) for name in query.group_by), {})
            for meter, quantity in quantities.items():
                sums[meter] = sums.get(meter, 0) + quantity
    return groups


def _render(
    query: ReportQuery,
    dimensions: tuple[str, ...],
    account: Account,
    start: dt.datetime,
    groups: Mapping[tuple[Any, ...], Mapping[str, int]],
) -> Iterator[Row]:
    empty = dict.fromkeys(dimensions)
    for key, sums in groups.items():
        named = {**empty, **dict(zip(query.group_by, key, strict=True))}
        is_twin = key and draw(account.scenario.seed, account.org, start, *key) % _ROWS_PER_TWIN == 0
        for part in _halves(sums) if is_twin else (sums,):
            yield {**_measures(part), **named}


def _halves(sums: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    first = {meter: quantity // 3 for meter, quantity in sums.items()}
    return first, {meter: quantity - first[meter] for meter, quantity in sums.items()}


def _measures(sums: Mapping[str, int]) -> Row:
    return {
        "uncached_input_tokens": sums.get("uncached_input", 0),
        "cache_creation": {
            "ephemeral_1h_input_tokens": sums.get("cache_write_1h", 0),
            "ephemeral_5m_input_tokens": sums.get("cache_write_5m", 0),
        },
        "cache_read_input_tokens": sums.get("cache_read", 0),
        "output_tokens": sums.get("output", 0),
        "server_tool_use": {"web_search_requests": sums.get("web_search", 0)},
    }
