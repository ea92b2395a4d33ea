"""The packaged, dated price catalogue (genai-prices) as a statement of rates.

Only the snapshot that is bundled with the installed package is read: no network, and the same version gives the same
rows. A meter's rate is what the catalogue itself would charge for one more unit of it: the price of the most specific
unit that covers the meter, so that cached audio without a price of its own costs what audio or cached input costs.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.metadata import version

from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.data_units import unit_data
from genai_prices.types import (
    ConditionalPrice,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from genai_finops.pricing.catalogue_map import EARLIEST, PROVIDERS, SOURCE, Dimensions, meters_of
from genai_finops.pricing.entries import CatalogueModel, priced_models
from genai_finops.pricing.sources.statement import SkippedPrice, StatedRate, Statement
from genai_finops.schemas.meters import METERS

STANDARD = "standard"
#: Decimals of a rate. A price per hour of audio need not be a whole number of these per second: it is rounded half to
#: even, the only rounding of the import.
_RATE_STEP = Decimal(1).scaleb(-12)


@dataclass(frozen=True, slots=True)
class _Band:
    above: int
    up_to: int | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class _Unit:
    dimensions: Dimensions
    per: int


_UNITS: Mapping[str, _Unit] = {unit["price_key"]: _Unit(unit["dimensions"], unit["per"]) for unit in unit_data.values()}


def read_catalogue(
    retrieved_at: dt.datetime, snapshot: DataSnapshot | None = None, *, package_version: str | None = None
) -> Statement:
    """The rates of the mapped providers in a snapshot; in the bundled one of the installed package by default.

    Rates are in US dollars, under canonical model ids, with their whole history. Raises FinopsError when a mapped
    provider is not in the snapshot.
    """
    snapshot = snapshot or get_snapshot()
    rates: list[StatedRate] = []
    skipped: list[SkippedPrice] = []
    for mapped in PROVIDERS:
        by_place: dict[tuple[str, str], tuple[StatedRate, ...]] = {}
        for named in priced_models(snapshot, mapped):
            reader = _ModelReader(named)
            model_rates = tuple(reader.rates())
            place = (named.model_id, named.geography)
            if not model_rates and not reader.skipped:
                reader.skip("prices", "the catalogue names the model without a price")
            elif by_place.setdefault(place, model_rates) != model_rates:
                reader.skip("prices", f"another entry of {named.model_id} has other prices in the geography {place[1]}")
            skipped.extend(reader.skipped)
        rates.extend(rate for model_rates in by_place.values() for rate in model_rates)
    return Statement(
        source=SOURCE,
        source_version=package_version or version("genai-prices"),
        retrieved_at=retrieved_at,
        rates=tuple(rates),
        skipped=tuple(dict.fromkeys(skipped)),
    )


class _ModelReader:
    """Rates of one model: for each tier and span of days, the bands of each meter."""

    def __init__(self, named: CatalogueModel) -> None:
        self.named = named
        self.price_list = named.price_list
        self.model = named.model
        self.skipped: list[SkippedPrice] = []

    def rates(self) -> Iterator[StatedRate]:
        if self._depends_on_time_of_day(self._conditions()):
            self.skip("prices", "the price depends on the time of day, and usage is counted by day")
            return
        for tier, contexts in self._contexts_by_tier().items():
            yield from self._rates_of_tier(tier, contexts)

    def _contexts_by_tier(self) -> dict[str, list[dict[str, str]]]:
        """The request contexts that select each tier, in the order of our map; the standard tier has the empty one."""
        contexts: dict[str, list[dict[str, str]]] = {STANDARD: [{}]}
        known = {tuple(variant.when.items()) for variant in self._variants()}
        for when in sorted(known, key=str):
            if len(when) == 1 and when[0] in self.price_list.unsold:
                continue
            if len(when) != 1 or when[0] not in self.price_list.tiers:
                self.skip(f"variant {dict(when)}", "no service tier is mapped to this request context")
        for key, tier in self.price_list.tiers.items():
            if (key,) not in known:
                continue
            if tier is None:
                self._skip_if_priced(key)
            else:
                contexts.setdefault(tier, []).append(dict([key]))
        return contexts

    def _rates_of_tier(self, tier: str, contexts: list[dict[str, str]]) -> Iterator[StatedRate]:
        spans: dict[str, list[tuple[tuple[_Band, ...], dt.date, dt.date | None]]] = {}
        days = self._change_days()
        for start, end in zip(days, [*days[1:], None], strict=True):
            for meter, bands in self._bands_on(start, tier, contexts).items():
                history = spans.setdefault(meter, [])
                if history and history[-1][0] == bands and history[-1][2] == start:
                    history[-1] = (bands, history[-1][1], end)
                else:
                    history.append((bands, start, end))
        for meter, history in spans.items():
            for bands, start, end in history:
                for band in bands:
                    yield StatedRate(
                        provider=self.named.provider,
                        model_id=self.named.model_id,
                        model_name=self.named.model_name,
                        meter=meter,
                        service_tier=tier,
                        geography=self.named.geography,
                        context_tokens_above=band.above,
                        context_tokens_up_to=band.up_to,
                        unit_price=band.price,
                        valid_from=start,
                        valid_to=end,
                    )

    def _bands_on(self, day: dt.date, tier: str, contexts: list[dict[str, str]]) -> dict[str, tuple[_Band, ...]]:
        moment = dt.datetime.combine(day, dt.time(0), tzinfo=dt.UTC)
        active = [context for context in contexts if not context or self._is_active(context, moment)]
        if not active:
            return {}
        prices = [_price_fields(self.model.get_prices(moment, context)) for context in active]
        if any(other != prices[0] for other in prices[1:]):
            self.skip(f"variant {active[1:]}", f"contradicts {active[0]}, which is the same service tier {tier}")
        return self._bands_by_meter(prices[0])

    def _bands_by_meter(self, fields: Mapping[str, Decimal | TieredPrices]) -> dict[str, tuple[_Band, ...]]:
        bands: dict[str, tuple[_Band, ...]] = {}
        used: set[str] = set()
        for meter, dimensions in meters_of(self.price_list, self.named.developer, self.named.model_id).items():
            covering = _most_specific(fields, dimensions)
            used.update(covering)
            if len(covering) == 1:
                bands[meter] = tuple(_bands(meter, covering[0], fields[covering[0]]))
            elif covering:
                self.skip(meter, f"{' and '.join(sorted(covering))} both cover it and neither is more specific")
        for field in sorted(fields.keys() - used):
            reason = "no meter counts it"
            if any(_covers(_UNITS[field].dimensions, _UNITS[other].dimensions) for other in used if field != other):
                reason = "more specific prices of the same model cover all of it"
            self.skip(field, reason)
        return bands

    def _change_days(self) -> list[dt.date]:
        """Every day on which a price of the model may change, first the earliest of all."""
        dated: list[ConditionalPrice | PriceVariant] = [*self._conditions(), *self._variants()]
        starts = (_start_of(item) for item in dated)
        return sorted({EARLIEST, *(start for start in starts if start is not None)})

    def _conditions(self) -> list[ConditionalPrice]:
        return [] if isinstance(self.model.prices, ModelPrice) else list(self.model.prices)

    def _variants(self) -> list[PriceVariant]:
        return [variant for variant in self.model.price_variants or () if not self._is_hourly_variant(variant)]

    def _is_hourly_variant(self, variant: PriceVariant) -> bool:
        if not self._depends_on_time_of_day([variant]):
            return False
        self.skip(f"variant {variant.when}", "the price depends on the time of day, and usage is counted by day")
        return True

    @staticmethod
    def _depends_on_time_of_day(items: Iterable[ConditionalPrice | PriceVariant]) -> bool:
        return any(isinstance(item.constraint, TimeOfDateConstraint) for item in items)

    def _is_active(self, context: dict[str, str], moment: dt.datetime) -> bool:
        return any(
            variant.when == context and (variant.constraint is None or variant.constraint.active(moment))
            for variant in self._variants()
        )

    def _skip_if_priced(self, key: tuple[str, str]) -> None:
        for variant in self._variants():
            if variant.when == dict([key]) and _price_fields(variant.prices):
                self.skip(f"variant {variant.when}", "it is mapped to the standard price but has prices of its own")

    def skip(self, subject: str, reason: str) -> None:
        self.skipped.append(
            SkippedPrice(provider=self.named.provider, subject=f"{self.named.model_id} {subject}", reason=reason)
        )


def _price_fields(price: ModelPrice) -> dict[str, Decimal | TieredPrices]:
    return {key: value for key, value in vars(price).items() if value is not None and not key.startswith("_")}


def _covers(general: Dimensions, special: Dimensions) -> bool:
    return general.items() <= special.items()


def _most_specific(fields: Iterable[str], dimensions: Dimensions) -> list[str]:
    """The priced fields that cover these dimensions and of which no other covering one is a special case."""
    covering = [field for field in fields if field in _UNITS and _covers(_UNITS[field].dimensions, dimensions)]
    return [
        field
        for field in covering
        if not any(other != field and _covers(_UNITS[field].dimensions, _UNITS[other].dimensions) for other in covering)
    ]


def _bands(meter: str, field: str, price: Decimal | TieredPrices) -> Iterator[_Band]:
    """The price by length of the prompt: a tier is for requests strictly longer than its start, as a whole."""
    steps = (
        [(0, price)] if isinstance(price, Decimal) else [(0, price.base), *((t.start, t.price) for t in price.tiers)]
    )
    for index, (above, step_price) in enumerate(steps):
        up_to = steps[index + 1][0] if index + 1 < len(steps) else None
        yield _Band(above, up_to, _per_pricing_unit(meter, field, step_price))


def _per_pricing_unit(meter: str, field: str, price: Decimal) -> Decimal:
    scaled = price * METERS[meter].pricing_block / _UNITS[field].per
    return scaled.quantize(_RATE_STEP, rounding=ROUND_HALF_EVEN)


def _start_of(item: ConditionalPrice | PriceVariant) -> dt.date | None:
    return item.constraint.start_date if isinstance(item.constraint, StartDateConstraint) else None
