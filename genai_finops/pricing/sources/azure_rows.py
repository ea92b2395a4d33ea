"""From rows of the Azure Retail Prices API to rates: what each row says, and where rows agree.

A meter is listed once for each region, with the day that its price holds from. Meters of one rate (a global price in
every region, two versions of a model that the catalogue calls one) make one rate on the days on which they agree, and
none on the days on which they do not.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, Inexact
from typing import Any

from genai_finops.pricing.sources.azure_meters import (
    DATA_ZONE,
    MeterReading,
    counted_block,
    is_timed,
    price_per_pricing_unit,
    read_meter,
)
from genai_finops.pricing.sources.statement import SkippedPrice, StatedRate
from genai_finops.providers.azure_deployments import UNKNOWN_GEOGRAPHY, sku_terms
from genai_finops.providers.base import MalformedPageError
from genai_finops.schemas.meters import METERS

#: Values of `type`.
CONSUMPTION = "Consumption"
RESERVATION = "Reservation"
_FIELDS: Mapping[str, tuple[type, ...]] = {
    "currencyCode": (str,),
    "tierMinimumUnits": (int, Decimal),
    "retailPrice": (int, Decimal),
    "armRegionName": (str,),
    "effectiveStartDate": (str,),
    "meterName": (str,),
    "productName": (str,),
    "unitOfMeasure": (str,),
    "type": (str,),
    "isPrimaryMeterRegion": (bool,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetailRow:
    """One row of the list."""

    product: str
    meter_name: str
    region: str
    price: Decimal
    unit: str
    minimum_units: Decimal
    starts_at: dt.datetime
    kind: str
    is_primary: bool
    has_end: bool
    #: Of a reservation.
    reservation_term: str | None = None

    @property
    def subject(self) -> str:
        """The row in the list's words, without its region."""
        return f"{self.product}: {self.meter_name}"

    @property
    def starts_on(self) -> dt.date:
        """First UTC day of the price."""
        return self.starts_at.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    model_id: str | None
    meter: str
    service_tier: str
    geography: str
    context_tokens_above: int
    context_tokens_up_to: int | None
    volume_threshold_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Price:
    row: RetailRow
    unit_price: Decimal


class _SkippedError(Exception):
    """A row has no rate. The message is the reason."""


def parse_row(entry: Any, *, currency: str, subject: str) -> RetailRow:
    """A row of the list. `subject` names provider and page in errors.

    Raises MalformedPageError for a row without the documented fields, with a negative price, and for one in another
    currency than was asked for.
    """
    if not isinstance(entry, dict):
        raise MalformedPageError(f"{subject}: an entry of Items is {type(entry).__name__}, no object")
    for field, types in _FIELDS.items():
        value = entry.get(field)
        # A boolean is an int for Python.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise MalformedPageError(f"{subject}: field {field} of meter {entry.get('meterName')!r} is {value!r}")
    name = entry["meterName"]
    if entry["currencyCode"] != currency:
        raise MalformedPageError(
            f"{subject}: meter {name!r} has a price in {entry['currencyCode']}, asked for was {currency}; set the "
            f"option currency of the price list to a currency that Azure bills in"
        )
    price, minimum = Decimal(entry["retailPrice"]), Decimal(entry["tierMinimumUnits"])
    if price < 0 or minimum < 0:
        raise MalformedPageError(f"{subject}: meter {name!r} has price {price} from {minimum} units on, below zero")
    return RetailRow(
        product=entry["productName"],
        meter_name=name,
        region=entry["armRegionName"],
        price=price,
        unit=entry["unitOfMeasure"],
        minimum_units=minimum,
        starts_at=_moment(entry["effectiveStartDate"], name, subject),
        kind=entry["type"],
        is_primary=entry["isPrimaryMeterRegion"],
        has_end=entry.get("effectiveEndDate") is not None,
        reservation_term=_optional_text(entry, "reservationTerm", name, subject),
    )


def _optional_text(entry: dict[str, Any], field: str, name: str, subject: str) -> str | None:
    value = entry.get(field)
    if value is not None and not isinstance(value, str):
        raise MalformedPageError(f"{subject}: field {field} of meter {name!r} is {value!r}")
    return value


def _moment(text: str, name: str, subject: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() != dt.timedelta(0):
        raise MalformedPageError(f"{subject}: field effectiveStartDate of meter {name!r} is {text!r}, no time in UTC")
    return moment


def rates_of(
    rows: Iterable[RetailRow], *, provider: str, currency: str
) -> tuple[tuple[StatedRate, ...], tuple[SkippedPrice, ...]]:
    """The rates that the rows of usage make, in a stable order, and what has none with the reason."""
    prices: dict[_Key, list[_Price]] = defaultdict(list)
    skipped: dict[tuple[str, str], None] = {}
    for row in rows:
        try:
            key, price = _priced(row)
        except _SkippedError as reason:
            skipped[row.subject, str(reason)] = None
        else:
            prices[key].append(price)
    rates: list[StatedRate] = []
    for key in sorted(prices, key=_order):
        if key.volume_threshold_tokens is not None and _base(key) not in prices:
            skipped.update({(price.row.subject, "a volume tier without a first tier"): None for price in prices[key]})
            continue
        agreed, disagreed = _timeline(prices[key])
        skipped.update(dict.fromkeys(disagreed))
        rates.extend(_stated(key, agreed, provider=provider, currency=currency))
    found = (SkippedPrice(provider=provider, subject=subject, reason=reason) for subject, reason in sorted(skipped))
    return tuple(rates), tuple(found)


def _priced(row: RetailRow) -> tuple[_Key, _Price]:
    """Raises _SkippedError."""
    _refuse_other_sales(row)
    reading = read_meter(row.product, row.meter_name)
    if reading is None:
        raise _SkippedError("unmatched meter")
    _refuse_no_prices(row)
    block = counted_block(row.unit)
    if block is None:
        reason = "a unit of time" if is_timed(row.unit) else "not known"
        raise _SkippedError(f"unit {row.unit!r} is {reason}: {reading.meter} is counted")
    if reading.named_block not in {None, block}:
        raise _SkippedError(f"unit {row.unit!r} is not the one that the meter's name says")
    try:
        price = price_per_pricing_unit(row.price, block, reading.meter)
    except Inexact:
        raise _SkippedError(f"a price of {row.price} has more digits than can be kept") from None
    return _key(row, reading, block), _Price(row=row, unit_price=price)


def _refuse_other_sales(row: RetailRow) -> None:
    if row.kind != CONSUMPTION:
        raise _SkippedError(f"type {row.kind}: no price of usage on demand")
    if not row.is_primary:
        raise _SkippedError("not the primary region of the meter: the bill names its meter of another region")


def _refuse_no_prices(row: RetailRow) -> None:
    if row.price == 0:
        raise _SkippedError("a price of zero is no price")
    if row.has_end:
        raise _SkippedError("a price that ends: the one that follows it is read")
    if row.starts_at.time() != dt.time(0):
        raise _SkippedError(f"a price from {row.starts_at.isoformat()} on: rates begin with a day")


def _key(row: RetailRow, reading: MeterReading, block: int) -> _Key:
    geography = reading.geography
    if geography == DATA_ZONE:
        terms = sku_terms("DataZoneStandard", row.region)
        if terms is None or terms.geography == UNKNOWN_GEOGRAPHY:
            raise _SkippedError(f"region {row.region} is in no data zone that is known")
        geography = terms.geography
    threshold = None
    if row.minimum_units > 0:
        tokens = row.minimum_units * block
        if METERS[reading.meter].kind != "tokens" or tokens != int(tokens):
            raise _SkippedError(f"a volume tier from {row.minimum_units} units of {row.unit} on, not in whole tokens")
        threshold = int(tokens)
    return _Key(
        model_id=reading.model_id,
        meter=reading.meter,
        service_tier=reading.service_tier,
        geography=geography,
        context_tokens_above=reading.context_tokens_above,
        context_tokens_up_to=reading.context_tokens_up_to,
        volume_threshold_tokens=threshold,
    )


def _order(key: _Key) -> tuple[Any, ...]:
    return (
        key.model_id or "",
        key.meter,
        key.service_tier,
        key.geography,
        key.context_tokens_above,
        key.volume_threshold_tokens or 0,
    )


def _base(key: _Key) -> _Key:
    return _Key(
        model_id=key.model_id,
        meter=key.meter,
        service_tier=key.service_tier,
        geography=key.geography,
        context_tokens_above=key.context_tokens_above,
        context_tokens_up_to=key.context_tokens_up_to,
        volume_threshold_tokens=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Days on which all meters that have a price agree on it."""

    starts_on: dt.date
    ends_on: dt.date | None
    unit_price: Decimal
    reference: str


def _timeline(prices: Sequence[_Price]) -> tuple[list[_Span], list[tuple[str, str]]]:
    """The spans on which the prices agree, and (subject, reason) for those on which they do not."""
    lines: dict[tuple[str, str], list[_Price]] = defaultdict(list)
    for price in prices:
        lines[price.row.subject, price.row.region].append(price)
    starts = sorted({price.row.starts_on for price in prices})
    reference = "; ".join(sorted({price.row.subject for price in prices}))
    spans: list[_Span] = []
    disagreed: list[tuple[str, str]] = []
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        held = [price for line in lines.values() for price in _held(line, start)]
        values = {price.unit_price for price in held}
        if len(values) > 1:
            reason = f"prices differ from {start.isoformat()} on: {_named(held)}"
            disagreed.extend((subject, reason) for subject in sorted({price.row.subject for price in held}))
            continue
        span = _Span(starts_on=start, ends_on=end, unit_price=values.pop(), reference=reference)
        if spans and spans[-1].ends_on == start and spans[-1].unit_price == span.unit_price:
            first = spans.pop().starts_on
            span = _Span(starts_on=first, ends_on=end, unit_price=span.unit_price, reference=reference)
        spans.append(span)
    return spans, disagreed


def _held(line: Iterable[_Price], day: dt.date) -> list[_Price]:
    """What a meter costs in a region on `day`: its newest price; several where the list has two from one day on."""
    begun = [price for price in line if price.row.starts_on <= day]
    newest = max((price.row.starts_on for price in begun), default=None)
    return [price for price in begun if price.row.starts_on == newest]


def _named(held: Iterable[_Price]) -> str:
    places: dict[Decimal, set[str]] = defaultdict(set)
    for price in held:
        places[price.unit_price].add(f"{price.row.region} ({price.row.meter_name})")
    return ", ".join(f"{value.normalize():f} in {' and '.join(sorted(places[value]))}" for value in sorted(places))


def _stated(key: _Key, spans: Iterable[_Span], *, provider: str, currency: str) -> Iterator[StatedRate]:
    is_tier = key.volume_threshold_tokens is not None
    for span in spans:
        yield StatedRate(
            provider=provider,
            model_id=key.model_id,
            meter=key.meter,
            service_tier=key.service_tier,
            geography=key.geography,
            context_tokens_above=key.context_tokens_above,
            context_tokens_up_to=key.context_tokens_up_to,
            pricing_type="volume_discount" if is_tier else "standard",
            volume_threshold_tokens=key.volume_threshold_tokens,
            discount_reason="volume" if is_tier else None,
            currency=currency,
            unit_price=span.unit_price,
            valid_from=span.starts_on,
            valid_to=span.ends_on,
            source_reference=span.reference,
        )
