"""Values of a log, read strictly: counts, moments, amounts and names.

Nobody checks what a log says before it reaches us, so each value is one of its kind or a Defect. The reason of a Defect
names the field and the kind of its value, never the value: it may be a piece of a prompt.
"""

import datetime as dt
import re
from decimal import Context, Decimal, InvalidOperation
from typing import Any

#: A request of more tokens is a defect of its log; sums of a day stay far within 64 bits.
_MOST_TOKENS = 10**12
_MOST_DIGITS = 20
#: Requests to language models before and after are defects of a clock.
EARLIEST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_EARLIEST = (EARLIEST - _EPOCH) // _MICROSECOND
_LATEST = (LATEST - _EPOCH) // _MICROSECOND
#: The column of costs holds 20 digits before the point and 18 after it.
_DEAREST = Decimal(10) ** 20
_FINEST = Decimal(1).scaleb(-18)
_FINEST_EXPONENT = -18
#: Holds all 38 digits, which the usual 28 do not.
_WIDE = Context(prec=64)
_AMOUNT = re.compile(r"[+-]?(?:\d{1,60}\.?\d{0,60}|\.\d{1,60})(?:[eE][+-]?\d{1,3})?")
_KINDS = {type(None): "null", bool: "a truth value", str: "text", list: "a list", dict: "an object"}


class Defect(ValueError):  # noqa: N818 # it is no error of ours: the record is rejected and the file goes on
    """Why a record is no event. Holds no value of the record."""


def kind_of(value: Any) -> str:
    """What a value is, for a reason."""
    return _KINDS.get(type(value), "a number")


def count_of(name: str, value: Any) -> int:
    """A whole number of tokens, or of other things, perhaps written as text or with a zero fraction; absent is 0."""
    if type(value) is int:
        count = value
    elif value is None:
        return 0
    elif type(value) is str and len(value) <= _MOST_DIGITS and value.isdecimal():
        count = int(value)
    else:
        count = _unusual_count(name, value)
    if not 0 <= count <= _MOST_TOKENS:
        raise Defect(f"{name} is {'negative' if count < 0 else 'too large'}")
    return count


def _unusual_count(name: str, value: Any) -> int:
    """A count as double, or negative as text."""
    if type(value) is not float and type(value) is not str:
        raise Defect(f"{name} is {kind_of(value)}, not a count")
    amount = _decimal(value)
    if amount is None or amount != amount.to_integral_value():
        raise Defect(f"{name} is {kind_of(value)}, not a count")
    return int(amount)


def amount_of(name: str, value: Any) -> Decimal | None:
    """An amount of money, not negative, that did not pass through a binary fraction: a text, a Decimal or an integer.

    Digits after the 18th decimal are noise of the source's own arithmetic: rounded half to even.
    """
    if value is None:
        return None
    amount = value if type(value) is Decimal else _decimal(value) if type(value) in {str, int} else None
    if amount is None or not amount.is_finite():
        raise Defect(f"{name} is {kind_of(value)}, not an amount")
    if not 0 <= amount < _DEAREST:
        raise Defect(f"{name} is {'negative' if amount < 0 else 'too large'}")
    exponent = amount.as_tuple().exponent
    return (
        amount.quantize(_FINEST, context=_WIDE) if isinstance(exponent, int) and exponent < _FINEST_EXPONENT else amount
    )


def _decimal(value: float | str) -> Decimal | None:
    spelled = str(value).strip()
    # Decimal itself takes digits without end and NaN.
    if _AMOUNT.fullmatch(spelled) is None:
        return None
    try:
        return Decimal(spelled)
    except InvalidOperation:
        return None


def text_of(name: str, value: Any) -> str | None:
    """A name or id; a number is its digits, and what is empty is not there."""
    if type(value) is str:
        return value.strip() or None
    if value is None:
        return None
    if type(value) is int:
        return str(value) if -(10**_MOST_DIGITS) < value < 10**_MOST_DIGITS else None
    raise Defect(f"{name} is {kind_of(value)}, not a name")


def nanoseconds_of(name: str, value: Any) -> int:
    """Nanoseconds since 1970, as number or text, in microseconds."""
    if type(value) is str and len(value) <= _MOST_DIGITS and value.isdecimal():
        value = int(value)
    if type(value) is not int:
        raise Defect(
            f"{name} is {kind_of(value)}, not nanoseconds since 1970" if value is not None else f"{name} is missing"
        )
    return in_range(name, value // 1000)


def moment_of(name: str, value: Any) -> int:
    """A date and time in ISO 8601, UTC where it names no zone, in microseconds since 1970."""
    if type(value) is not str:
        raise Defect(f"{name} is {kind_of(value)}, not a date and time" if value is not None else f"{name} is missing")
    try:
        moment = dt.datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return in_range(name, (moment - _EPOCH) // _MICROSECOND)
    except (ValueError, OverflowError) as failure:
        if isinstance(failure, Defect):
            raise
        raise Defect(f"{name} is text that is no date and time") from None


def in_range(name: str, microseconds: int) -> int:
    """The moment itself, where a request can have been then."""
    if not _EARLIEST <= microseconds < _LATEST:
        raise Defect(f"{name} is before {EARLIEST.year} or after {LATEST.year - 1}")
    return microseconds


def object_of(name: str, value: Any) -> dict[str, Any]:
    """An object; an absent one is empty."""
    if type(value) is dict:
        return value
    if value is None:
        return {}
    raise Defect(f"{name} is {kind_of(value)}, not an object")
