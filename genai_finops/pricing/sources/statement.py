"""What a source of prices says at one moment, before the book compares it with what the source said earlier."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from genai_finops.schemas.price_priorities import PRIORITIES

PricingType = Literal["standard", "free_tier", "volume_discount", "committed_use", "promotional", "negotiated"]
DiscountReason = Literal["volume", "commitment", "promotion", "negotiated", "trial"]
ResetFrequency = Literal["daily", "monthly", "never"]
PurchaseOption = Literal["on_demand", "spot", "commitment"]
PricePeriod = Literal["hour", "month", "term"]
Confidence = Literal["confirmed", "practitioner", "unconfirmed"]

__all__ = [
    "PRIORITIES",
    "CapacityRate",
    "Confidence",
    "DiscountReason",
    "PricePeriod",
    "PricingType",
    "PurchaseOption",
    "ResetFrequency",
    "SkippedPrice",
    "StatedRate",
    "Statement",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRate:
    """One rate as a source states it: a row of `genai_price_book` without its origin and the time of knowledge.

    `unit_price` is per pricing unit of the meter (`schemas.meters`): per million tokens, per thousand searches. Exactly
    one of unit_price, discount_percentage and free_tier_quantity is given. `valid_from` is None where the source names
    no day: the rate then holds from the day on which it was first seen, never earlier.
    """

    provider: str
    #: As the source or the provider spells it; the alias rules make the canonical id of it.
    model_id: str | None
    meter: str | None
    service_tier: str | None = "standard"
    geography: str | None = "global"
    context_tokens_above: int = 0
    context_tokens_up_to: int | None = None
    variant: str | None = None
    model_name: str | None = None
    x_org_slug: str | None = None
    x_genai_account_id: str | None = None
    pricing_type: PricingType = "standard"
    volume_threshold_tokens: int | None = None
    currency: str = "USD"
    unit_price: Decimal | None = None
    discount_percentage: Decimal | None = None
    discount_reason: DiscountReason | None = None
    free_tier_quantity: Decimal | None = None
    free_tier_reset_frequency: ResetFrequency | None = None
    valid_from: dt.date | None
    valid_to: dt.date | None = None
    #: Where in the source: a page, a meter, a SKU.
    source_reference: str | None = None
    is_custom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityRate:
    """One price of capacity or of an accelerator as a source states it: a row of `genai_capacity_price_book` without
    its origin and the time of knowledge.

    `unit_price` is of one unit for `price_period`: an hour, a month of the term, or the whole term. `valid_from` is
    None where the source names no day, as in StatedRate.
    """

    provider: str
    #: A meter of kind capacity or accelerator.
    meter: str
    #: As the source or the provider spells it; None where the price is the same for all models.
    model_id: str | None = None
    #: Accelerator or machine type in lower case; None for capacity of models.
    variant: str | None = None
    workload: str | None = None
    scope: str | None = None
    region_id: str | None = None
    purchase_option: PurchaseOption = "on_demand"
    #: ISO 8601 duration; None exactly when purchase_option is not commitment.
    term: str | None = None
    payment: str | None = None
    price_period: PricePeriod = "hour"
    unit_price: Decimal
    currency: str = "USD"
    confidence: Confidence = "confirmed"
    valid_from: dt.date | None
    valid_to: dt.date | None = None
    #: Where in the source: a page, a meter, a SKU.
    source_reference: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedPrice:
    """A price of a source that has no row, and why."""

    provider: str
    #: Model, meter or SKU, in the source's words.
    subject: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """All that one source says at one moment.

    `is_complete`: what it no longer says is withdrawn (a reviewed seed). Otherwise keys that it does not name are kept
    as they were: a price list forgets models that were used last year.
    """

    #: A key of PRIORITIES.
    source: str
    source_version: str
    retrieved_at: dt.datetime
    rates: tuple[StatedRate, ...]
    #: Prices of capacity and accelerators, which have a book of their own.
    capacity_rates: tuple[CapacityRate, ...] = ()
    skipped: tuple[SkippedPrice, ...] = ()
    is_complete: bool = False
    #: False for a list that gives of each key only what holds now (and later): what was believed of earlier days is
    #: kept, and ends where the stated rates begin. Rates without a first day are read so in any case.
    covers_history: bool = True
