"""The rules for an own price of capacity or of an accelerator that someone enters. Pure."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.control.changes import check_text
from genai_finops.control.checked_values import check_decimal, check_member
from genai_finops.control.terms import has_months
from genai_finops.errors import FinopsError
from genai_finops.schemas.meters import ACCELERATOR_METERS, CAPACITY_METERS, METERS
from genai_finops.schemas.tables.capacity_prices import PURCHASE_OPTIONS
from genai_finops.schemas.tables.commitments import CAPACITY_SCOPES, PAYMENTS, PRICE_PERIODS, TERMS

_KEY = (
    *("provider", "meter", "model", "variant", "workload", "scope", "region", "purchase_option"),
    *("term", "payment"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPriceTerms:
    """What a unit of capacity or an accelerator costs for price_period. Days are UTC, half-open."""

    provider: str
    meter: str
    #: Canonical model; None for any, and for accelerators.
    model: str | None = None
    #: Accelerator or machine type in lower case; None for capacity of models.
    variant: str | None = None
    workload: str | None = None
    scope: str | None = None
    region: str | None = None
    purchase_option: str
    term: str | None = None
    #: None: the same price however the commitment is paid.
    payment: str | None = None
    price_period: str
    unit_price: Decimal
    currency: str
    valid_from: dt.date
    valid_to: dt.date | None = None
    note: str | None = None

    def overlaps(self, other: "CapacityPriceTerms") -> bool:
        """Whether both decide the same on some day."""
        return (
            all(getattr(self, name) == getattr(other, name) for name in _KEY)
            and (other.valid_to is None or self.valid_from < other.valid_to)
            and (self.valid_to is None or other.valid_from < self.valid_to)
        )

    @property
    def subject(self) -> str:
        """What the price is for, for people."""
        parts = [self.meter, self.variant or self.model or "any model", self.workload, self.scope, self.region]
        how = self.purchase_option.replace("_", " ")
        paid = f"{how} {self.term} paid {self.payment or 'in any way'}" if self.term else how
        return f"{self.provider} {', '.join(part for part in parts if part)}, {paid}"

    @property
    def summary(self) -> str:
        """All of it in one line, for people."""
        last = "on" if self.valid_to is None else f"to {self.valid_to - dt.timedelta(days=1)}"
        return (
            f"{self.subject}: {self.unit_price:f} {self.currency} per unit and {self.price_period} "
            f"from {self.valid_from} {last}"
        )


def check_capacity_price(terms: CapacityPriceTerms, currencies: Mapping[str, str]) -> CapacityPriceTerms:
    """The terms with blanks around texts removed, and types of machines in lower case, as usage has them.

    `currencies` are those of the price lists by provider. Raises FinopsError that names the price, the value and what
    to give instead.
    """
    check_member(terms.provider, "Provider", tuple(sorted(currencies)))
    check_member(terms.meter, "Meter", (*CAPACITY_METERS, *ACCELERATOR_METERS))
    texts = {
        name: None if (text := getattr(terms, name)) is None else check_text(text, name.capitalize(), max_length=length)
        for name, length in (("model", 255), ("variant", 255), ("workload", 63), ("region", 63), ("note", 255))
    }
    for name in ("model", "variant", "workload"):
        texts[name] = (texts[name] or "").lower() or None
    terms = dataclasses.replace(terms, **texts)  # type: ignore[arg-type]
    subject = f"Price of {terms.subject}"
    for value, what, known in (
        (terms.scope, "scope", CAPACITY_SCOPES),
        (terms.purchase_option, "purchase option", PURCHASE_OPTIONS),
        (terms.term, "term", TERMS),
        (terms.payment, "payment", PAYMENTS),
        (terms.price_period, "price period", PRICE_PERIODS),
    ):
        check_member(value, f"{subject}: {what}", known)
    check_decimal(terms.unit_price, f"{subject}: price", decimals=12, digits=12)
    _check_what(terms, subject)
    _check_term(terms, subject)
    if terms.currency != currencies[terms.provider]:
        raise FinopsError(
            f"{subject}: currency {terms.currency}, but {terms.provider} bills in {currencies[terms.provider]}, and "
            "nothing is converted",
            remedy=f"Give the price in {currencies[terms.provider]}.",
        )
    if terms.valid_to is not None and terms.valid_to <= terms.valid_from:
        raise FinopsError(
            f"{subject}: the last day {terms.valid_to - dt.timedelta(days=1)} is before {terms.valid_from}",
            remedy="Give a later last day (--to), or none.",
        )
    return terms


def _check_what(terms: CapacityPriceTerms, subject: str) -> None:
    is_capacity = terms.meter in CAPACITY_METERS
    if is_capacity == (terms.variant is not None):
        raise FinopsError(
            f"{subject}: {METERS[terms.meter].sku_meter} {'have no' if is_capacity else 'need a'} machine type",
            remedy="Leave out --variant." if is_capacity else "Give --variant, as in --variant nvidia_h100_80gb.",
        )
    if not is_capacity and terms.model is not None:
        raise FinopsError(f"{subject}: machines have no model", remedy="Leave out --model; --variant is the machine.")


def _check_term(terms: CapacityPriceTerms, subject: str) -> None:
    is_commitment = terms.purchase_option == "commitment"
    if is_commitment != (terms.term is not None):
        raise FinopsError(
            f"{subject}: {terms.purchase_option} {'needs a' if is_commitment else 'has no'} term",
            remedy="Give --term with purchase option commitment, and only then.",
        )
    if not is_commitment and (terms.payment is not None or terms.price_period != "hour"):
        raise FinopsError(
            f"{subject}: without a commitment capacity is paid by the hour", remedy="Give the price of an hour only."
        )
    if terms.term is not None and terms.price_period == "month" and not has_months(terms.term):
        raise FinopsError(
            f"{subject}: a price of a month, and a term {terms.term} has none",
            remedy="Give it for the hour or the term.",
        )
