"""Rates out of the SKUs of Google's price list that were read: one key, one price, or none with a reason.

Several SKUs may price one thing: thinking and other output, each region of the regional endpoints, a preview beside its
release. Where they agree there is one rate; where they do not, no rate is made of them.
"""

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from genai_finops.pricing.sources.gcp_sku_descriptions import Geography, PricedSku
from genai_finops.pricing.sources.gcp_sku_prices import PriceVersion, Tier
from genai_finops.pricing.sources.statement import SkippedPrice, StatedRate
from genai_finops.schemas.meters import METERS

_STAGES = ("preview", "unmarked", "ga")
#: Meters of tokens by which an allowance of their direction is stated.
_DIRECTIONS = frozenset({"uncached_input", "output", "embedding_input"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSku:
    """A SKU whose description, place and prices were read."""

    sku_id: str
    priced: PricedSku
    geography: Geography
    #: Regions of a regional price; empty for a global one.
    regions: tuple[str, ...]
    versions: tuple[PriceVersion, ...]


@dataclass(frozen=True, slots=True)
class _Key:
    model_id: str | None
    meter: str
    service_tier: str
    geography: Geography
    above: int
    up_to: int | None


#: Prices in time, and the SKUs that say so.
_Prices = tuple[tuple[PriceVersion, ...], tuple[str, ...]]


def stated_rates(
    provider: str, currency: str, skus: Iterable[ReadSku], *, asked: frozenset[str] = frozenset()
) -> tuple[list[StatedRate], list[SkippedPrice]]:
    """The rates of all the SKUs of one service, ordered by key and day, and what has none.

    `asked`: the regions whose prices must be there and agree to be that of the regional endpoints; empty for those that
    have a price.
    """
    released, skipped = _released(provider, list(skus))
    agreed: dict[_Key, _Prices] = {}
    for key, group in _grouped(released).items():
        prices = _agreed(group)
        problem = _disagreement(group) if prices is None else _missing(group, asked)
        if prices is None or problem:
            skipped.append(SkippedPrice(provider=provider, subject=_subject(key), reason=problem))
        else:
            agreed[key] = prices
    rates: list[StatedRate] = []
    distinct, meeting = _without_meeting_bands(provider, _joined_bands(agreed))
    skipped.extend(meeting)
    for key, (versions, sku_ids) in sorted(distinct.items(), key=lambda pair: _order(pair[0])):
        made = _Rates(provider, currency, key, sku_ids)
        rates.extend(made.of(versions))
        skipped.extend(made.skipped)
    return rates, skipped


def _released(provider: str, skus: list[ReadSku]) -> tuple[list[ReadSku], list[SkippedPrice]]:
    """Without those that are left over from a model's preview, once the model has SKUs of its release."""
    latest: dict[str | None, int] = {}
    for sku in skus:
        stage = _STAGES.index(sku.priced.stage)
        latest[sku.priced.model_id] = max(stage, latest.get(sku.priced.model_id, stage))
    held, skipped = [], []
    for sku in skus:
        if _STAGES.index(sku.priced.stage) == latest[sku.priced.model_id]:
            held.append(sku)
        else:
            reason = f"is from before the release of {sku.priced.model_id}, which has SKUs of its own"
            skipped.append(SkippedPrice(provider=provider, subject=f"{sku.sku_id} {sku.priced.meter}", reason=reason))
    return held, skipped


def _grouped(skus: list[ReadSku]) -> Mapping[_Key, list[ReadSku]]:
    # Where one SKU of a model names a band, those without are for the lowest one.
    bounds: dict[str, int] = {}
    for sku in skus:
        bound = sku.priced.context_tokens_above or sku.priced.context_tokens_up_to
        if sku.priced.model_id and bound:
            bounds[sku.priced.model_id] = min(bound, bounds.get(sku.priced.model_id, bound))
    groups: dict[_Key, list[ReadSku]] = defaultdict(list)
    for sku in skus:
        groups[_key(sku, bounds)].append(sku)
    return groups


def _key(sku: ReadSku, bounds: Mapping[str, int]) -> _Key:
    priced = sku.priced
    above, up_to = priced.context_tokens_above, priced.context_tokens_up_to
    if above is None:
        has_bands = METERS[priced.meter].kind == "tokens"
        above, up_to = 0, bounds.get(priced.model_id or "") if has_bands else None
    return _Key(priced.model_id, priced.meter, priced.service_tier, sku.geography, above, up_to)


def _agreed(group: list[ReadSku]) -> _Prices | None:
    """The prices that all SKUs of the group say, from the day of the last to begin on; None where they differ."""
    first, *others = (sku.versions for sku in group)
    for versions in others:
        if not _is_same(first, versions):
            return None
    days = [sku.versions[0].valid_from for sku in group]
    dated = [day for day in days if day is not None]
    start = max(dated) if len(dated) == len(days) else None
    return (replace(first[0], valid_from=start), *first[1:]), tuple(sorted({sku.sku_id for sku in group}))


def _is_same(one: tuple[PriceVersion, ...], other: tuple[PriceVersion, ...]) -> bool:
    """Whether both have the same prices and change them on the same days, whenever they began."""
    return (replace(one[0], valid_from=None), *one[1:]) == (replace(other[0], valid_from=None), *other[1:])


def _missing(group: list[ReadSku], asked: frozenset[str]) -> str:
    """Which of the regions that are asked for none of these SKUs is for; empty where there is none."""
    is_everywhere = any(not sku.regions for sku in group)
    missing = set() if is_everywhere else asked - {region for sku in group for region in sku.regions}
    return f"has no price in {', '.join(sorted(missing))}" if missing else ""


def _disagreement(group: list[ReadSku]) -> str:
    said = "; ".join(
        f"{sku.sku_id}{' in ' + ', '.join(sku.regions) if sku.regions else ''} {_shown(sku.versions[0].tiers)}"
        for sku in sorted(group, key=lambda sku: sku.sku_id)
    )
    return f"its SKUs disagree about the price: {said}"


def _shown(tiers: tuple[Tier, ...]) -> str:
    return ", ".join(f"{tier.price.normalize():f}" + (f" above {tier.start:f}" if tier.start else "") for tier in tiers)


def _joined_bands(agreed: Mapping[_Key, _Prices]) -> dict[_Key, _Prices]:
    """Bands that lie side by side and cost the same, as one: the price list names them for models without bands too."""
    joined: dict[_Key, _Prices] = dict(agreed)
    for key in sorted(agreed, key=_order):
        long = replace(key, above=key.up_to, up_to=None) if key.up_to is not None else None
        if key.above != 0 or long is None or long not in joined:
            continue
        (versions, sku_ids), (long_versions, long_ids) = joined[key], joined[long]
        if versions == long_versions:
            del joined[key], joined[long]
            joined[replace(key, up_to=None)] = (versions, tuple(sorted((*sku_ids, *long_ids))))
    return joined


def _without_meeting_bands(
    provider: str, prices: Mapping[_Key, _Prices]
) -> tuple[Mapping[_Key, _Prices], list[SkippedPrice]]:
    """Without bands of which some prompts are in both: for them two prices would hold."""
    uses: dict[_Key, list[_Key]] = defaultdict(list)
    for key in sorted(prices, key=_order):
        uses[replace(key, above=0, up_to=None)].append(key)
    meeting: set[_Key] = set()
    for bands in uses.values():
        for lower, upper in itertools.combinations(bands, 2):
            if lower.up_to is None or upper.above < lower.up_to:
                meeting |= {lower, upper}
    skipped = [
        SkippedPrice(
            provider=provider,
            subject=f"{', '.join(prices[key][1])} {_subject(key)}",
            reason="its band and that of another SKU have prompts in common",
        )
        for key in sorted(meeting, key=_order)
    ]
    return {key: held for key, held in prices.items() if key not in meeting}, skipped


def _order(key: _Key) -> tuple[str, str, str, str, int, int]:
    return (key.model_id or "", key.meter, key.service_tier, key.geography, key.above, key.up_to or 0)


def _subject(key: _Key) -> str:
    band = f" above {key.above}" if key.above else f" up to {key.up_to}" if key.up_to else ""
    return f"{key.model_id or 'any model'} {key.meter} {key.service_tier} {key.geography}{band}"


class _Rates:
    """The rows of one key."""

    def __init__(self, provider: str, currency: str, key: _Key, sku_ids: tuple[str, ...]) -> None:
        self._provider = provider
        self._currency = currency
        self._key = key
        self._sku_ids = sku_ids
        self.skipped: list[SkippedPrice] = []

    def of(self, versions: tuple[PriceVersion, ...]) -> Iterator[StatedRate]:
        """Each version holds until the day of the next one."""
        ends = (*(version.valid_from for version in versions[1:]), None)
        for version, end in zip(versions, ends, strict=True):
            yield from self._of_version(version, end)

    def _of_version(self, version: PriceVersion, end: dt.date | None) -> Iterator[StatedRate]:
        allowance, paid = _split(version.tiers)
        if not paid:
            self._skip("price 0 without a price above it: an offer, and no price to count on")
            return
        rate = self._rate(version, end)
        yield replace(rate, unit_price=paid[0].price)
        if allowance is not None:
            yield from self._allowance(version, rate, allowance)
        for tier in paid[1:]:
            yield from self._volume(version, rate, tier)

    def _allowance(self, version: PriceVersion, rate: StatedRate, size: Decimal) -> Iterator[StatedRate]:
        meter = METERS[self._key.meter]
        if version.reset is None:
            self._skip(f"allowance of {size:f} starts anew neither each day nor each month")
        elif meter.kind == "tokens" and meter.name not in _DIRECTIONS:
            self._skip(f"allowance of {size:f} is for a part of a direction only")
        else:
            per = f" per {version.level}" if version.level else ""
            yield replace(
                rate,
                pricing_type="free_tier",
                free_tier_quantity=size,
                free_tier_reset_frequency=version.reset,
                source_reference=f"{rate.source_reference}, allowance{per}",
            )

    def _volume(self, version: PriceVersion, rate: StatedRate, tier: Tier) -> Iterator[StatedRate]:
        if version.reset != "monthly":
            self._skip(f"price above {tier.start:f} is for a volume that is not that of a month")
        elif METERS[self._key.meter].kind != "tokens" or tier.start != tier.start.to_integral_value():
            self._skip(f"price above {tier.start:f} is for a volume of something else than tokens")
        else:
            yield replace(
                rate,
                pricing_type="volume_discount",
                discount_reason="volume",
                volume_threshold_tokens=int(tier.start),
                unit_price=tier.price,
            )

    def _rate(self, version: PriceVersion, end: dt.date | None) -> StatedRate:
        key = self._key
        return StatedRate(
            provider=self._provider,
            model_id=key.model_id,
            meter=key.meter,
            service_tier=key.service_tier,
            geography=key.geography,
            context_tokens_above=key.above,
            context_tokens_up_to=key.up_to,
            currency=self._currency,
            valid_from=version.valid_from,
            valid_to=end,
            source_reference=f"SKU {', '.join(self._sku_ids)}",
        )

    def _skip(self, reason: str) -> None:
        subject = f"{', '.join(self._sku_ids)} {_subject(self._key)}"
        self.skipped.append(SkippedPrice(provider=self._provider, subject=subject, reason=reason))


def _split(tiers: tuple[Tier, ...]) -> tuple[Decimal | None, tuple[Tier, ...]]:
    """The size of the free first tier, None where there is none, and the tiers that cost something."""
    if tiers[0].price != 0:
        return None, tiers
    return (tiers[1].start, tiers[1:]) if len(tiers) > 1 else (None, ())
