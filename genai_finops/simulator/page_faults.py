"""Right pages of OpenAI and Anthropic made wrong: each function changes an answer in place."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from genai_finops.simulator.faults import Fault
from genai_finops.simulator.wire import WireRequest

#: Every token that these faults hand out begins so; such a page is served as the first one.
FAULT_TOKEN = "page_sim_fault_"
_UNIQUE = itertools.count(1)

Payload = dict[str, Any]
Row = dict[str, Any]


def spoil(fault: Fault, payload: Payload, request: WireRequest) -> None:
    """Applies a page fault. An answer that has nothing to spoil stays as it is."""
    _SPOILERS[fault.kind](fault, payload, request)


def without_fault_token(request: WireRequest) -> WireRequest:
    """The request as if a page token of these faults were not given."""
    params = [(name, value) for name, value in request.params if not value.startswith(FAULT_TOKEN)]
    return replace(request, params=params)


def _is_report(payload: Payload) -> bool:
    return "next_page" in payload


def _rows(payload: Payload) -> Iterator[Row]:
    if _is_report(payload):
        for bucket in payload["data"]:
            yield from bucket["results"]


def _count_of(row: Row) -> str | None:
    """The first count of a row."""
    return next((name for name, value in row.items() if isinstance(value, int) and not isinstance(value, bool)), None)


def _point_to(payload: Payload, token: str | None) -> None:
    if _is_report(payload):
        payload |= {"has_more": True, "next_page": token}


def _repeated(_: Fault, payload: Payload, __: WireRequest) -> None:
    _point_to(payload, f"{FAULT_TOKEN}again")


def _endless(_: Fault, payload: Payload, __: WireRequest) -> None:
    _point_to(payload, f"{FAULT_TOKEN}{next(_UNIQUE)}")


def _lost_token(_: Fault, payload: Payload, __: WireRequest) -> None:
    _point_to(payload, None)


def _missing_field(fault: Fault, payload: Payload, _: WireRequest) -> None:
    for row in _rows(payload):
        row.pop(fault.options.get("field") or _count_of(row) or "", None)


def _unknown_field(_: Fault, payload: Payload, __: WireRequest) -> None:
    for row in _rows(payload):
        row["sim_annotation"] = {"note": "not in any documentation"}


def _unknown_usage_field(_: Fault, payload: Payload, __: WireRequest) -> None:
    for row in _rows(payload):
        row["hologram_tokens"] = 17


def _change_first(name: str, value: str) -> Callable[[Fault, Payload, WireRequest], None]:
    def change(_: Fault, payload: Payload, __: WireRequest) -> None:
        row = next((row for row in _rows(payload) if row.get(name) is not None), None)
        if row:
            row[name] = value

    return change


def _change_count(change: Callable[[int], Any]) -> Callable[[Fault, Payload, WireRequest], None]:
    def apply(_: Fault, payload: Payload, __: WireRequest) -> None:
        row = next((row for row in _rows(payload) if _count_of(row)), None)
        if row:
            name = _count_of(row) or ""
            row[name] = change(row[name])

    return apply


def _bad_identity(_: Fault, payload: Payload, request: WireRequest) -> None:
    """The parts of a total no longer add up to it.

    Where rows hold a total of their own, one part of it changes. Where they hold disjoint parts only, the answers to
    requests that are filtered by a price dimension change, and no longer add up to the unfiltered answer.
    """
    is_partial = bool(request.values("inference_geos[]", "speeds[]"))
    for row in _rows(payload):
        for name in ("input_uncached_tokens", *(("uncached_input_tokens",) if is_partial else ())):
            if name in row:
                row[name] += 1
                return


def _empty(_: Fault, payload: Payload, __: WireRequest) -> None:
    if _is_report(payload):
        for bucket in payload["data"]:
            bucket["results"] = []


def _dropped_page(_: Fault, payload: Payload, __: WireRequest) -> None:
    if _is_report(payload):
        payload |= {"has_more": False, "next_page": None}


def _short_list(_: Fault, payload: Payload, __: WireRequest) -> None:
    if "last_id" in payload and len(payload["data"]) > 1:
        first = payload["data"][0]
        payload |= {"data": [first], "last_id": first["id"], "has_more": True}


_SPOILERS: dict[str, Callable[[Fault, Payload, WireRequest], None]] = {
    "repeated_page_token": _repeated,
    "endless_pages": _endless,
    "has_more_without_next_page": _lost_token,
    "missing_field": _missing_field,
    "unknown_field": _unknown_field,
    "unknown_usage_field": _unknown_usage_field,
    "unknown_model": _change_first("model", "mystery-model-9"),
    "unknown_tier": _change_first("service_tier", "platinum"),
    "negative_quantity": _change_count(lambda count: -count - 1),
    "wrong_type": _change_count(lambda count: f"{count} or so"),
    "bad_identity": _bad_identity,
    "empty": _empty,
    "short_list_pages": _short_list,
    "dropped_page": _dropped_page,
}
#: The kinds that these functions know.
KINDS = frozenset(_SPOILERS)
