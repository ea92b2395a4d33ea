"""Right answers of Azure made wrong: each function changes an answer in place."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from genai_finops.simulator.azure_openai.lists import next_link, position_of
from genai_finops.simulator.azure_openai.retail_prices import next_page_link
from genai_finops.simulator.faults import Fault
from genai_finops.simulator.wire import WireRequest

#: Every token that these faults hand out begins so; such a page is served as the first one.
FAULT_TOKEN = "sim_fault_"
_UNIQUE = itertools.count(1)

Payload = dict[str, Any]


def spoil(fault: Fault, payload: Payload, request: WireRequest) -> None:
    """Applies a page fault. An answer that has nothing to spoil stays as it is."""
    _SPOILERS[fault.kind](fault, payload, request)


def without_fault_token(request: WireRequest) -> WireRequest:
    """The request as if a token of these faults were not given."""
    params = [(name, value) for name, value in request.params if not value.startswith(FAULT_TOKEN)]
    return replace(request, params=params)


def _metrics(payload: Payload) -> Iterator[dict[str, Any]]:
    for answer in payload.get("values", [payload]):
        for metric in answer.get("value", []):
            if "timeseries" in metric:
                yield metric


def _series(payload: Payload) -> Iterator[dict[str, Any]]:
    for metric in _metrics(payload):
        yield from metric["timeseries"]


def _points(payload: Payload) -> Iterator[dict[str, Any]]:
    for series in _series(payload):
        yield from series["data"]


def _point_to(payload: Payload, request: WireRequest, token: str) -> None:
    if "nextLink" in payload:
        payload["nextLink"] = next_link(request, token)
    if "NextPageLink" in payload:
        payload["NextPageLink"] = next_page_link(request, token)


def _repeated(_: Fault, payload: Payload, request: WireRequest) -> None:
    _point_to(payload, request, f"{FAULT_TOKEN}again")


def _endless(_: Fault, payload: Payload, request: WireRequest) -> None:
    _point_to(payload, request, f"{FAULT_TOKEN}{next(_UNIQUE)}")


def _missing_field(fault: Fault, payload: Payload, _: WireRequest) -> None:
    for point in _points(payload):
        point.pop(fault.options.get("field", "timeStamp"), None)


def _unknown_field(_: Fault, payload: Payload, __: WireRequest) -> None:
    for series in _series(payload):
        series["sim_annotation"] = {"note": "not in any documentation"}


def _unknown_usage_field(_: Fault, payload: Payload, __: WireRequest) -> None:
    for point in _points(payload):
        point["hologram"] = 17


def _change_total(change: Callable[[float], Any]) -> Callable[[Fault, Payload, WireRequest], None]:
    def apply(_: Fault, payload: Payload, __: WireRequest) -> None:
        point = next((point for point in _points(payload) if point.get("total")), None)
        if point:
            point["total"] = change(point["total"])

    return apply


def _unknown_model(_: Fault, payload: Payload, __: WireRequest) -> None:
    for series in _series(payload):
        for value in series["metadatavalues"]:
            if value["name"]["value"] == "modelname" and value["value"] != "__Empty":
                value["value"] = "mystery-model-9"
    for entry in payload.get("value", []):
        if "model" in entry.get("properties", {}):
            entry["properties"]["model"]["name"] = "mystery-model-9"


def _bad_identity(_: Fault, payload: Payload, __: WireRequest) -> None:
    """The account's total no longer is the sum of its deployments."""
    for metric in _metrics(payload):
        if metric["name"]["value"] in {"TokenTransaction", "TotalTokens"}:
            for series in metric["timeseries"]:
                for point in series["data"]:
                    point["total"] = point.get("total", 0.0) * 2


def _empty(_: Fault, payload: Payload, __: WireRequest) -> None:
    for metric in _metrics(payload):
        metric["timeseries"] = []


def _dropped_page(_: Fault, payload: Payload, __: WireRequest) -> None:
    if "nextLink" in payload:
        payload["nextLink"] = None


def _dropped_region(_: Fault, payload: Payload, __: WireRequest) -> None:
    """The accounts of Sweden Central are in no list, and its data plane answers for none."""
    region = "swedencentral"
    for name in ("value", "values"):
        if name in payload:
            payload[name] = [
                entry for entry in payload[name] if region not in {entry.get("location"), entry.get("resourceregion")}
            ]


def _short_list(_: Fault, payload: Payload, request: WireRequest) -> None:
    if "nextLink" in payload and len(payload["value"]) > 1:
        payload |= {"value": payload["value"][:1], "nextLink": next_link(request, position_of(request) + 1)}


_SPOILERS: dict[str, Callable[[Fault, Payload, WireRequest], None]] = {
    "repeated_page_token": _repeated,
    "endless_pages": _endless,
    "missing_field": _missing_field,
    "unknown_field": _unknown_field,
    "unknown_usage_field": _unknown_usage_field,
    "unknown_model": _unknown_model,
    "negative_quantity": _change_total(lambda total: -total - 1),
    "wrong_type": _change_total(lambda total: f"{total} or so"),
    "bad_identity": _bad_identity,
    "empty": _empty,
    "short_list_pages": _short_list,
    "dropped_page": _dropped_page,
    "dropped_region": _dropped_region,
}
#: What answers about usage can have wrong; they have no pages, unlike the lists.
KINDS = frozenset(_SPOILERS) - {"repeated_page_token", "endless_pages"}
