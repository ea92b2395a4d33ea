"""The rates of one entry of LiteLLM's price file: meters, tiers, bands of prompt lengths, and factors on them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal

from genai_finops.pricing.model_names import GLOBAL
from genai_finops.pricing.sources.litellm_keys import (
    FACTORS_BY_NAME,
    CostKey,
    FactorKey,
    UnmappedKey,
    read_key,
    read_named_factor,
    states_money,
)
from genai_finops.pricing.sources.litellm_models import SoldModel
from genai_finops.schemas.meters import METERS

#: What JSON makes of a price: a number, or several by name.
Amount = Decimal | int
Money = Amount | Mapping[str, Amount]

_DECIMALS = 12
_EXACT = Context(prec=100)
_VARIANTS = {f"search_context_size_{size}": size for size in ("low", "medium", "high")}
#: Geographies that a factor makes prices for, by provider: those that its usage is reported by.
_FACTOR_GEOGRAPHIES: Mapping[str, frozenset[str]] = {
    "openai": frozenset({"us", "eu"}),
    "anthropic": frozenset({"us"}),
    "gcp_vertex": frozenset({"regional"}),
}
#: Their metrics count the tokens of every model alike, so that an embedding's input may come as either meter.
_CLOUDS = frozenset({"azure_openai", "aws_bedrock", "gcp_vertex"})
_IMAGE_MODES = frozenset({"image_generation", "image_edit"})


@dataclass(frozen=True, slots=True)
class RateKey:
    """What a rate is for, but for the band of prompt lengths."""

    meter: str
    service_tier: str
    geography: str
    variant: str | None


@dataclass(frozen=True, slots=True)
class Band:
    """The price of one pricing unit of the meter for prompts of some lengths."""

    above: int
    up_to: int | None
    price: Decimal
    #: Key of the file, and the factor on it.
    reference: str = field(compare=False)


#: Bands that do not overlap, in order.
Ladder = tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class EntryRates:
    """What one entry says: rates, and (key, reason) of what has none."""

    name: str
    sold: SoldModel
    ladders: Mapping[RateKey, Ladder]
    skipped: tuple[tuple[str, str], ...]


def read_rates(name: str, sold: SoldModel, mode: str | None, fields: Mapping[str, Money]) -> EntryRates:
    """The rates of an entry whose values are checked. `mode` is what the entry calls the kind of the model."""
    reader = _EntryReader(sold, mode, {key: value for key, value in fields.items() if states_money(key)})
    ladders = reader.ladders()
    return EntryRates(name, sold, ladders, tuple(reader.skipped))


class _EntryReader:
    def __init__(self, sold: SoldModel, mode: str | None, money: Mapping[str, Money]) -> None:
        self.sold = sold
        self.mode = mode
        self.money = money
        self.skipped: list[tuple[str, str]] = []
        self.costs: dict[str, CostKey] = {}
        self.factors: list[tuple[str, FactorKey, Amount]] = []

    def ladders(self) -> dict[RateKey, Ladder]:
        if "off_peak_pricing" in self.money:
            self.skipped.append(
                ("off_peak_pricing", "the price depends on the time of day, and usage is counted by day")
            )
            return {}
        self._sort_keys()
        ladders = self._stated()
        for is_geography in (False, True):
            ladders |= self._multiplied(ladders, is_geography=is_geography)
        return ladders

    def _sort_keys(self) -> None:
        for key, value in self.money.items():
            if key == FACTORS_BY_NAME and isinstance(value, Mapping):
                for name, factor in value.items():
                    self._sort(f"{key}.{name}", read_named_factor(name), factor)
            else:
                self._sort(key, read_key(key), value)

    def _sort(self, key: str, read: CostKey | FactorKey | UnmappedKey | None, value: Money) -> None:
        match read:
            case None:
                self.skipped.append((key, "the grammar of the keys does not know it"))
            case UnmappedKey(reason):
                self.skipped.append((key, reason))
            case FactorKey() if not isinstance(value, Mapping):
                if value:
                    self.factors.append((key, read, value))
                else:
                    self.skipped.append((key, "0 is no factor"))
            case CostKey():
                self.costs[key] = read

    def _stated(self) -> dict[RateKey, Ladder]:
        # The file writes 0 for what it has no price of. Only an entry of nothing but zeros says that a model is free.
        is_free = not any(_amounts(value) for value in self.money.values())
        steps: dict[RateKey, dict[int, tuple[Decimal, str]]] = {}
        for key, cost in self.costs.items():
            meters = self._meters(cost)
            if isinstance(meters, UnmappedKey):
                self.skipped.append((key, meters.reason))
                continue
            for variant, amount in self._by_variant(key):
                price = _scaled(amount, cost, meters[0])
                if price is None:
                    self.skipped.append((key, f"{amount} is no whole number of 12 decimals of the pricing unit"))
                elif not price and not is_free:
                    self.skipped.append((key, "0 beside other prices: the file writes it for what it has no price of"))
                else:
                    for meter in meters:
                        rate_key = RateKey(meter, cost.service_tier, self.sold.geography, variant)
                        steps.setdefault(rate_key, {})[cost.context_tokens_above] = (price, key)
        return dict(self._banded(steps))

    def _by_variant(self, key: str) -> Iterator[tuple[str | None, Amount]]:
        """Each price of a key with its variant. Equal prices of all variants are one price without."""
        value = self.money[key]
        if not isinstance(value, Mapping):
            yield self.sold.variant, value
        elif len(set(value.values())) == 1 and value.keys() >= _VARIANTS.keys():
            yield self.sold.variant, next(iter(value.values()))
        else:
            for name, amount in value.items():
                if name in _VARIANTS:
                    yield _VARIANTS[name], amount
                else:
                    self.skipped.append((f"{key}.{name}", "a variant that usage does not name"))

    def _banded(self, steps: Mapping[RateKey, Mapping[int, tuple[Decimal, str]]]) -> Iterator[tuple[RateKey, Ladder]]:
        """A base price and the prices above thresholds, each up to the next one.

        A price of tokens without a threshold ends where a longer prompt changes any other price of the entry: what it
        costs from there on is not said.
        """
        lowest = min((above for prices in steps.values() for above in prices if above), default=None)
        for rate_key, prices in steps.items():
            starts = sorted(prices)
            ends: list[int | None] = [*starts[1:], None]
            if starts == [0] and lowest is not None and METERS[rate_key.meter].kind == "tokens":
                ends = [lowest]
                self.skipped.append(
                    (
                        prices[0][1],
                        "prompts above the threshold of the entry's other prices: no price of its own is stated",
                    )
                )
            yield (
                rate_key,
                tuple(Band(above, up_to, *prices[above]) for above, up_to in zip(starts, ends, strict=True)),
            )

    def _meters(self, cost: CostKey) -> tuple[str, ...] | UnmappedKey:
        """The meters of this model that a price is charged by."""
        if cost.meter == "uncached_input":
            return self._input_meters()
        if cost.meter.startswith("output") and self.mode in ("embedding", "moderation"):
            return UnmappedKey(f"a model of mode {self.mode} has no output that is charged")
        if cost.meter.startswith("cache_write"):
            return self._cache_write_meters(cost.meter)
        reason = self._reason_against(cost.meter)
        return UnmappedKey(reason) if reason else (cost.meter,)

    def _input_meters(self) -> tuple[str, ...]:
        if self.mode == "embedding":
            return ("embedding_input", "uncached_input") if self.sold.provider in _CLOUDS else ("embedding_input",)
        return ("moderation_input",) if self.mode == "moderation" else ("uncached_input",)

    def _cache_write_meters(self, meter: str) -> tuple[str, ...] | UnmappedKey:
        if "claude" in (self.sold.model_id or "").lower():
            return (meter,)
        if self.sold.provider in ("gemini", "gcp_vertex"):
            return UnmappedKey("Google charges the storage of a cache by the hour and no writes")
        if meter != "cache_write_5m":
            return UnmappedKey("only caches of Claude have a lifetime that is paid for")
        return ("cache_write",)

    def _reason_against(self, meter: str) -> str | None:
        """Why a price by image, character or second is none of this model; None where it is one."""
        priced = {cost.meter for cost in self.costs.values()}
        match meter:
            case "image" if self.mode not in _IMAGE_MODES:
                return f"a price by image of a model of mode {self.mode}, whose unit is not sure"
            case "image" if "output_image" in priced:
                return "the same images are charged by tokens"
            case "character" if self.mode != "audio_speech":
                return "the same input is charged by tokens"
            case "audio_second" if self.mode != "audio_transcription" and "uncached_input_audio" in priced:
                return "the same audio is charged by tokens"
        return None

    def _multiplied(self, ladders: Mapping[RateKey, Ladder], *, is_geography: bool) -> dict[RateKey, Ladder]:
        multiplied: dict[RateKey, Ladder] = {}
        for key, factor, amount in self.factors:
            if (factor.geography is not None) != is_geography:
                continue
            if factor.geography and factor.geography not in _FACTOR_GEOGRAPHIES.get(self.sold.provider, ()):
                self.skipped.append(
                    (key, f"{factor.geography} is no geography that usage of the provider is reported by")
                )
                continue
            for rate_key, ladder in ladders.items():
                target = _target(rate_key, factor)
                if target is None:
                    continue
                product = _product(ladder, key, amount)
                if product is None:
                    self.skipped.append((f"{ladder[0].reference} x {key}", "the product is not exact in 12 decimals"))
                else:
                    multiplied[target] = product
        return multiplied


def _target(rate_key: RateKey, factor: FactorKey) -> RateKey | None:
    """What a factor makes the price of; None where it does not multiply this one: it is one of tokens, of the base."""
    if METERS[rate_key.meter].kind != "tokens":
        return None
    if factor.geography:
        return replace(rate_key, geography=factor.geography) if rate_key.geography == GLOBAL else None
    if factor.service_tier and rate_key.service_tier == "standard":
        return replace(rate_key, service_tier=factor.service_tier)
    return None


def _product(ladder: Ladder, key: str, factor: Amount) -> Ladder | None:
    prices = [_exact_price(_EXACT.multiply(band.price, Decimal(factor))) for band in ladder]
    if any(price is None for price in prices):
        return None
    return tuple(
        Band(band.above, band.up_to, price, f"{band.reference} x {key}")
        for band, price in zip(ladder, prices, strict=True)
        if price is not None
    )


def _scaled(amount: Amount, cost: CostKey, meter: str) -> Decimal | None:
    """The price of one pricing unit of the meter; None where 12 decimals do not hold it exactly."""
    per_block = _EXACT.multiply(Decimal(amount), Decimal(METERS[meter].pricing_block))
    return _exact_price(_EXACT.divide(per_block, Decimal(cost.per)))


def _exact_price(price: Decimal) -> Decimal | None:
    """The same number without zeros at its end; None where it has more decimals than a price may have."""
    shortest = price.normalize(_EXACT)
    exponent = shortest.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_DECIMALS:
        return None
    return shortest.quantize(Decimal(1), context=_EXACT) if exponent > 0 else shortest


def _amounts(value: Money) -> list[Amount]:
    """The amounts of a value that are not zero."""
    amounts = value.values() if isinstance(value, Mapping) else [value]
    return [amount for amount in amounts if amount]
