"""What makes a stated price of capacity fit for its book. One that breaks a rule is refused with its source."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from genai_finops.errors import FinopsError
from genai_finops.pricing.rate_rules import unfit_number
from genai_finops.pricing.sources.statement import CapacityRate
from genai_finops.schemas.columns import CURRENCY
from genai_finops.schemas.meters import CAPACITY_METERS
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK

_ALLOWED = {column.name: column.allowed for column in CAPACITY_PRICE_BOOK.columns if column.allowed}
_SUBJECT = ("provider", "meter", "model_id", "variant", "workload", "scope", "region_id")
_TERMS = ("purchase_option", "term", "payment", "x_org_slug", "x_genai_account_id")


def check_capacity_rates(rates: tuple[CapacityRate, ...], *, source: str, today: dt.date) -> None:
    """Raise FinopsError that names the source, the first price that breaks a rule, the rule, and the value.

    `today` is the UTC day on which prices without a first day begin.
    """
    for rate in rates:
        broken = next(_broken(rate, today), None)
        if broken is not None:
            raise FinopsError(
                f"{source}: {describe_capacity_rate(fields_of(rate))}: {broken}",
                remedy="Correct it at its source; all that the book knows of this source stays as it was",
            )


def fields_of(rate: CapacityRate) -> dict[str, Any]:
    """The fields of a price by name."""
    return {name: getattr(rate, name) for name in CapacityRate.__dataclass_fields__}


def describe_capacity_rate(row: dict[str, Any]) -> str:
    """A price for people, from its fields or from a row of the book."""
    subject = [str(row[name]) for name in (*_SUBJECT, *_TERMS) if row.get(name)]
    return (
        f"{' '.join(subject)}: {row['unit_price'].normalize():f} {row['currency']} per {row['price_period']} "
        f"from {row['valid_from'] or 'its first sight'} to {row['valid_to'] or 'open'}"
    )


def _broken(rate: CapacityRate, today: dt.date) -> Iterator[str]:
    for name, allowed in _ALLOWED.items():
        value = getattr(rate, name)
        if value is not None and value not in allowed:
            yield f"{name} is {value!r}, none of {', '.join(allowed)}"
    yield from unfit_number("unit_price", rate.unit_price)
    if not re.fullmatch(CURRENCY, rate.currency):
        yield f"currency {rate.currency!r} is not three capitals"
    yield from _unfit_term(rate)
    if (rate.variant is not None) == (rate.meter in CAPACITY_METERS):
        yield f"variant is {rate.variant}: accelerators and machines have one, capacity of models has none"
    if rate.variant is not None and rate.variant != rate.variant.lower():
        yield f"variant is {rate.variant!r}, not in lower case as usage has it"
    first = rate.valid_from or today
    if rate.valid_to is not None and rate.valid_to <= first:
        yield f"valid_to {rate.valid_to} is not after {first}"


def _unfit_term(rate: CapacityRate) -> Iterator[str]:
    if (rate.term is None) == (rate.purchase_option == "commitment"):
        yield f"term is {rate.term}: it is given exactly with purchase_option commitment"
    if rate.term is None and rate.payment is not None:
        yield f"payment is {rate.payment}, and there is no commitment that would be paid so"
    if rate.term is None and rate.price_period != "hour":
        yield f"price_period is {rate.price_period}: without a term a price is for an hour"
    if rate.term == "P1W" and rate.price_period == "month":
        yield "price_period is month, and a week has none"
