"""What the price book asks for a load's own token classes at another model, tier or provider."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.pricing.rating_statements import USAGE_SCHEMA
from genai_finops.warehouse.advice_loads import LineKey, Load

#: Context bands as lengths of prompts, by provider and name of the band.
Bands = Mapping[tuple[str, str], tuple[int | None, int | None]]

#: What a class of tokens is billed as where it is not known: never as something that costs less.
_BILLED_AS: Mapping[str, tuple[str, ...]] = {
    "uncached_input": ("uncached_input", "input"),
    "input": ("input", "uncached_input"),
    "cache_read": ("cache_read", "uncached_input", "input"),
    "cache_write": ("cache_write", "cache_write_5m", "uncached_input", "input"),
    "cache_write_5m": ("cache_write_5m", "cache_write", "uncached_input", "input"),
    "cache_write_1h": ("cache_write_1h", "cache_write", "cache_write_5m", "uncached_input", "input"),
    "output": ("output",),
    "output_reasoning": ("output_reasoning", "output"),
}
TEXT_METERS = frozenset(_BILLED_AS)
_WRITES = ("cache_write", "cache_write_5m")
#: Tokens of a prompt from which on models differ in whether they take it.
_LONG_PROMPT = 200_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a load could go: who bills, to which account, for which model, at which tier."""

    provider: str
    account: str
    model: str
    tier: str


def unit_prices(
    engine: RatingEngine, wanted: Iterable[tuple[Load, Place]], *, bands: Bands, day: dt.date
) -> list[dict[LineKey, Decimal] | None]:
    """For each load and place the prices of its lines for one consumed unit, as of the day.

    None where one is unknown or in another currency, and where prompts are longer than what another model or provider
    has a price of its own for: whether they are taken there is not known then.
    """
    pairs = list(wanted)
    asked: dict[_Asked, int] = {}
    for load, place in pairs:
        for line in load.lines:
            for question in _questions(load, place, line.key, bands):
                asked.setdefault(question, len(asked))
    if not asked:
        return [None for _ in pairs]
    found = _prices(engine, [_usage(question, str(number), day) for question, number in asked.items()], day)
    known = {question: found[str(number)] for question, number in asked.items() if str(number) in found}
    return [_prices_of_load(load, place, bands, known) for load, place in pairs]


@dataclass(frozen=True, slots=True)
class _Asked:
    org: str
    place: Place
    meter: str
    above: int | None
    up_to: int | None
    geography: str
    variant: str


def _questions(load: Load, place: Place, line: LineKey, bands: Bands) -> list[_Asked]:
    above, up_to = bands.get((load.key.provider, line.band), (None, None))
    whole = [(above, up_to), (0, _LONG_PROMPT)] if _is_long(above) else [(above, up_to)]
    return [
        _Asked(load.key.org, place, meter, low, high, line.geography, line.variant)
        for meter in _meters(load, line.meter)
        for low, high in whole
    ]


def _is_long(above: int | None) -> bool:
    return above is not None and above >= _LONG_PROMPT


def _prices_of_load(
    load: Load, place: Place, bands: Bands, known: Mapping[_Asked, tuple[str, Decimal]]
) -> dict[LineKey, Decimal] | None:
    is_elsewhere = (place.provider, place.model) != (load.key.provider, load.key.model)
    prices = {}
    for line in load.lines:
        above, _ = bands.get((load.key.provider, line.key.band), (None, None))
        questions = [question for question in _questions(load, place, line.key, bands) if question in known]
        answers = [question for question in questions if question.above == above]
        if not answers or known[answers[0]][0] != load.key.currency:
            return None
        short = {question.meter: known[question] for question in questions if question.above != above}
        if is_elsewhere and _is_long(above) and short.get(answers[0].meter) == known[answers[0]]:
            return None
        prices[line.key] = _first_price(load, line.key.meter, [known[question][1] for question in answers])
    return prices


def _first_price(load: Load, meter: str, prices: list[Decimal]) -> Decimal:
    # Where writing to a cache is not billed, nobody counts it. At a place that bills it, all input may have to be
    # written once to be read again.
    if meter in ("uncached_input", "input") and _reads_without_writes(load):
        return max(prices)
    return prices[0]


def _meters(load: Load, meter: str) -> tuple[str, ...]:
    billed_as = _BILLED_AS.get(meter, (meter,))
    return (*billed_as, *_WRITES) if meter in ("uncached_input", "input") and _reads_without_writes(load) else billed_as


def _reads_without_writes(load: Load) -> bool:
    meters = {line.key.meter for line in load.lines if line.quantity}
    return "cache_read" in meters and not any(meter.startswith("cache_write") for meter in meters)


def _usage(asked: _Asked, usage_id: str, day: dt.date) -> dict[str, object]:
    return {
        "usage_id": usage_id,
        "provider": asked.place.provider,
        "usage_date": day,
        "provider_model_id": asked.place.model,
        "meter": asked.meter,
        "quantity": Decimal(1),
        "service_tier": asked.place.tier,
        "geography": asked.geography or None,
        "context_tokens_above": asked.above,
        "context_tokens_up_to": asked.up_to,
        "variant": asked.variant or None,
        "x_org_slug": asked.org,
        "x_genai_account_id": asked.place.account,
    }


def _prices(engine: RatingEngine, rows: list[dict[str, object]], day: dt.date) -> dict[str, tuple[str, Decimal]]:
    """Currency and price by usage_id, of the rows that have a price on the day."""
    usage = pl.DataFrame(rows, schema=dict(USAGE_SCHEMA))
    frame = engine.prices_frame(usage).filter(
        pl.col("valid_from") <= day, pl.col("valid_until") > day, pl.col("unit_price").is_not_null()
    )
    found = frame.select("asked_id", "currency", "unit_price").iter_rows()
    return {asked: (currency, price.quantize(Decimal("1e-18"))) for asked, currency, price in found}
