"""Questions and answers of the endpoint as JSON. Figures are texts, moments ISO 8601 in UTC."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from genai_finops.errors import FinopsError
from genai_finops.quotas.decision import BudgetAnswer, Decision
from genai_finops.quotas.figures import plain_figure
from genai_finops.quotas.request_amount import RequestAmount

_CHECK_FIELDS = ("scope", "tags", "cost", "currency", "tokens", "usage")
_SETTLE_FIELDS = ("reservation_id", *_CHECK_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a caller sent. `usage` is what the price book is to price; the amount counts where it cannot."""

    reservation_id: str | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    amount: RequestAmount = field(default_factory=RequestAmount)
    usage: Mapping[str, int] | None = None


def read_check(body: bytes) -> Asked:
    """The question of POST /check. Raises FinopsError that names the field."""
    told = _object(body, _CHECK_FIELDS)
    if "scope" not in told:
        raise FinopsError("The body has no scope", remedy='Send {"scope": {"org": ...}, "cost": ..., "currency": ...}.')
    return _asked(told)


def read_end(body: bytes) -> Asked:
    """What POST /settle and /release are told. Raises FinopsError that names the field."""
    told = _object(body, _SETTLE_FIELDS)
    if not isinstance(told.get("reservation_id"), str):
        raise FinopsError("The body has no reservation_id", remedy="Send the one that the check gave.")
    return _asked(told)


def decision_object(decision: Decision) -> dict[str, Any]:
    """A decision as it is sent and printed."""
    return {
        "decision": decision.outcome,
        "why": decision.why,
        "at": _moment(decision.at),
        "is_checked": decision.is_checked,
        "reservation_id": decision.reservation_id,
        "expires_at": _moment(decision.expires_at),
        "budgets": [_answer_object(answer) for answer in decision.budgets],
    }


def _answer_object(answer: BudgetAnswer) -> dict[str, Any]:
    return {
        "budget": answer.budget,
        "verdict": answer.verdict,
        "is_blocking": answer.is_blocking,
        "why": answer.why,
        "currency": answer.currency,
        "available": _figure(answer.available),
        "bound": _figure(answer.bound),
        "spend": _figure(answer.spend),
        "reserved": _figure(answer.reserved),
        "held": _figure(answer.held),
        "settled": _figure(answer.settled),
        "estimated": _figure(answer.estimated),
        "period_start": _moment(answer.period_start),
        "period_end": _moment(answer.period_end),
        "evaluated_at": _moment(answer.evaluated_at),
        "data_as_of": {provider: _moment(moment) for provider, moment in sorted(answer.data_as_of.items())},
    }


def _asked(told: Mapping[str, Any]) -> Asked:
    return Asked(
        reservation_id=told.get("reservation_id"),
        dimensions=_texts(told, "scope"),
        tags=_tags(told.get("tags", [])),
        amount=RequestAmount(
            cost=_number(told, "cost"), currency=_text(told, "currency"), tokens=_number(told, "tokens")
        ),
        usage=_counts(told),
    )


def _object(body: bytes, fields: tuple[str, ...]) -> dict[str, Any]:
    try:
        # A cost that is sent as a number keeps its digits.
        told = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise FinopsError("The body is no JSON object", remedy="Send one in UTF-8.")
    unknown = sorted(set(told) - set(fields))
    if unknown:
        raise FinopsError(f"The field {unknown[0]!r} is not known", remedy=f"Send of {', '.join(fields)}.")
    return told


def _texts(told: Mapping[str, Any], name: str) -> dict[str, str]:
    found = told.get(name) or {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise FinopsError(f"{name} is not an object of texts", remedy='Send it as {"org": "acme", ...}.')
    return found


def _tags(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(tag, str) for tag in found):
        raise FinopsError("tags is not a list of texts", remedy='Send it as ["key=value", ...].')
    return tuple(found)


def _text(told: Mapping[str, Any], name: str) -> str | None:
    found = told.get(name)
    if found is not None and not isinstance(found, str):
        raise FinopsError(f"{name} is {found!r}", remedy="Send a text.")
    return found


def _number(told: Mapping[str, Any], name: str) -> Decimal | None:
    found = told.get(name)
    if found is None:
        return None
    try:
        if isinstance(found, (str, int, Decimal)) and not isinstance(found, bool):
            return Decimal(found)
    except InvalidOperation:
        pass
    raise FinopsError(f"{name} is {found!r}", remedy='Send a number, or one as a text: "0.0125".')


def _counts(told: Mapping[str, Any]) -> dict[str, int] | None:
    found = told.get("usage")
    if found is None:
        return None
    if not isinstance(found, dict) or not all(type(value) is int and value >= 0 for value in found.values()):
        raise FinopsError("usage is not an object of counts", remedy='Send it as {"input_tokens": 1200, ...}.')
    return found


def _figure(amount: Decimal | None) -> str | None:
    return None if amount is None else plain_figure(amount)


def _moment(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
