"""From rows of the Azure Retail Prices API to prices of provisioned throughput: by the hour, and reserved for a term.

A reservation's `retailPrice` is that of its whole term for one unit, although its unit of measure says an hour.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.pricing.sources.azure_meters import is_commitment
from genai_finops.pricing.sources.azure_rows import CONSUMPTION, RESERVATION, RetailRow
from genai_finops.pricing.sources.statement import CapacityRate, SkippedPrice

_HOURLY_PRODUCT = "Azure OpenAI"
_RESERVED_PRODUCT = "Azure AI Foundry Provisioned Throughput Reservation"
_METER = re.compile(r"(?:provisioned managed )?(?P<scope>global|data zone|regional)(?: unit)?")
_HOURS = frozenset({"1/Hour", "1 Hour"})
_TERMS = {"1 Month": "P1M", "1 Year": "P1Y"}


@dataclass(frozen=True, slots=True, order=True)
class _Key:
    region: str
    scope: str
    #: Empty for capacity by the hour.
    term: str


class _SkippedError(Exception):
    """A row has no price of capacity. The message is the reason."""


def is_capacity(row: RetailRow) -> bool:
    """Whether the row sells capacity, and no usage."""
    return row.kind == RESERVATION or is_commitment(row.product, row.meter_name)


def capacity_rates_of(
    rows: Iterable[RetailRow], *, provider: str, currency: str
) -> tuple[tuple[CapacityRate, ...], tuple[SkippedPrice, ...]]:
    """The prices that rows of capacity make, in a stable order, and what makes none with the reason."""
    found: dict[_Key, list[RetailRow]] = defaultdict(list)
    skipped: dict[tuple[str, str], None] = {}
    for row in rows:
        try:
            found[_key(row)].append(row)
        except _SkippedError as error:
            skipped[row.subject, str(error)] = None
    rates: list[CapacityRate] = []
    for key in sorted(found):
        prices = _by_day(found[key])
        differing = [day for day, values in prices.items() if len(values) > 1]
        if differing:
            reason = f"prices in {key.region} differ from {differing[0]} on"
            skipped.update({(row.subject, reason): None for row in found[key]})
        else:
            spans = [(day, values.copy().pop()) for day, values in prices.items()]
            rates.extend(_stated(key, found[key][0].subject, spans, provider=provider, currency=currency))
    return tuple(rates), tuple(
        SkippedPrice(provider=provider, subject=subject, reason=reason) for subject, reason in sorted(skipped)
    )


def _key(row: RetailRow) -> _Key:
    """Raises _SkippedError."""
    is_reserved = row.kind == RESERVATION
    if not is_reserved and row.kind != CONSUMPTION:
        raise _SkippedError(f"type {row.kind}: no price of capacity on demand")
    if row.product != (_RESERVED_PRODUCT if is_reserved else _HOURLY_PRODUCT):
        raise _SkippedError("capacity of another product")
    meter = _METER.fullmatch(" ".join(row.meter_name.lower().split()))
    if meter is None:
        raise _SkippedError("unmatched meter of capacity")
    if is_reserved and row.reservation_term not in _TERMS:
        raise _SkippedError(f"a reservation for {row.reservation_term!r}, a term that is not known here")
    if row.unit not in _HOURS:
        raise _SkippedError(f"unit {row.unit!r} of capacity is no hour")
    _refuse_no_prices(row)
    term = _TERMS[row.reservation_term] if is_reserved and row.reservation_term else ""
    return _Key(region=row.region, scope=meter["scope"].replace(" ", "_"), term=term)


def _refuse_no_prices(row: RetailRow) -> None:
    if not row.is_primary:
        raise _SkippedError("not the primary region of the meter: the bill names its meter of another region")
    if row.price == 0:
        raise _SkippedError("a price of zero is no price")
    if row.minimum_units > 0:
        raise _SkippedError("a volume tier of capacity, which no row of ours can hold")
    if row.has_end:
        raise _SkippedError("a price that ends: the one that follows it is read")
    if row.starts_at.time() != dt.time(0):
        raise _SkippedError(f"a price from {row.starts_at.isoformat()} on: prices begin with a day")


def _by_day(rows: Sequence[RetailRow]) -> dict[dt.date, set[Decimal]]:
    prices: dict[dt.date, set[Decimal]] = defaultdict(set)
    for row in rows:
        prices[row.starts_on].add(row.price)
    return dict(sorted(prices.items()))


def _stated(
    key: _Key, subject: str, spans: Sequence[tuple[dt.date, Decimal]], *, provider: str, currency: str
) -> Iterator[CapacityRate]:
    ends = [*(start for start, _ in spans[1:]), None]
    for (start, price), end in zip(spans, ends, strict=True):
        yield CapacityRate(
            provider=provider,
            meter="ptu_hour",
            scope=key.scope,
            region_id=key.region,
            purchase_option="commitment" if key.term else "on_demand",
            term=key.term or None,
            price_period="term" if key.term else "hour",
            unit_price=price,
            currency=currency,
            valid_from=start,
            valid_to=end,
            source_reference=subject,
        )
