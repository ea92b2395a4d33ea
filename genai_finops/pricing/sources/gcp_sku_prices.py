"""The prices of one SKU of Google's price list: amounts per pricing unit of our meters, by day and tier, exactly.

Source: Cloud Billing API v1, `PricingInfo` (discovery document of 2026-09-01).
"""

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, Inexact, localcontext
from typing import Any

from genai_finops.pricing.sources.statement import ResetFrequency
from genai_finops.schemas.meters import Meter

#: Consumed units of ours in one usage unit of Google's. A unit that is not here counts nothing that a meter does.
_UNITS: Mapping[tuple[str, str], int] = {
    ("count", "Tokens"): 1,
    ("count", "Requests"): 1,
    ("count", "Images"): 1,
    ("count", "Characters"): 1,
    ("count", "Token-Hours"): 1,
    ("h", "Token-Hours"): 1,
    ("s", "Seconds"): 1,
    ("min", "Seconds"): 60,
    ("h", "Seconds"): 3600,
}
_RESETS: Mapping[str, ResetFrequency] = {"DAILY": "daily", "MONTHLY": "monthly"}
_LEVELS = {"ACCOUNT": "billing account", "PROJECT": "project"}
_NANOS = 10**9
#: Without a time range the answer's `effectiveTime` is "a time within the last 12 hours": that of the reading, not that
#: of a price change. Twice that, because the list may be 12 hours old.
_READING = dt.timedelta(hours=24)
#: That of the column: a price with more places is not kept exactly.
_SCALE = Decimal("0.000000000001")


class UnreadablePriceError(ValueError):
    """A price of another shape than documented, or one that our units cannot say. Names field and value."""


class ForeignCurrencyError(ValueError):
    """A price in another currency than the one that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Usage above `start` consumed units costs `price` per pricing unit of the meter."""

    start: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceVersion:
    """The tiers from a UTC day on; None: from a day that the list does not say."""

    valid_from: dt.date | None
    tiers: tuple[Tier, ...]
    #: How often the tiers start anew; None where it is neither each day nor each month.
    reset: ResetFrequency | None
    #: What usage is added up for: `project`, `billing account`; None where the list does not say.
    level: str | None


def read_versions(info: Any, meter: Meter, *, currency: str, retrieved_at: dt.datetime) -> tuple[PriceVersion, ...]:
    """The versions of a SKU's `pricingInfo`, oldest first, one for each day on which prices change.

    A day is the UTC day of `effectiveTime`. A version whose time is still to come has that day: it holds from then on.
    Raises UnreadablePriceError and ForeignCurrencyError.
    """
    if not isinstance(info, list) or not info:
        raise UnreadablePriceError("field pricingInfo holds no price")
    moments = sorted(((_moment(entry), entry) for entry in info), key=lambda pair: pair[0])
    by_day: dict[dt.date | None, PriceVersion] = {}
    for number, (moment, entry) in enumerate(moments):
        is_of_reading = number == 0 and retrieved_at - _READING < moment <= retrieved_at
        day = None if is_of_reading else moment.date()
        by_day[day] = _version(entry, day, meter, currency)
    if len(by_day) > 1 and None in by_day and any(day is not None and day <= retrieved_at.date() for day in by_day):
        # A later version holds today, and the earlier one for hours of which no day is known.
        del by_day[None]
    return tuple(by_day.values())


def _moment(entry: Any) -> dt.datetime:
    text = _field(entry, "effectiveTime")
    try:
        moment = dt.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UnreadablePriceError(f"field effectiveTime is {text!r}, not a time with its offset")
    return moment.astimezone(dt.UTC)


def _version(entry: Any, day: dt.date | None, meter: Meter, currency: str) -> PriceVersion:
    expression = _field(entry, "pricingExpression")
    unit = _field(expression, "usageUnit")
    # Not displayQuantity: it says for how many units a page shows the price, the price is that of one.
    consumed = _UNITS.get((unit, meter.consumed_unit)) if isinstance(unit, str) else None
    if consumed is None:
        raise UnreadablePriceError(f"usage unit {unit!r} does not count {meter.consumed_unit}")
    rates = _field(expression, "tieredRates")
    if not isinstance(rates, list) or not rates:
        raise UnreadablePriceError("field tieredRates holds no rate")
    tiers = tuple(Tier(start=_start(rate) * consumed, price=_price(rate, consumed, meter, currency)) for rate in rates)
    starts = [tier.start for tier in tiers]
    if starts[0] != 0 or any(later <= earlier for earlier, later in itertools.pairwise(starts)):
        raise UnreadablePriceError(f"tiers start at {', '.join(map(str, starts))}, neither at 0 nor in rising order")
    reset, level = _aggregation(entry)
    return PriceVersion(valid_from=day, tiers=tiers, reset=reset, level=level)


def _aggregation(entry: Mapping[str, Any]) -> tuple[ResetFrequency | None, str | None]:
    found = entry.get("aggregationInfo")
    if not isinstance(found, dict):
        return None, None
    is_each = found.get("aggregationCount", 1) == 1
    reset = _RESETS.get(str(found.get("aggregationInterval"))) if is_each else None
    return reset, _LEVELS.get(str(found.get("aggregationLevel")))


def _start(rate: Any) -> Decimal:
    # A zero may be left out: JSON of protocol buffers.
    value = rate.get("startUsageAmount", 0) if isinstance(rate, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        raise UnreadablePriceError(f"field startUsageAmount is {value!r}, not an amount")
    return Decimal(value)


def _price(rate: Any, consumed: int, meter: Meter, currency: str) -> Decimal:
    amount = _amount(_field(rate, "unitPrice"), currency)
    with localcontext() as context:
        context.prec = 60
        context.traps[Inexact] = True
        try:
            return (amount * meter.pricing_block / consumed).quantize(_SCALE)
        except Inexact:
            raise UnreadablePriceError(
                f"price {amount} of {consumed} {meter.consumed_unit} is no decimal of 12 places"
            ) from None


def _amount(money: Any, currency: str) -> Decimal:
    """`units` and `nanos` together, of which one may be left out where it is 0."""
    code = _field(money, "currencyCode")
    if code != currency:
        raise ForeignCurrencyError(f"the price is in {code!r}, asked for was {currency}")
    units, nanos = money.get("units", "0"), money.get("nanos", 0)
    if "units" not in money and "nanos" not in money:
        raise UnreadablePriceError("field unitPrice holds neither units nor nanos")
    if not isinstance(units, str) or not units.lstrip("-").isdecimal():
        raise UnreadablePriceError(f"field units is {units!r}, not a whole number as text")
    if type(nanos) is not int or abs(nanos) >= _NANOS:
        raise UnreadablePriceError(f"field nanos is {nanos!r}, not a number of billionths")
    amount = Decimal(int(units)) + Decimal(nanos).scaleb(-9)
    if int(units) < 0 or nanos < 0:
        raise UnreadablePriceError(f"the price {amount} is negative")
    return amount


def _field(value: Any, name: str) -> Any:
    if not isinstance(value, dict) or name not in value:
        raise UnreadablePriceError(f"field {name} is missing")
    return value[name]
