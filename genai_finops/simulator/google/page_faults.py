"""Right answers of Cloud Monitoring made wrong: each function changes an answer in place."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from genai_finops.simulator.faults import Fault
from genai_finops.simulator.wire import WireRequest

#: Every token that these faults hand out begins so; such a page is served as the first one.
FAULT_TOKEN = "sim_fault_"
_UNIQUE = itertools.count(1)

Payload = dict[str, Any]
Spoiler = Callable[[Fault, Payload], None]


def spoil(fault: Fault, payload: Payload, request: WireRequest, **more: Spoiler) -> None:
    """Applies a page fault to an answer with time series, that of a lost page to any; `more` are those that only one
    provider's labels allow. Another answer, and one that has nothing to spoil, stays as it is.
    """
    if fault.kind == "short_list_pages":
        _short_list(payload, request)
    elif fault.kind == "dropped_page":
        payload.pop("nextPageToken", None)
    elif request.path.endswith("/timeSeries"):
        {**_SPOILERS, **more}[fault.kind](fault, payload)


def without_fault_token(request: WireRequest) -> WireRequest:
    """The request as if a page token of these faults were not given."""
    params = [(name, value) for name, value in request.params if not value.startswith(FAULT_TOKEN)]
    return replace(request, params=params)


def change_label(owner: str, name: str, value: str) -> Spoiler:
    """Changes a label of the first series that has it; `owner` is metric or resource."""

    def change(_: Fault, payload: Payload) -> None:
        for series in payload.get("timeSeries", ()):
            if name in series[owner]["labels"]:
                series[owner]["labels"][name] = value
                return

    return change


def drop_region(_: Fault, payload: Payload) -> None:
    """Leaves out the series of one location, the last one in alphabetical order."""
    series = payload.get("timeSeries", [])
    locations = {one["resource"]["labels"].get("location") for one in series} - {None}
    if locations:
        dropped = max(locations)
        payload["timeSeries"] = [one for one in series if one["resource"]["labels"].get("location") != dropped]


def _values(payload: Payload) -> Iterator[dict[str, Any]]:
    for series in payload.get("timeSeries", ()):
        for point in series["points"]:
            yield point["value"]


def _point_to(make: Callable[[], str]) -> Spoiler:
    def apply(_: Fault, payload: Payload) -> None:
        payload["nextPageToken"] = make()

    return apply


def _missing_field(fault: Fault, payload: Payload) -> None:
    for series in payload.get("timeSeries", ()):
        series.pop(fault.options.get("field", "points"), None)


def _unknown_field(_: Fault, payload: Payload) -> None:
    for series in payload.get("timeSeries", ()):
        series["simAnnotation"] = {"note": "not in any documentation"}


def _unknown_usage_field(_: Fault, payload: Payload) -> None:
    for value in _values(payload):
        value["hologramValue"] = "17"


def _change_value(change: Callable[[str], Any]) -> Spoiler:
    def apply(_: Fault, payload: Payload) -> None:
        counts = (value for value in _values(payload) if "int64Value" in value)
        for value in itertools.islice(counts, 1):
            value["int64Value"] = change(value["int64Value"])

    return apply


def _empty(_: Fault, payload: Payload) -> None:
    payload.clear()


def _short_list(payload: Payload, request: WireRequest) -> None:
    """One entry, and the promise of the rest: the page after it is the whole list again."""
    listed = payload.get("metricDescriptors", [])
    if len(listed) > 1 and not request.path.endswith("/timeSeries") and request.last("pageToken") is None:
        payload |= {"metricDescriptors": listed[:1], "nextPageToken": f"{FAULT_TOKEN}rest"}


_SPOILERS: dict[str, Spoiler] = {
    "repeated_page_token": _point_to(lambda: f"{FAULT_TOKEN}again"),
    "endless_pages": _point_to(lambda: f"{FAULT_TOKEN}{next(_UNIQUE)}"),
    "missing_field": _missing_field,
    "unknown_field": _unknown_field,
    "unknown_usage_field": _unknown_usage_field,
    "negative_quantity": _change_value(lambda text: f"-{text}"),
    "wrong_type": _change_value(lambda text: f"{text} or so"),
    "empty": _empty,
    "dropped_region": drop_region,
}
#: The kinds that these functions know.
KINDS = frozenset(_SPOILERS) | {"short_list_pages", "dropped_page"}
