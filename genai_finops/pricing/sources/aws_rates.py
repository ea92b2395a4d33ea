"""From products of the AWS Price List to rates: units, volume ranges, long context, and what regions have in common."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.pricing.sources.aws_models import PROVIDER, long_context_above, meters_of, model_of
from genai_finops.pricing.sources.aws_products import PriceDimension, Product
from genai_finops.pricing.sources.aws_usage_types import (
    NoTokenPriceError,
    UsageType,
    read_usage_type,
    refuse_other_products,
)
from genai_finops.pricing.sources.statement import SkippedPrice, StatedRate
from genai_finops.providers.bedrock_models import geography_of
from genai_finops.schemas.meters import METERS

#: Tokens in one unit of price, by its name in lower case.
_TOKENS = {"1k tokens": 1_000, "1m tokens": 1_000_000}
#: The unit of Marketplace products is a million of what the usage type counts.
_MARKETPLACE_UNIT = "units"
_GLOBAL = "global"

#: Tokens of the month from which on a price holds, and the price per pricing unit of the meter.
VolumeTier = tuple[int, Decimal]


@dataclass(frozen=True, slots=True)
class _Step:
    valid_from: dt.date | None
    tiers: tuple[VolumeTier, ...]


@dataclass(frozen=True, slots=True, order=True)
class _Key:
    """What usage tells apart."""

    model_id: str
    meter: str
    service_tier: str
    geography: str
    is_long: bool

    def __str__(self) -> str:
        return " ".join(
            (self.model_id, self.meter, self.service_tier, self.geography, *(["long context"] if self.is_long else []))
        )

    @property
    def family(self) -> tuple[str, str, str]:
        return (self.model_id, self.service_tier, self.geography)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    product: Product
    model_name: str
    steps: tuple[_Step, ...]

    @property
    def order(self) -> tuple[str, str, str]:
        return (self.product.region, self.product.usage_type, self.product.sku)


def rates_of(products: Iterable[Product]) -> tuple[tuple[StatedRate, ...], tuple[SkippedPrice, ...]]:
    """The rates of all regions' products, and those products and keys that have none, with the reason.

    Usage knows the group of regions, not the region: where two regions of a group differ, the key has no rate.
    """
    offers: defaultdict[_Key, list[_Offer]] = defaultdict(list)
    skipped: list[SkippedPrice] = []
    for product in products:
        try:
            for key, offer in _offers(product):
                offers[key].append(offer)
        except NoTokenPriceError as reason:
            skipped.append(_skip(product.subject, str(reason)))
    banded = {key.family for key in offers if key.is_long}
    rates: list[StatedRate] = []
    for key in sorted(offers):
        found = sorted(offers[key], key=lambda offer: offer.order)
        try:
            steps = _agreed(found)
            rates += _stated(key, found[0], steps, is_banded=key.family in banded)
        except NoTokenPriceError as reason:
            skipped.append(_skip(str(key), str(reason)))
    # A SKU may come on two pages when the list changes between them.
    return tuple(rates), tuple(dict.fromkeys(skipped))


def _skip(subject: str, reason: str) -> SkippedPrice:
    return SkippedPrice(provider=PROVIDER, subject=subject, reason=reason)


def _offers(product: Product) -> Iterator[tuple[_Key, _Offer]]:
    refuse_other_products(product.usage_type)
    _refuse_other_units(product)
    usage = read_usage_type(product.usage_type)
    _refuse_contradiction(usage, product.attributes.get("inferenceType", ""))
    model_id, name = model_of(usage, product.attributes)
    if not product.terms:
        raise NoTokenPriceError("the product has no on-demand terms")
    geography = _GLOBAL if usage.is_global else geography_of("", product.region)
    for meter in meters_of(model_id, usage):
        steps = sorted(
            (_Step(term.effective, tuple(_volume_tiers(term.dimensions, meter, usage))) for term in product.terms),
            key=lambda step: step.valid_from or dt.date.min,
        )
        if len({step.valid_from for step in steps}) < len(steps) or (len(steps) > 1 and steps[0].valid_from is None):
            raise NoTokenPriceError("several prices for the same days")
        key = _Key(model_id, meter, usage.service_tier, geography, usage.is_long)
        yield key, _Offer(product=product, model_name=name, steps=tuple(steps))


def _refuse_other_units(product: Product) -> None:
    for term in product.terms:
        for dimension in term.dimensions:
            if _unit(dimension) not in {*_TOKENS, _MARKETPLACE_UNIT}:
                raise NoTokenPriceError(f"its unit {dimension.unit!r} is no number of tokens")


def _unit(dimension: PriceDimension) -> str:
    return dimension.unit.strip().lower()


def _refuse_contradiction(usage: UsageType, words: str) -> None:
    """The attribute tells direction alone: `Input tokens` is said of batch and of standard prices."""
    said = {word for word in ("input", "output") if word in words.lower()}
    meant = "output" if usage.token_class == "output" else "input"
    if len(said) == 1 and meant not in said:
        raise NoTokenPriceError(f"the usage type counts {meant} tokens, the attribute inferenceType is {words!r}")


def _volume_tiers(dimensions: Sequence[PriceDimension], meter: str, usage: UsageType) -> Iterator[VolumeTier]:
    """The price from the first token on and those from later ones on. Ranges count units of price, not tokens."""
    ordered = sorted(dimensions, key=lambda dimension: dimension.begin)
    ends = [Decimal(0), *(dimension.end for dimension in ordered)]
    if not ordered or ends[-1] is not None or [dimension.begin for dimension in ordered] != ends[:-1]:
        raise NoTokenPriceError("the ranges of its prices do not follow one another from 0 without limit")
    for dimension in ordered:
        tokens = _tokens_in(dimension, usage)
        if dimension.price is None:
            raise NoTokenPriceError("it has no price in USD")
        threshold = dimension.begin * tokens
        if threshold != int(threshold):
            raise NoTokenPriceError(f"its range begins at {threshold} tokens, not a whole number")
        yield int(threshold), dimension.price * (METERS[meter].pricing_block // tokens)


def _tokens_in(dimension: PriceDimension, usage: UsageType) -> int:
    if _unit(dimension) != _MARKETPLACE_UNIT:
        return _TOKENS[_unit(dimension)]
    if not usage.is_marketplace:
        raise NoTokenPriceError("how many tokens its unit 'Units' has is known of Marketplace products alone")
    return 1_000_000


def _agreed(offers: Sequence[_Offer]) -> tuple[_Step, ...]:
    """The one schedule of all offers of a key. The same price from several days on holds from the first of them on."""
    first = offers[0]
    steps = first.steps
    for other in offers[1:]:
        if other.steps == steps:
            continue
        if len(other.steps) > 1 or len(steps) > 1 or other.steps[0].tiers != steps[0].tiers:
            raise NoTokenPriceError(f"{_priced(first)} and {_priced(other)} differ, and usage does not tell them apart")
        days = [step.valid_from for step in (*steps, *other.steps) if step.valid_from is not None]
        steps = (_Step(min(days), steps[0].tiers),)
    return steps


def _priced(offer: _Offer) -> str:
    prices = ", ".join(
        f"{price.normalize():f}" + (f" from {step.valid_from}" if step.valid_from and len(offer.steps) > 1 else "")
        for step in offer.steps
        for _, price in step.tiers
    )
    return f"{offer.product.region} ({offer.product.usage_type}: {prices})"


def _stated(key: _Key, offer: _Offer, steps: Sequence[_Step], *, is_banded: bool) -> Iterator[StatedRate]:
    threshold = long_context_above(key.model_id) if is_banded else None
    if is_banded and threshold is None:
        raise NoTokenPriceError("prices differ by the length of the prompt, from a length on that is not known")
    for number, step in enumerate(steps):
        valid_to = steps[number + 1].valid_from if number + 1 < len(steps) else None
        for tokens, price in step.tiers:
            yield StatedRate(
                provider=PROVIDER,
                model_id=key.model_id,
                model_name=offer.model_name,
                meter=key.meter,
                service_tier=key.service_tier,
                geography=key.geography,
                context_tokens_above=(threshold or 0) if key.is_long else 0,
                context_tokens_up_to=None if key.is_long else threshold,
                pricing_type="volume_discount" if tokens else "standard",
                discount_reason="volume" if tokens else None,
                volume_threshold_tokens=tokens or None,
                unit_price=price,
                valid_from=step.valid_from,
                valid_to=valid_to,
                source_reference=f"{offer.product.sku} {offer.product.usage_type}",
            )
