"""Right answers of CloudWatch, Bedrock and the Price List made wrong: each function changes one in place."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from genai_finops.simulator.aws_bedrock.cloudwatch import next_token, position_of
from genai_finops.simulator.aws_bedrock.control_plane import list_query
from genai_finops.simulator.aws_bedrock.traffic import MANTLE
from genai_finops.simulator.faults import Fault
from genai_finops.simulator.wire import WireRequest

#: Every token that these faults hand out begins so; such a page is served as the first one.
_FAULT_TOKEN = "sim-fault-"
_UNIQUE = itertools.count(1)
_LAST_REGION = "eu-central-1"
#: Fields of the answers whose paging is spoiled.
_PAGED = frozenset({"MetricDataResults", "PriceList"})

Payload = dict[str, Any]
Spoiler = Callable[[Fault, Payload, WireRequest], None]


def spoil(fault: Fault, payload: Payload, request: WireRequest) -> None:
    """Applies a page fault. An answer that has nothing to spoil stays as it is."""
    _SPOILERS[fault.kind](fault, payload, request)


def without_fault_token(request: WireRequest) -> WireRequest:
    """The request as if a page token of these faults were not given."""
    params = [(name, value) for name, value in request.params if not value.startswith(_FAULT_TOKEN)]
    if _FAULT_TOKEN.encode() not in request.content:
        return replace(request, params=params)
    asked = json.loads(request.content)
    asked.pop("NextToken", None)
    return replace(request, params=params, content=json.dumps(asked).encode())


def _results(payload: Payload) -> Iterator[Payload]:
    yield from payload.get("MetricDataResults", ())


def _with_values(payload: Payload) -> Iterator[Payload]:
    return (result for result in _results(payload) if result["Values"])


def _repeated(_: Fault, payload: Payload, __: WireRequest) -> None:
    if not _PAGED.isdisjoint(payload):
        payload["NextToken"] = f"{_FAULT_TOKEN}again"


def _endless(_: Fault, payload: Payload, __: WireRequest) -> None:
    if not _PAGED.isdisjoint(payload):
        payload["NextToken"] = f"{_FAULT_TOKEN}{next(_UNIQUE)}"


def _lost_token(_: Fault, payload: Payload, __: WireRequest) -> None:
    """The answer says that it is partial, but not where it goes on."""
    for result in _results(payload):
        result["StatusCode"] = "PartialData"
    payload.pop("NextToken", None)


def _missing_field(fault: Fault, payload: Payload, _: WireRequest) -> None:
    for result in _results(payload):
        result.pop(fault.options.get("field") or "Values", None)


def _unknown_field(_: Fault, payload: Payload, __: WireRequest) -> None:
    for result in _results(payload):
        result["SimAnnotation"] = {"note": "not in any documentation"}


def _unknown_usage_field(_: Fault, payload: Payload, __: WireRequest) -> None:
    for result in _results(payload):
        result["HologramTokens"] = 17


def _unknown_tier(_: Fault, payload: Payload, __: WireRequest) -> None:
    for metric in payload.get("Metrics", ()):
        for dimension in metric["Dimensions"]:
            if dimension["Name"] == "ResolvedServiceTier":
                dimension["Value"] = "platinum"
                return


def _change_value(change: Callable[[float], Any]) -> Spoiler:
    def apply(_: Fault, payload: Payload, __: WireRequest) -> None:
        result = next(_with_values(payload), None)
        if result:
            result["Values"][0] = change(result["Values"][0])

    return apply


def _empty(_: Fault, payload: Payload, __: WireRequest) -> None:
    for result in _results(payload):
        result |= {"Timestamps": [], "Values": [], "StatusCode": "Complete"}


def _dropped_page(_: Fault, payload: Payload, __: WireRequest) -> None:
    if "NextToken" in payload:
        del payload["NextToken"]
        for result in _results(payload):
            result["StatusCode"] = "Complete"


def _dropped_region(fault: Fault, payload: Payload, request: WireRequest) -> None:
    """The region answers, as if nothing had ever been used there."""
    if f"/{fault.options.get('region', _LAST_REGION)}/" in request.path:
        payload.pop("NextToken", None)
        if "Metrics" in payload:
            payload["Metrics"] = []
        _empty(fault, payload, request)


def _dropped_namespace(fault: Fault, payload: Payload, _: WireRequest) -> None:
    """A namespace is not listed, and nothing of it is shown."""
    namespace = fault.options.get("namespace", MANTLE)
    if "Metrics" in payload:
        payload["Metrics"] = [metric for metric in payload["Metrics"] if metric["Namespace"] != namespace]


def _short_list(_: Fault, payload: Payload, request: WireRequest) -> None:
    for name in ("inferenceProfileSummaries", "provisionedModelSummaries"):
        if len(payload.get(name, ())) > 1:
            query = list_query(request)
            payload[name] = payload[name][:1]
            payload["nextToken"] = next_token(query, position_of(query) + 1)


_SPOILERS: dict[str, Spoiler] = {
    "repeated_page_token": _repeated,
    "endless_pages": _endless,
    "has_more_without_next_page": _lost_token,
    "missing_field": _missing_field,
    "unknown_field": _unknown_field,
    "unknown_usage_field": _unknown_usage_field,
    "unknown_tier": _unknown_tier,
    "negative_quantity": _change_value(lambda value: -value - 1),
    "wrong_type": _change_value(lambda value: f"{value} or so"),
    # The models no longer add up to the series without dimensions.
    "bad_identity": _change_value(lambda value: value + 1),
    "empty": _empty,
    "short_list_pages": _short_list,
    "dropped_page": _dropped_page,
    "dropped_region": _dropped_region,
    "dropped_namespace": _dropped_namespace,
}
#: The kinds that these functions know.
KINDS = frozenset(_SPOILERS)
