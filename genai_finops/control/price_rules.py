"""The rules for a price that someone enters. Pure."""

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from genai_finops.control.changes import check_text
from genai_finops.control.checked_values import check_decimal, check_member
from genai_finops.errors import FinopsError
from genai_finops.schemas.columns import UNCHARGED_TIERS
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.tables.pricing import (
    DISCOUNT_REASONS,
    PRICED_TIERS,
    PRICING_TYPES,
    RATED_METERS,
    RESET_FREQUENCIES,
)

_GEOGRAPHY = r"[a-z0-9][a-z0-9_-]{0,62}"
_DEFAULT_REASONS = {
    "volume_discount": "volume",
    "committed_use": "commitment",
    "promotional": "promotion",
    "negotiated": "negotiated",
}
_MAX_TOKENS = 2**63 - 1
_WHOLE = Decimal(100)
_Bound = TypeVar("_Bound", int, dt.date)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTerms:
    """What a price is for, what it is, and from which day to which it is valid.

    `unit_price` is per pricing unit of the meter, in currency; `free_tier_quantity` is in consumed units of the meter.
    A discount without meter, tier or geography is for all of them, an allowance without tier or geography likewise.
    Days are UTC, half-open; valid_to is None while open.
    """

    provider: str
    #: As it was typed: rating resolves it as it does the spellings of usage.
    model: str | None = None
    meter: str | None = None
    service_tier: str | None = None
    geography: str | None = None
    context_tokens_above: int = 0
    context_tokens_up_to: int | None = None
    variant: str | None = None
    pricing_type: str
    volume_threshold_tokens: int | None = None
    currency: str
    unit_price: Decimal | None = None
    discount_percentage: Decimal | None = None
    discount_reason: str | None = None
    free_tier_quantity: Decimal | None = None
    free_tier_reset_frequency: str | None = None
    valid_from: dt.date
    valid_to: dt.date | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What at most one price may decide on a day, for a length of prompts."""
        model = None if self.model is None else self.model.lower()
        place = (self.service_tier, self.geography, self.variant)
        return (self.provider, model, self.meter, *place, self.pricing_type, self.volume_threshold_tokens)

    def overlaps(self, other: "PriceTerms") -> bool:
        """Whether both decide the same on some day, for prompts of some length."""
        return (
            self.key == other.key
            and _precedes(self.valid_from, other.valid_to)
            and _precedes(other.valid_from, self.valid_to)
            and _precedes(self.context_tokens_above, other.context_tokens_up_to)
            and _precedes(other.context_tokens_above, self.context_tokens_up_to)
        )

    @property
    def subject(self) -> str:
        """What the price is for, for people."""
        parts = [f"{self.provider} {self.model or 'all models'}", self.meter or "all meters"]
        parts += [self.service_tier or "all tiers", self.geography or "all geographies"]
        if self.variant is not None:
            parts.append(f"variant {self.variant}")
        if self.context_tokens_above:
            parts.append(f"prompts above {self.context_tokens_above} tokens")
        if self.context_tokens_up_to is not None:
            parts.append(f"prompts up to {self.context_tokens_up_to} tokens")
        if self.volume_threshold_tokens is not None:
            parts.append(f"from {self.volume_threshold_tokens} tokens of the month on")
        return ", ".join(parts)

    @property
    def value(self) -> str:
        """What it costs, with units, for people."""
        meter = METERS.get(self.meter or "")
        if self.unit_price is not None:
            return f"{_plain(self.unit_price)} {self.currency} per {meter.pricing_unit if meter else 'unit'}"
        if self.discount_percentage is not None:
            return f"{_plain(self.discount_percentage)} % off"
        per = {"daily": "each UTC day", "monthly": "each UTC month"}.get(self.free_tier_reset_frequency or "", "once")
        return f"{_plain(self.free_tier_quantity or Decimal(0))} {meter.consumed_unit if meter else 'units'} free {per}"

    @property
    def validity(self) -> str:
        """The days, both inclusive, for people."""
        if self.valid_to is None:
            return f"from {self.valid_from} on"
        return f"from {self.valid_from} to {self.valid_to - dt.timedelta(days=1)}"

    @property
    def summary(self) -> str:
        """All of it in one line, for people."""
        return f"{self.subject}: {self.value} {self.validity} ({self.pricing_type})"


def check_terms(terms: PriceTerms, currencies: Mapping[str, str]) -> PriceTerms:
    """The terms with the reason of a discount filled in and blanks around texts removed.

    `currencies` are those of the price lists by provider. Raises FinopsError for a provider, meter or tier that is not
    known, for a value that the pricing type does not have, and for numbers that would be rounded.
    """
    model = None if terms.model is None else check_text(terms.model, "Model")
    variant = None if terms.variant is None else check_text(terms.variant, "Variant")
    terms = dataclasses.replace(terms, model=model, variant=variant)
    _check_names(terms, currencies)
    _check_numbers(terms)
    _check_type(terms)
    _check_scope_of_value(terms)
    if terms.currency != currencies[terms.provider]:
        raise FinopsError(
            f"Price of {terms.subject}: currency {terms.currency}, but the price list of {terms.provider} is in "
            f"{currencies[terms.provider]}, and nothing is converted",
            remedy=f"Give the price in {currencies[terms.provider]}.",
        )
    if terms.valid_to is not None and terms.valid_to <= terms.valid_from:
        raise FinopsError(
            f"Price of {terms.subject}: the last day {terms.valid_to - dt.timedelta(days=1)} is before the first one, "
            f"{terms.valid_from}",
            remedy="Give a later last day (--to), or none.",
        )
    if terms.discount_percentage is not None and terms.discount_reason is None:
        return dataclasses.replace(terms, discount_reason=_DEFAULT_REASONS[terms.pricing_type])
    return terms


def _check_names(terms: PriceTerms, currencies: Mapping[str, str]) -> None:
    check_member(terms.provider, "Provider", sorted(currencies))
    check_member(terms.pricing_type, "Pricing type", PRICING_TYPES)
    check_member(terms.discount_reason, "Discount reason", DISCOUNT_REASONS)
    check_member(terms.free_tier_reset_frequency, "Reset frequency", RESET_FREQUENCIES)
    if terms.service_tier in UNCHARGED_TIERS:
        raise FinopsError(
            f"Service tier {terms.service_tier!r} is never charged by usage, and has no price",
            remedy=f"Use one of: {', '.join(PRICED_TIERS)}.",
        )
    check_member(terms.service_tier, "Service tier", PRICED_TIERS)
    charged = [name for name in RATED_METERS if METERS[name].is_billable]
    if terms.meter in METERS and terms.meter not in charged:
        raise FinopsError(
            f"Meter {terms.meter!r} is counted, but no price list charges it",
            remedy=f"Use one of: {', '.join(charged)}.",
        )
    check_member(terms.meter, "Meter", charged)
    if terms.geography is not None and not re.fullmatch(_GEOGRAPHY, terms.geography):
        raise FinopsError(
            f"Geography {terms.geography!r} is not a name of one",
            remedy="Use lower-case letters, digits, hyphens and underscores, as in global, us, data_zone_eu.",
        )


def _check_numbers(terms: PriceTerms) -> None:
    check_decimal(terms.unit_price, "Unit price", decimals=12, digits=12)
    # Seven decimals of a percentage are nine of the factor that the price is multiplied by.
    check_decimal(terms.discount_percentage, "Discount percentage", decimals=7, digits=3)
    check_decimal(terms.free_tier_quantity, "Allowance", decimals=6, digits=20)
    discount = terms.discount_percentage
    if discount is not None and not 0 < discount <= _WHOLE:
        raise FinopsError(
            f"Discount percentage {discount:f} is not above 0 and at most 100",
            remedy="Give the percentage that is taken off, as in 12.5.",
        )
    for tokens, what in (
        (terms.context_tokens_above, "Lower bound of prompts"),
        (terms.context_tokens_up_to, "Upper bound of prompts"),
        (terms.volume_threshold_tokens, "Volume threshold"),
    ):
        if tokens is not None and not 0 <= tokens <= _MAX_TOKENS:
            raise FinopsError(f"{what} {tokens} is no number of tokens", remedy=f"Give one from 0 to {_MAX_TOKENS}.")
    up_to = terms.context_tokens_up_to
    if up_to is not None and up_to <= terms.context_tokens_above:
        raise FinopsError(
            f"No prompt is longer than {terms.context_tokens_above} tokens and at most {up_to}",
            remedy="Give an upper bound above the lower one, or none.",
        )


def _check_type(terms: PriceTerms) -> None:
    """Raises FinopsError unless there are just the values that a price of this type has."""
    name = terms.pricing_type
    subject = f"Price of {terms.subject}"
    given = [
        what
        for what, value in (
            ("a price", terms.unit_price),
            ("a discount", terms.discount_percentage),
            ("an allowance", terms.free_tier_quantity),
        )
        if value is not None
    ]
    wanted = {"standard": ["a price"], "free_tier": ["an allowance"]}.get(name, ["a price", "a discount"])
    if len(given) != 1 or given[0] not in wanted:
        raise FinopsError(
            f"{subject}: {name} has {' or '.join(wanted)}, and was given {' and '.join(given) or 'neither'}",
            remedy=f"Give exactly {' or '.join(wanted)}, or another pricing type.",
        )
    for what, value, is_wanted in (
        ("volume threshold", terms.volume_threshold_tokens, name == "volume_discount"),
        ("reset frequency", terms.free_tier_reset_frequency, name == "free_tier"),
    ):
        if (value is not None) != is_wanted:
            raise FinopsError(
                f"{subject}: {name} {'needs a' if is_wanted else 'has no'} {what}",
                remedy=f"{'Give one' if is_wanted else 'Leave it out'}, or use another pricing type.",
            )
    if name == "promotional" and terms.valid_to is None:
        raise FinopsError(
            f"{subject}: a promotional price ends, and has no last day", remedy="Give it an end: --to DATE."
        )
    if terms.discount_reason is not None and name in {"standard", "free_tier"}:
        raise FinopsError(
            f"{subject}: {name} is no discount, and has no reason",
            remedy="Leave out the reason, or use another pricing type.",
        )


def _check_scope_of_value(terms: PriceTerms) -> None:
    """Raises FinopsError where it is not said clearly enough what the value is for."""
    subject = f"Price of {terms.subject}"
    is_discount = terms.discount_percentage is not None
    if terms.meter is None and not is_discount:
        raise FinopsError(
            f"{subject}: a price or an allowance is for one meter, and none is given",
            remedy="Give --meter, as in --meter uncached_input; only a discount can be for all meters.",
        )
    if terms.unit_price is not None and (terms.service_tier is None or terms.geography is None):
        raise FinopsError(
            f"{subject}: a price is for one service tier and one geography",
            remedy="Give both, as in --tier standard --geography global; only a discount can be for all of them.",
        )
    if terms.meter is None:
        return
    meter = METERS[terms.meter]
    if terms.unit_price is not None and terms.model is None and meter.kind in {"tokens", "media"}:
        raise FinopsError(
            f"{subject}: models differ in the price of {meter.name}, and no model is given",
            remedy="Give --model; only tools and storage have a price without one.",
        )
    if terms.volume_threshold_tokens is not None and meter.kind != "tokens":
        raise FinopsError(
            f"{subject}: a volume threshold counts tokens, and {meter.name} counts {meter.consumed_unit}",
            remedy="Use a meter of tokens, or negotiated instead of volume_discount.",
        )


def _precedes(start: _Bound, end: _Bound | None) -> bool:
    return end is None or start < end


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
