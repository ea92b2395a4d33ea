"""Right pages of a BigQuery result made wrong, in place."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from genai_finops.simulator.faults import Fault
from genai_finops.simulator.wire import WireRequest

_FAULT_TOKEN = "SIM_FAULT_"
_UNIQUE = itertools.count(1)

Payload = dict[str, Any]


def spoil(fault: Fault, payload: Payload) -> None:
    """Applies a page fault to a result; other answers stay as they are."""
    if "totalRows" in payload:
        _SPOILERS[fault.kind](payload)


def without_fault_token(request: WireRequest) -> WireRequest:
    """The request as if a page token of these faults were not given."""
    params = [(name, value) for name, value in request.params if not value.startswith(_FAULT_TOKEN)]
    return replace(request, params=params)


def _repeated(payload: Payload) -> None:
    payload["pageToken"] = f"{_FAULT_TOKEN}again"


def _endless(payload: Payload) -> None:
    payload["pageToken"] = f"{_FAULT_TOKEN}{next(_UNIQUE)}"


def _dropped(payload: Payload) -> None:
    payload.pop("pageToken", None)
    payload["rows"] = payload.get("rows", [])[:-1]


def _empty(payload: Payload) -> None:
    payload.pop("rows", None)
    payload.pop("pageToken", None)
    payload["totalRows"] = "0"


def _missing_field(payload: Payload) -> None:
    for field in payload["schema"]["fields"]:
        if field["name"] == "usage_amount":
            field["name"] = "amount"


def _unknown_field(payload: Payload) -> None:
    payload["simAnnotation"] = {"note": "not in any documentation"}


def _unknown_usage_field(payload: Payload) -> None:
    payload["hologram_tokens"] = 17


def _change_amount(change: Callable[[str], str]) -> Callable[[Payload], None]:
    def apply(payload: Payload) -> None:
        names = [field["name"] for field in payload["schema"]["fields"]]
        if payload.get("rows"):
            cell = payload["rows"][0]["f"][names.index("usage_amount")]
            cell["v"] = change(cell["v"])

    return apply


_SPOILERS: dict[str, Callable[[Payload], None]] = {
    "repeated_page_token": _repeated,
    "endless_pages": _endless,
    "dropped_page": _dropped,
    "empty": _empty,
    "missing_field": _missing_field,
    "unknown_field": _unknown_field,
    "unknown_usage_field": _unknown_usage_field,
    "negative_quantity": _change_amount(lambda amount: f"-{amount}"),
    "wrong_type": _change_amount(lambda amount: f"{amount} or so"),
}
#: The kinds that these functions know.
KINDS = frozenset(_SPOILERS)
