"""Events as lines of JSON: the format `recorded` of request logs."""

import datetime as dt
import json
from decimal import Decimal

from genai_finops.record.event import Event

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def line_of(event: Event) -> bytes:
    """One line with its end. What is null or 0 is not written; times are ISO 8601 in UTC, costs texts."""
    written = {name: value for name, value in event.items() if value is not None}
    for name in ("started_at", "ended_at"):
        if name in written:
            written[name] = iso_time(written[name])
    if "reported_cost" in written:
        written["reported_cost"] = decimal_text(written["reported_cost"])
    # Halves of surrogate pairs are no text in any encoding; a line that holds one could not be read.
    return f"{_encode(written)}\n".encode("utf-8", "replace")


def iso_time(microseconds: int) -> str:
    """Microseconds since 1970 in ISO 8601."""
    moment = _EPOCH + dt.timedelta(microseconds=microseconds)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def decimal_text(amount: Decimal) -> str:
    """All digits, without an exponent."""
    return f"{amount:f}"
